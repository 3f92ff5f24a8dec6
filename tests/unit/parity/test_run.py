"""`devenv parity` from the choice of modes to what is kept, on platforms that run in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv import workflow
from devenv.errors import DevenvError, UsageError
from devenv.parity.run import Outcome, parity, recording_file
from devenv.workflow import Session
from tests.fakes import live_checks
from tests.fakes.mode import WORLDS


def run(
    session: Session, *modes: str, up: bool = False, record: bool = False, against: tuple[Path, ...] = ()
) -> Outcome:
    return parity(session, modes, up, record, against, 60)


@pytest.fixture
def both(session: Session) -> Session:
    workflow.up(session, "twin", (), False, 60)
    return session


def test_one_mode_alone_is_recorded(session: Session) -> None:
    outcome = run(session)
    assert [one.mode for one in outcome.measured] == ["fake"]
    assert outcome.comparison is None
    assert outcome.recorded == (recording_file(session.project, "fake"),)
    assert outcome.recorded[0].is_file()


def test_all_modes_that_are_up_are_compared(both: Session) -> None:
    outcome = run(both)
    assert outcome.comparison is not None
    assert outcome.comparison.labels == ("fake", "twin")
    assert outcome.comparison.drifts == ()
    assert outcome.comparison.compared == len(outcome.measured[0].observations) > 50
    assert outcome.recorded == ()


def test_static_and_live_facts_are_both_there(session: Session) -> None:
    found = run(session).measured[0].observations
    assert (found["store.colour"], found["api.size"]) == ("green", "9")
    assert found["api.spec.depends-on"] == "store"


def test_each_mode_is_recorded_where_that_is_asked_for(both: Session) -> None:
    assert all(file.is_file() for file in run(both, record=True).recorded)


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


def test_an_incomplete_recording_proves_nothing(session: Session) -> None:
    live_checks.GONE.add("store")
    file = run(session).recorded[0]
    live_checks.GONE.clear()
    with pytest.raises(DevenvError, match=r"is incomplete: store\.colours cannot measure"):
        run(session, against=(file,))


def test_recordings_of_one_name_in_two_folders_are_told_apart(session: Session, tmp_path: Path) -> None:
    file = run(session).recorded[0]
    other = tmp_path / "elsewhere" / file.name
    other.parent.mkdir()
    other.write_text(file.read_text().replace("green", "red"))
    outcome = run(session, "fake", against=(file, other))
    assert outcome.comparison is not None
    assert list(outcome.comparison.drifts[0].values.values()) == ["green", "green", "red"]
