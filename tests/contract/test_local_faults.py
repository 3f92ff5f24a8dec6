"""What local mode does when something goes wrong: real processes that die, hang, or are killed."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import closing

import psutil
import pytest

from devenv.clock import Deadline
from devenv.errors import ServiceFailed
from devenv.modes.base import Mode
from devenv.ready import wait_until
from tests.contract.harness import LocalHarness, deadline
from tests.fakes.project import SERVICES, override


def up(harness: LocalHarness) -> Mode:
    mode = harness.open()
    for _ in mode.start(SERVICES, deadline()):
        pass
    return mode


def down(harness: LocalHarness) -> None:
    for _ in harness.open().stop(SERVICES):
        pass


def becomes(what: str, so: Callable[[], bool]) -> None:
    """Waits until it is so."""
    wait_until(lambda: None if so() else what, deadline())


def all_ready(mode: Mode) -> bool:
    return {entry.state for entry in mode.status()} == {"ready"}


def kill(process: psutil.Process) -> None:
    process.kill()
    becomes(f"{process} runs", lambda: not alive(process))


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_service_that_ends_at_its_start_is_reported_with_its_last_words(local: LocalHarness) -> None:
    local.give("api", BEHAVIOUR="dies")
    with pytest.raises(ServiceFailed, match="service api: it ended right after it was started") as caught:
        up(local)
    assert caught.value.log.splitlines()[-1] == "the disk of the world is full"
    assert "devenv logs api" in caught.value.remedy


def test_what_needs_a_failed_service_is_not_started(local: LocalHarness) -> None:
    local.give("api", BEHAVIOUR="dies")
    with pytest.raises(ServiceFailed):
        up(local)
    states = {entry.service: entry.state for entry in local.open().status()}
    assert states["store"] == "ready"
    assert states["page"] == "stopped"


def test_a_service_that_never_gets_ready_ends_the_start_at_its_deadline(local: LocalHarness) -> None:
    local.give("api", BEHAVIOUR="never ready")
    with pytest.raises(ServiceFailed, match=r"service api: not ready after 5 s.*HTTP 503"):
        list(local.open().start(SERVICES, Deadline.after(5)))


def test_another_service_that_is_to_run_in_another_way_is_started_again_too(local: LocalHarness) -> None:
    up(local)
    changes = {"page": {"stop_grace_period": "7s"}, "store": {"environment": {"COLOUR": "blue"}}}
    local.project.override.write_text(json.dumps({"services": changes}))
    mode = local.open()
    kinds = [(e.service, e.kind) for e in mode.start(["store"], deadline())]
    assert kinds[:2] == [("page", "stopping"), ("page", "stopped")]
    assert ("page", "ready") in kinds
    assert all_ready(mode)


def test_a_service_that_was_mended_comes_up_at_the_next_start(local: LocalHarness) -> None:
    local.give("api", BEHAVIOUR="dies")
    with pytest.raises(ServiceFailed):
        up(local)
    local.give("api", BEHAVIOUR="")
    assert all_ready(up(local))


def test_a_killed_service_comes_back_and_the_restart_is_seen(local: LocalHarness) -> None:
    mode = up(local)
    pid = local.service_pid(mode, "api")
    kill(psutil.Process(pid))
    becomes("not all are ready", lambda: all_ready(mode))
    (entry,) = (entry for entry in mode.status() if entry.service == "api")
    assert entry.pid != pid
    assert entry.restarts == 1


def test_a_start_after_kill_of_a_service_ends_healthy(local: LocalHarness) -> None:
    kill(psutil.Process(local.service_pid(up(local), "store")))
    assert all_ready(up(local))


def test_a_start_after_kill_of_the_supervisor_ends_healthy_with_no_orphan(local: LocalHarness) -> None:
    up(local)
    before = local.processes()
    kill(local.supervisor())
    mode = up(local)
    assert all_ready(mode)
    assert [process for process in before if alive(process)] == []
    assert len(local.processes()) == len(SERVICES) + 1


def test_a_stop_after_kill_of_the_supervisor_leaves_nothing(local: LocalHarness) -> None:
    up(local)
    kill(local.supervisor())
    assert len(local.processes()) == len(SERVICES)
    down(local)
    assert local.left() == []


def test_a_stop_after_kill_of_everything_leaves_nothing(local: LocalHarness) -> None:
    up(local)
    kill(local.supervisor())
    for process in local.processes():
        kill(process)
    down(local)
    assert local.left() == []


def test_data_outlive_a_kill(local: LocalHarness) -> None:
    mode = up(local)
    local.put(mode, "store", "42")
    kill(local.supervisor())
    kill(psutil.Process(next(p.pid for p in local.processes() if p.environ()["DEVENV_SERVICE"] == "store")))
    assert local.value(up(local), "store") == "42"


def test_a_service_that_ignores_its_stop_signal_is_stopped(local: LocalHarness) -> None:
    local.give("page", BEHAVIOUR="deaf")
    up(local)
    down(local)
    assert local.left() == []


def test_a_service_that_ignores_its_stop_signal_is_stopped_without_its_supervisor_too(
    local: LocalHarness,
) -> None:
    local.give("page", BEHAVIOUR="deaf")
    up(local)
    kill(local.supervisor())
    down(local)
    assert local.left() == []


def test_a_port_that_another_program_took_is_named_with_its_pid(local: LocalHarness) -> None:
    port = local.open().endpoints()["store"].port
    with closing(socket.create_server(("127.0.0.1", port))):
        (problem,) = local.open().preflight()
    assert f"port {port} of store is taken by" in problem.what
    assert f"(pid {psutil.Process().pid})" in problem.what
    assert "[ports] store = PORT" in problem.remedy


def test_what_a_service_prints_is_logged_over_a_restart_too(local: LocalHarness) -> None:
    mode = up(local)
    for _ in mode.restart("store", deadline()):
        pass
    lines = [line for _, line in mode.logs(["store"], 100, False)]
    assert lines.count("store listens") == 2


def test_logs_follow_what_a_service_says_from_now_on(local: LocalHarness) -> None:
    mode = up(local)
    lines = iter(mode.logs(["store"], 1, True))
    assert next(lines) == ("store", "store listens")
    for _ in mode.restart("store", deadline()):
        pass
    assert next(lines) == ("store", "store listens")


def test_a_service_whose_program_is_not_there_is_left_out_with_the_reason(local: LocalHarness) -> None:
    override(local.project, "page", {"x-local": {"program": "no-such-program", "optional": "no pages"}})
    mode = up(local)
    (entry,) = (entry for entry in mode.status() if entry.service == "page")
    assert entry.state == "left out"
    assert entry.detail.startswith("no pages: ")
    assert "page" not in mode.endpoints()


def test_a_service_cannot_see_the_environment_of_its_caller(
    local: LocalHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    mode = up(local)
    assert "CI" not in psutil.Process(local.service_pid(mode, "store")).environ()


def test_no_file_of_the_configuration_stays_after_a_stop(local: LocalHarness) -> None:
    mode = up(local)
    down(local)
    secret = mode.describe()["store"].environment["PASSWORD"]
    assert secret.startswith("@secret:")
    value = local.project.secrets_file.read_text().split("S3_ROOT_PASSWORD=")[1].split("\n")[0]
    holding = [
        file
        for file in local.project.root.rglob("*")
        if file.is_file() and file != local.project.secrets_file and value.encode() in file.read_bytes()
    ]
    assert holding == []


def test_exec_has_the_environment_of_the_service_and_is_not_one_of_its_processes(local: LocalHarness) -> None:
    mode = up(local)
    script = "import os,sys; sys.exit('DEVENV_INSTANCE' in os.environ or 'PASSWORD' not in os.environ)"
    assert mode.exec("api", ("python3", "-c", script)) == 0
