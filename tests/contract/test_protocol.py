"""What every mode does, whichever it is. Each test is a scenario that a person would recognise."""

from __future__ import annotations

import shutil

import pytest

from devenv.errors import UsageError
from devenv.instance import load_instance
from devenv.modes import end_orphans, open_last
from devenv.modes.base import Event, Mode
from devenv.secrets import read_secrets
from devenv.workflow import services_of
from tests.conftest import required_modes
from tests.contract.conftest import REAL
from tests.contract.harness import Harness, deadline
from tests.fakes.project import SERVICES

EXIT_7 = ("python3", "-c", "raise SystemExit(7)")


def up(harness: Harness, *services: str) -> tuple[Mode, list[Event]]:
    """Starts services as a new command would; all where none is named."""
    mode = harness.open()
    return mode, list(mode.start(services or SERVICES, deadline()))


def down(harness: Harness) -> list[Event]:
    mode = harness.open()
    return list(mode.stop(SERVICES))


def kinds(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.service, event.kind) for event in events]


def states(mode: Mode) -> dict[str, str]:
    return {entry.service: entry.state for entry in mode.status()}


def actions(mode: Mode) -> dict[str, str]:
    return {change.service: change.action for change in mode.changes(SERVICES)}


def test_start_brings_each_service_up_once_what_it_needs_is_ready(harness: Harness) -> None:
    _, events = up(harness)
    assert kinds(events) == [(name, kind) for name in SERVICES for kind in ("starting", "ready")]


def test_all_services_are_ready_after_a_start(harness: Harness) -> None:
    up(harness)
    assert states(harness.open()) == dict.fromkeys(SERVICES, "ready")


def test_a_second_start_changes_nothing(harness: Harness) -> None:
    mode, _ = up(harness)
    before = mode.status()
    again, events = up(harness)
    assert sorted(kinds(events)) == sorted((name, "unchanged") for name in SERVICES)
    assert again.status() == before


def test_changes_tells_what_start_would_do(harness: Harness) -> None:
    assert actions(harness.open()) == dict.fromkeys(SERVICES, "start")
    up(harness)
    assert actions(harness.open()) == dict.fromkeys(SERVICES, "keep")


def test_changes_starts_nothing(harness: Harness) -> None:
    before = harness.left()
    mode = harness.open()
    mode.changes(SERVICES)
    assert states(mode) == dict.fromkeys(SERVICES, "stopped")
    assert harness.left() == before


def test_preflight_finds_nothing_before_a_start_nor_after_it(harness: Harness) -> None:
    assert harness.open().preflight() == []
    up(harness)
    assert harness.open().preflight() == []


def test_every_endpoint_answers(harness: Harness) -> None:
    mode, _ = up(harness)
    assert {name: harness.answers(mode, name) for name in mode.endpoints()} == dict.fromkeys(SERVICES, True)


def test_stop_ends_each_service_after_those_that_need_it(harness: Harness) -> None:
    up(harness)
    assert kinds(down(harness)) == [
        (name, kind) for name in reversed(SERVICES) for kind in ("stopping", "stopped")
    ]


def test_stop_leaves_nothing(harness: Harness) -> None:
    up(harness)
    down(harness)
    assert harness.left() == []
    assert states(harness.open()) == dict.fromkeys(SERVICES, "stopped")


def test_stop_of_a_stopped_instance_does_nothing(harness: Harness) -> None:
    assert down(harness) == []
    up(harness)
    down(harness)
    assert down(harness) == []


def test_data_outlive_a_stop(harness: Harness) -> None:
    mode, _ = up(harness)
    harness.put(mode, "store", "42")
    down(harness)
    mode, _ = up(harness)
    assert harness.value(mode, "store") == "42"


def test_purge_deletes_the_data(harness: Harness) -> None:
    mode, _ = up(harness)
    harness.put(mode, "store", "42")
    down(harness)
    harness.open().purge()
    mode, _ = up(harness)
    assert harness.value(mode, "store") is None


def test_ports_stay_the_same_over_a_stop(harness: Harness) -> None:
    mode, _ = up(harness)
    before = mode.endpoints()
    down(harness)
    assert harness.open().endpoints() == before


def test_restart_stops_and_starts_one_service_alone(harness: Harness) -> None:
    mode, _ = up(harness)
    events = list(mode.restart("api", deadline()))
    assert [event for event in kinds(events) if event[1] != "unchanged"] == [
        ("api", kind) for kind in ("stopping", "stopped", "starting", "ready")
    ]
    assert states(mode) == dict.fromkeys(SERVICES, "ready")


