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

from tests.integration import observed
from tests.integration.clone import Clone, copy_of_project

NewClone = Callable[[str], Clone]


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

    def make(name: str, grafana: bool = False) -> Clone:
        made.append(copy_of_project(tmp_path_factory.mktemp("projects") / name, grafana))
        return made[-1]

    yield make
    for clone in made:
        bring_down(clone)


@pytest.fixture(scope="session")
def first_up(new_platform: Callable[..., Clone]) -> tuple[Clone, dict[str, Any]]:
    """The first `up` of a fresh clone, and the facts that it told."""
    clone = new_platform("platform", grafana=True)
    return clone, clone.facts("up")


@pytest.fixture(scope="session")
def platform(first_up: tuple[Clone, dict[str, Any]]) -> Clone:
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
