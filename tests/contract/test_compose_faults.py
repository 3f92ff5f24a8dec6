"""What Compose mode does when something goes wrong: real containers that die, hang, or are killed."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from devenv.clock import Deadline
from devenv.errors import DevenvError, ServiceFailed
from devenv.instance import load_instance
from devenv.modes import end_orphans
from devenv.modes.base import Mode
from devenv.modes.compose.engine import Container, find_engine
from devenv.ready import wait_until
from devenv.settle import settle
from tests.contract.harness import ComposeHarness, deadline
from tests.fakes.project import SERVICES


def up(harness: ComposeHarness) -> Mode:
    mode = harness.open()
    for _ in mode.start(SERVICES, deadline()):
        pass
    return mode


def becomes(what: str, so: Callable[[], bool]) -> None:
    """Waits until it is so."""
    wait_until(lambda: None if so() else what, deadline())


def all_ready(mode: Mode) -> bool:
    return {entry.state for entry in mode.status()} == {"ready"}


def container(harness: ComposeHarness, service: str) -> Container:
    (found,) = (entry for entry in find_engine().containers(harness.name) if entry.service == service)
    return found


def test_a_container_that_ends_at_its_start_is_reported_with_its_last_words(compose: ComposeHarness) -> None:
    compose.give("api", BEHAVIOUR="dies")
    with pytest.raises(ServiceFailed, match="service api: it ended right after it was started") as caught:
        up(compose)
    assert "the disk of the world is full" in caught.value.log
    assert "devenv logs api" in caught.value.remedy
    becomes("it is restarted for ever", lambda: container(compose, "api").state == "exited")
    compose.give("api", BEHAVIOUR="")
    assert all_ready(up(compose))


def test_a_container_that_never_gets_healthy_ends_the_start_at_its_deadline(compose: ComposeHarness) -> None:
    compose.give("api", BEHAVIOUR="never ready")
    limit = Deadline.after(15)
    with pytest.raises(ServiceFailed, match=r"service api: not ready after 15 s.*503"):
        list(compose.open().start(SERVICES, limit))
    assert limit.left == 0


def test_a_killed_container_comes_back_at_the_next_start_with_its_data(compose: ComposeHarness) -> None:
    mode = up(compose)
    compose.put(mode, "store", "42")
    find_engine().api.kill(container(compose, "store").id, "SIGKILL")
    mode = up(compose)
    assert all_ready(mode)
    assert compose.value(mode, "store") == "42"


def test_a_removed_container_is_made_again_with_its_data(compose: ComposeHarness) -> None:
    compose.put(up(compose), "store", "42")
    find_engine().api.remove_container(container(compose, "store").id, force=True)
    mode = up(compose)
    assert all_ready(mode)
    assert compose.value(mode, "store") == "42"


def test_what_compose_started_by_hand_is_found_healthy(compose: ComposeHarness) -> None:
    mode = compose.open()
    compose.by_hand(mode, "up", "--detach", "--wait")
    assert {change.action for change in compose.open().changes(SERVICES)} == {"keep"}


def test_nothing_is_killed_while_stopping(compose: ComposeHarness) -> None:
    up(compose)
    compose.by_hand(compose.open(), "stop")
    codes = {s: find_engine().inspect(container(compose, s).id)["State"]["ExitCode"] for s in SERVICES}
    assert codes == dict.fromkeys(SERVICES, 0)


def test_purge_leaves_no_volume(compose: ComposeHarness) -> None:
    mode = up(compose)
    assert len(compose.volumes()) == len(SERVICES)
    list(mode.stop(SERVICES))
    mode.purge()
    assert compose.volumes() == []


def test_data_of_an_instance_whose_state_is_gone_can_be_deleted(compose: ComposeHarness) -> None:
    up(compose)
    shutil.rmtree(compose.project.state)
    assert end_orphans(load_instance(compose.project, "compose"), volumes=True) == len(SERVICES)
    assert compose.left() == compose.volumes() == []


def test_purge_keeps_where_images_come_from(compose: ComposeHarness) -> None:
    settle(compose.project, "compose", compose.settings, "build")
    compose.open().purge()
    left = load_instance(compose.project, "compose")
    assert (left.images, left.ports) == ("build", {})


def test_what_ended_before_is_not_told_as_stopped(compose: ComposeHarness) -> None:
    mode = up(compose)
    find_engine().api.kill(container(compose, "page").id, "SIGKILL")
    becomes("it runs", lambda: container(compose, "page").state == "exited")
    assert {event.service for event in mode.stop(SERVICES)} == {"store", "api"}


def test_a_port_that_another_program_took_is_named(compose: ComposeHarness) -> None:
    mode = compose.open()
    with closing(socket.create_server(("127.0.0.1", mode.endpoints()["api"].port))):
        (problem,) = mode.preflight()
    assert f"port {mode.endpoints()['api'].port} of api is taken by" in problem.what
    assert "devenv.toml" in problem.remedy


def test_an_image_that_cannot_be_had_is_named(compose: ComposeHarness) -> None:
    nowhere = {"TINY_IMAGE": "127.0.0.1:9/nobody/nothing:1"}
    compose.settings = replace(compose.settings, variables=nowhere)
    with pytest.raises(DevenvError, match=r"image 127\.0\.0\.1:9/nobody/nothing:1 of api") as caught:
        compose.open()
    assert "--images build" in caught.value.remedy
    compose.settings = replace(compose.settings, variables={"TINY_IMAGE": compose.image})


def test_an_engine_that_does_not_run_is_named_with_the_remedy(
    compose: ComposeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = compose.open()
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    mode = compose.unprepared()
    (problem,) = mode.preflight()
    assert problem.what == "no Docker engine at unix:///nowhere/docker.sock: nothing answers there"
    assert "start it" in problem.remedy
    monkeypatch.undo()