def test_a_part_is_started_with_what_it_needs(harness: Harness) -> None:
    mode, events = up(harness, "api")
    assert kinds(events) == [(name, kind) for name in ("store", "api") for kind in ("starting", "ready")]
    assert states(mode) == {"store": "ready", "api": "ready", "page": "stopped"}


def test_a_part_can_be_stopped(harness: Harness) -> None:
    mode, _ = up(harness)
    assert kinds(list(mode.stop(["page"]))) == [("page", "stopping"), ("page", "stopped")]
    assert states(mode) == {"store": "ready", "api": "ready", "page": "stopped"}


def test_a_changed_environment_restarts_that_service_alone(harness: Harness) -> None:
    up(harness)
    harness.give("api", COLOUR="blue")
    assert actions(harness.open()) == {"store": "keep", "api": "restart", "page": "keep"}
    mode, events = up(harness)
    assert [event for event in kinds(events) if event[1] != "unchanged"] == [
        ("api", kind) for kind in ("stopping", "stopped", "starting", "ready")
    ]
    assert actions(mode) == dict.fromkeys(SERVICES, "keep")


def test_a_start_that_is_given_up_is_finished_by_the_next(harness: Harness) -> None:
    mode = harness.open()
    events = iter(mode.start(SERVICES, deadline()))
    next(events)
    events.close()  # type: ignore[attr-defined]
    mode, _ = up(harness)
    assert states(mode) == dict.fromkeys(SERVICES, "ready")


def test_a_start_that_is_given_up_can_be_stopped(harness: Harness) -> None:
    mode = harness.open()
    events = iter(mode.start(SERVICES, deadline()))
    next(events)
    events.close()  # type: ignore[attr-defined]
    down(harness)
    assert harness.left() == []


def test_a_stop_works_with_a_stack_file_that_is_broken_by_now(harness: Harness) -> None:
    mode, _ = up(harness)
    file = harness.project.compose / "compose.yaml"
    good = file.read_text()
    file.write_text("services: [")
    last = open_last(mode.instance)
    assert last is not None
    assert [event.kind for event in last.stop(SERVICES)].count("stopped") == len(SERVICES)
    assert harness.left() == []
    file.write_text(good)


def test_what_runs_is_ended_though_the_state_folder_is_gone(harness: Harness) -> None:
    up(harness)
    shutil.rmtree(harness.project.state)
    assert end_orphans(load_instance(harness.project, harness.mode_name), volumes=False) >= len(SERVICES)
    assert harness.left() == []


def test_an_unknown_service_is_named_with_those_that_there_are(harness: Harness) -> None:
    with pytest.raises(UsageError, match="there is no service stroe") as caught:
        services_of(harness.open(), ["stroe"])
    assert caught.value.remedy == "the services are: api, page, store"


def test_logs_have_what_each_service_said(harness: Harness) -> None:
    mode, _ = up(harness)
    lines = list(mode.logs(("store", "page"), 10, False))
    assert ("store", "store listens") in lines
    assert ("page", "page listens") in lines
    assert not [line for name, line in lines if name == "api"]


def test_logs_end_with_as_many_lines_as_asked_for(harness: Harness) -> None:
    mode, _ = up(harness)
    assert list(mode.logs(("store",), 0, False)) == []
    assert len(list(mode.logs(("store",), 1, False))) == 1


def test_exec_returns_the_exit_code_of_the_command(harness: Harness) -> None:
    mode, _ = up(harness)
    assert mode.exec("api", EXIT_7) == 7


def test_describe_has_every_service(harness: Harness) -> None:
    described = harness.open().describe()
    assert set(described) == set(SERVICES)
    assert described["api"].depends_on == ("store",)
    assert described["api"].environment["NAME"] == "api"
    assert "/data" in described["api"].volumes


def test_describe_has_no_secret_in_it(harness: Harness) -> None:
    text = repr(harness.open().describe())
    secrets = read_secrets(harness.project.secrets_file)
    assert secrets
    assert [name for name, value in secrets.items() if value in text] == []
    assert "@secret:S3_ROOT_PASSWORD@" in text


def test_every_required_mode_has_its_scenarios() -> None:
    assert [mode for mode in required_modes() if mode not in REAL] == []
