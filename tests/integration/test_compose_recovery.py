"""Compose mode after kills: `up` mends it, no committed data are lost; beside local mode; gone in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from devenv.modes.compose.engine import Container, find_engine
from tests.integration.clone import Clone
from tests.integration.conftest import bring_down, no_engine
from tests.integration.kept import keep
from tests.integration.labelled import labelled
from tests.integration.observed import rows

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def _clone(new_platform: Callable[..., Clone], cannot_test: Callable[[str, str], NoReturn]) -> Clone:
    if reason := no_engine():
        cannot_test("compose", reason)
    clone = new_platform("breakable-compose", grafana=True, mode="compose")
    clone.devenv("up", "--images", "build")
    return clone


@pytest.fixture
def breakable(_clone: Clone) -> Clone:
    """The whole platform in containers, seeded and healthy, for a test that may leave it in any state."""
    _clone.devenv("up", "--images", "build")
    return _clone


@pytest.fixture
def beside(breakable: Clone) -> Iterator[Clone]:
    """The same project in local mode."""
    environ = {name: value for name, value in breakable.environ.items() if name != "DEVENV_MODE"}
    clone = Clone(breakable.root, environ)
    yield clone
    bring_down(clone)


def project(clone: Clone) -> str:
    """Compose's name for it."""
    return clone.name.removesuffix("-compose")


def container(clone: Clone, service: str) -> Container:
    (found,) = (entry for entry in find_engine().containers(project(clone)) if entry.service == service)
    return found


def test_up_mends_what_was_killed_and_removed(breakable: Clone) -> None:
    kept, gold = keep(breakable), rows(breakable)
    find_engine().api.kill(container(breakable, "s3").id, "SIGKILL")
    find_engine().api.remove_container(container(breakable, "postgres").id, force=True)
    breakable.devenv("status", code=1)
    breakable.devenv("up")
    assert set(breakable.states().values()) == {"ready"}
    assert kept.is_there()
    assert rows(breakable) == gold


@pytest.mark.parametrize("moment", ["[3/6]", "postgres: starting"])
def test_up_goes_on_where_it_was_killed(breakable: Clone, moment: str) -> None:
    kept, gold = keep(breakable), rows(breakable)
    breakable.devenv("down")
    with breakable.begun("up") as (command, said):
        assert any(moment in line for line in said)
        command.kill()
        assert command.wait(60) == -9
    breakable.devenv("up")
    assert set(breakable.states().values()) == {"ready"}
    assert kept.is_there()
    assert rows(breakable) == gold


def test_both_modes_of_one_project_leave_each_other_alone(breakable: Clone, beside: Clone) -> None:
    in_containers = breakable.services()
    beside.devenv("up", "local", "s3", "postgres")
    processes = beside.services()
    for service in ("s3", "postgres"):
        assert processes[service]["url"] != in_containers[service]["url"]
    beside.sql("CREATE TABLE of_local_mode AS SELECT 1 AS one")
    assert breakable.sql("SELECT to_regclass('of_local_mode')") == [(None,)]
    beside.devenv("down", "local")
    assert breakable.services() == in_containers


def test_deleting_the_data_leaves_nothing_on_the_engine(breakable: Clone) -> None:
    name = project(breakable)
    kinds = {line.split()[0] for line in labelled(name)}
    assert kinds == {"container", "network", "volume"}
    assert "its data are deleted" in breakable.devenv("down", "--volumes", "--yes").out
    assert labelled(name) == []
