"""Real instances for the tests: one for those that look or add, one for those that break things."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

from devenv import programs, yaml_text
from devenv.errors import DevenvError
from devenv.modes.compose.engine import find_engine
from tests.integration import observed
from tests.integration.clone import PROJECT, Clone, copy_of_project

NewClone = Callable[[str], Clone]
FirstUp = tuple[Clone, dict[str, Any]]


@pytest.fixture(scope="session")
def _able(cannot_test: Callable[[str, str], NoReturn]) -> None:
    if sys.platform == "win32":
        cannot_test("local", "local mode needs Linux or macOS")
    if os.getuid() == 0:
        mapped = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--", "true"]
        if subprocess.run(mapped, capture_output=True, check=False).returncode:
            cannot_test("local", "Postgres refuses root, and this system allows no user namespaces")


@pytest.fixture(scope="session")
def new_platform(_able: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Clone]]:
    """Makes clones that live as long as the tests; all of them are brought down in the end."""
    made = []

    def make(name: str, grafana: bool = False, mode: str = "local") -> Clone:
        made.append(copy_of_project(tmp_path_factory.mktemp("projects") / name, grafana, mode))
        return made[-1]

    yield make
    for clone in made:
        bring_down(clone)


@pytest.fixture(scope="session")
def _first_ups(
    new_platform: Callable[..., Clone], cannot_test: Callable[[str, str], NoReturn]
) -> Callable[[str], FirstUp]:
    made: dict[str, FirstUp] = {}

    def first(mode: str) -> FirstUp:
        if mode not in made:
            if mode != "local" and (reason := no_engine() or (no_cluster() if mode == "k3s" else None)):
                cannot_test(mode, reason)
            clone = new_platform(f"platform-{mode}", grafana=True, mode=mode)
            words = ("--images", "build") if mode != "local" else ()
            made[mode] = clone, clone.facts("up", *words)
        return made[mode]

    return first


@pytest.fixture(scope="session", params=["local", "compose", "k3s"])
def first_up(request: pytest.FixtureRequest, _first_ups: Callable[[str], FirstUp]) -> FirstUp:
    """The first `up` of a fresh clone, in each mode, and the facts that it told."""
    return _first_ups(request.param)


@pytest.fixture(scope="session")
def local_platform(_first_ups: Callable[[str], FirstUp]) -> Clone:
    """The platform in local mode, for what only processes have."""
    return _first_ups("local")[0]


@pytest.fixture(scope="session")
def compose_platform(_first_ups: Callable[[str], FirstUp]) -> Clone:
    """The platform in Compose mode, for what only containers have."""
    return _first_ups("compose")[0]


@pytest.fixture(scope="session")
def k3s_platform(_first_ups: Callable[[str], FirstUp]) -> Clone:
    """The platform in K3s mode, for what only a cluster has."""
    return _first_ups("k3s")[0]


@pytest.fixture(scope="session")
def platform(first_up: FirstUp) -> Clone:
    """The whole platform, seeded, for tests that look, and for those that add data of their own."""
    return first_up[0]


@pytest.fixture(scope="session")
def _breakable(new_platform: Callable[..., Clone]) -> Clone:
    return new_platform("breakable")


@pytest.fixture
def breakable(_breakable: Clone) -> Clone:
    """The whole platform, seeded and healthy, for a test that may leave it in any state."""
    _breakable.devenv("up")
    return _breakable


@pytest.fixture
def new_clone(_able: None, tmp_path: Path) -> Iterator[NewClone]:
    """Makes clones that have never been up; all of them are brought down after the test."""
    made = []

    def make(name: str) -> Clone:
        made.append(copy_of_project(tmp_path / name))
        return made[-1]

    yield make
    for clone in made:
        bring_down(clone)


def no_engine() -> str | None:
    """Why there is no Docker engine to test with; None where there is one."""
    try:
        find_engine().api.ping()
    except DevenvError as error:
        return error.problem
    return None


def no_cluster() -> str | None:
    """Why no cluster can be made to test with; None where one can."""
    if programs.find("k3d") is None:
        return programs.why_missing("k3d")
    image = yaml_text.parse((PROJECT / "k3s" / "k3d.yaml").read_text())["image"]
    return None if find_engine().image_id(image) else f"the engine has no image {image}"


def bring_down(clone: Clone) -> None:
    """Ends the instance and deletes its data; what is left of it is ended by hand, and is a failure."""
    try:
        clone.devenv("down", "--volumes", "--yes")
        assert observed.describe(observed.processes(clone)) == []
    finally:
        for process in observed.processes(clone):
            try:
                process.kill()
            except psutil.Error:
                continue
