"""`devenv parity` from the choice of modes to what is kept, on platforms that run in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv import workflow
from devenv.clock import Deadline
from devenv.errors import DevenvError, LockedError, ServiceFailed, UsageError
from devenv.instance import changing
from devenv.modes.base import Event
from devenv.parity.measure import measure
from devenv.parity.observation import Check, Observation
from devenv.parity.run import Outcome, parity, recording_file
from devenv.workflow import Session
from tests.fakes import live_checks
from tests.fakes.mode import WORLDS, FakeMode


def run(
    session: Session, *modes: str, up: bool = False, record: bool = False, against: tuple[Path, ...] = ()
) -> Outcome:
    return parity(session, modes, up, record, against, 60)


@pytest.fixture
def both(session: Session) -> Session:
    workflow.up(session, "twin", (), False, 60)
    return session


def test_one_mode_alone_is_kept(session: Session) -> None:
    outcome = run(session)
    assert [one.mode for one in outcome.measured] == ["fake"]
    assert outcome.comparison is None
    assert outcome.recorded == (recording_file(session.project, "fake", "last"),)
    assert outcome.recorded[0].is_file()


def test_all_modes_that_are_up_are_compared(both: Session) -> None:
    outcome = run(both)
    assert outcome.comparison is not None
    assert outcome.comparison.labels == ("fake", "twin")
    assert outcome.comparison.drifts == ()
    assert outcome.comparison.compared == outcome.measured[0].observations.keys()
    assert len(outcome.comparison.compared) > 50
    assert [file.name for file in outcome.recorded] == ["fake.last.json", "twin.last.json"]


def test_static_and_live_facts_are_both_there(session: Session) -> None:
    found = run(session).measured[0].observations
    assert (found["store.colour"], found["api.size"]) == ("green", "9")
    assert found["api.spec.depends-on"] == "store"


def test_each_mode_is_recorded_where_that_is_asked_for(both: Session) -> None:
    recorded = run(both, record=True).recorded
    assert recorded == tuple(recording_file(both.project, mode) for mode in ("fake", "twin"))
    assert all(file.is_file() for file in recorded)


def test_a_baseline_changes_only_where_that_is_asked_for_and_no_check_fails(session: Session) -> None:
    baseline = run(session, record=True).recorded[0]
    before = baseline.read_text()
    run(session)
    live_checks.GONE.add("store")
    outcome = run(session, record=True)
    assert outcome.recorded == (recording_file(session.project, "fake", "incomplete"),)
    assert baseline.read_text() == before


def test_what_was_measured_is_kept_and_shown_where_a_later_mode_does_not_start(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def up(session: Session, mode: str, *rest: object) -> None:
        if mode == "twin":
            raise ServiceFailed("service store: it ended", "look")

    monkeypatch.setattr(workflow, "up", up)
    outcome = run(session, "fake", "twin", up=True)
    assert [one.mode for one in outcome.measured] == ["fake"]
    assert outcome.recorded[0].is_file()
    assert outcome.comparison is None
    assert outcome.ended is not None
    assert outcome.ended.problem == "service store: it ended"


def test_what_was_measured_is_kept_where_a_service_does_not_come_back(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(mode: FakeMode, service: str, deadline: Deadline) -> Iterator[Event]:
        raise ServiceFailed(f"service {service} does not come back", "look")

    monkeypatch.setattr(FakeMode, "restart", broken)
    outcome = parity(session, ["fake"], False, True, (), 60, restarts=True)
    assert outcome.recorded == (recording_file(session.project, "fake", "last"),)
    assert json.loads(outcome.recorded[0].read_text())["observations"]["api.sizes"] == {"api.size": "9"}
    assert outcome.ended is not None
    assert "does not come back" in outcome.ended.problem


def test_nobody_else_changes_the_instance_while_it_is_measured(session: Session) -> None:
    instance = workflow.opened(session, "fake").instance
    with changing(instance, 1), pytest.raises(LockedError, match="is changing"):
        parity(session, ["fake"], False, False, (), 0.1)


def test_a_file_that_cannot_be_parsed_takes_only_the_facts_of_its_service_with_it(session: Session) -> None:
    (session.project.compose / "bad.json").write_text('{"a": 1,}')
    added = {
        "services": {"api": {"configs": [{"source": "bad", "target": "/etc/bad.json"}]}},
        "configs": {"bad": {"file": "bad.json"}},
    }
    session.project.override.write_text(json.dumps(added))
    one = run(session, "fake").measured[0]
    assert list(one.failed) == ["api spec"]
    assert "service api: /etc/bad.json cannot be read: " in one.failed["api spec"].problem
    assert one.services == {"store", "api", "page"}
    assert one.observations["api.size"] == "9"
    assert "page.spec.command" in one.observations
    assert "api.spec.command" not in one.observations


def test_a_mode_is_compared_with_what_was_recorded(session: Session) -> None:
    file = run(session).recorded[0]
    outcome = run(session, "fake", against=(file,))
    assert outcome.comparison is not None
    assert outcome.comparison.labels == ("fake", f"fake in {file}")
    assert outcome.comparison.drifts == ()


def test_a_change_since_the_recording_is_a_drift(session: Session) -> None:
    file = run(session).recorded[0]
    content = json.loads(file.read_text())
    content["observations"]["store.colours"]["store.colour"] = "red"
    file.write_text(json.dumps(content))
    outcome = run(session, against=(file,))
    assert outcome.comparison is not None
    assert [drift.key for drift in outcome.comparison.drifts] == ["store.colour"]


def test_two_recordings_are_compared_with_nothing_up(both: Session) -> None:
    files = run(both, record=True).recorded
    for name in ("fake", "twin"):
        workflow.down(both, name, False, 60)
    outcome = run(both, against=files)
    assert outcome.measured == ()
    assert outcome.comparison is not None
    assert outcome.comparison.drifts == ()


def test_a_mode_that_is_not_up_is_named_with_its_remedy(session: Session) -> None:
    with pytest.raises(DevenvError, match="mode twin is not up") as raised:
        run(session, "fake", "twin")
    assert "devenv up twin" in raised.value.remedy


def test_a_service_that_is_not_ready_is_named(session: Session) -> None:
    name = workflow.opened(session, "fake").instance.name
    del WORLDS[name].running["api"]
    with pytest.raises(DevenvError, match="mode fake: api is stopped"):
        run(session)


def test_nothing_to_measure_is_an_error(session: Session) -> None:
    workflow.down(session, "fake", False, 60)
    with pytest.raises(DevenvError, match="no mode is up"):
        run(session)


def test_a_mode_that_there_is_not_is_wrong_use(session: Session) -> None:
    with pytest.raises(UsageError, match="there is no mode docker"):
        run(session, "docker")


def test_a_service_that_dies_takes_only_its_own_facts_with_it_and_the_rest_is_kept(session: Session) -> None:
    live_checks.GONE.add("store")
    outcome = run(session)
    one = outcome.measured[0]
    assert list(one.failed) == ["store.colours"]
    assert "store.colours cannot measure store at 127.0.0.1:" in one.failed["store.colours"].problem
    assert "Connection refused" in one.failed["store.colours"].problem
    assert "devenv logs -m fake store" in one.failed["store.colours"].remedy
    kept = json.loads(outcome.recorded[0].read_text())
    assert kept["observations"]["api.sizes"] == {"api.size": "9"}


def test_what_a_broken_mode_could_not_tell_is_no_drift_but_is_kept(both: Session) -> None:
    live_checks.GONE.add("store")
    outcome = run(both)
    assert outcome.comparison is not None
    assert outcome.comparison.drifts == ()
    assert len(outcome.recorded) == 2


def test_an_incomplete_recording_is_compared_as_far_as_it_goes(session: Session) -> None:
    live_checks.GONE.add("store")
    file = run(session).recorded[0]
    live_checks.GONE.clear()
    outcome = run(session, against=(file,))
    assert outcome.comparison is not None
    assert outcome.comparison.drifts == ()
    assert "api.size" in outcome.comparison.compared
    assert "store.colour" not in outcome.comparison.compared
    assert list(outcome.recordings[0].failed) == ["store.colours"]


def test_recordings_of_one_name_in_two_folders_are_told_apart(session: Session, tmp_path: Path) -> None:
    file = run(session).recorded[0]
    other = tmp_path / "elsewhere" / file.name
    other.parent.mkdir()
    other.write_text(file.read_text().replace("green", "red"))
    outcome = run(session, "fake", against=(file, other))
    assert outcome.comparison is not None
    assert list(outcome.comparison.drifts[0].values.values()) == ["green", "green", "red"]


def test_a_password_in_a_live_fact_is_covered(session: Session) -> None:
    check = Check("urls", "store", lambda target: [Observation("store.colour", "http://a:hunter2@h")])
    one = measure(session, workflow.opened(session, "fake"), [check])
    assert one.observations["store.colour"].startswith("http://a:scrypt:")
