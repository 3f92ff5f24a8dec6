"""An instance for each test, in the fake mode and in every real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from devenv.modes import MODES
from tests.contract.harness import REAL, ComposeHarness, FakeHarness, Harness, LocalHarness, instance


@pytest.fixture
def fake_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `fake` one of devenv's modes."""
    monkeypatch.setitem(MODES, "fake", "tests.fakes.mode")


@pytest.fixture(params=["fake", *REAL])
def harness(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    fake_mode: None,
    cannot_test: Callable[[str, str], NoReturn],
) -> Iterator[Harness]:
    """The scenarios' instance."""
    made = {"fake": FakeHarness, **REAL}[request.param](tmp_path / "tiny")
    if reason := made.unavailable():
        cannot_test(request.param, reason)
    with instance(made):
        yield made


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHarness]:
    """An instance in local mode."""
    made = LocalHarness(tmp_path / "tiny")
    with instance(made):
        yield made


@pytest.fixture
def compose(tmp_path: Path, cannot_test: Callable[[str, str], NoReturn]) -> Iterator[ComposeHarness]:
    """An instance in Compose mode."""
    made = ComposeHarness(tmp_path / "tiny")
    if reason := made.unavailable():
        cannot_test("compose", reason)
    with instance(made):
        yield made


@pytest.fixture
def fake(tmp_path: Path, fake_mode: None) -> FakeHarness:
    """An instance in the fake mode."""
    return FakeHarness(tmp_path / "tiny")
