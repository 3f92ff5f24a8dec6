"""An instance for each test, in the fake mode and in every real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from devenv.modes import MODES
from tests.contract.harness import REAL, FakeHarness, Harness, LocalHarness, instance


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
    make = {"fake": FakeHarness, **REAL}[request.param]
    if reason := make.unavailable():
        cannot_test(request.param, reason)
    with instance(make, tmp_path / "tiny") as made:
        yield made


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalHarness]:
    """An instance in local mode."""
    with instance(LocalHarness, tmp_path / "tiny") as made:
        assert isinstance(made, LocalHarness)
        yield made


@pytest.fixture
def fake(tmp_path: Path, fake_mode: None) -> FakeHarness:
    """An instance in the fake mode."""
    return FakeHarness(tmp_path / "tiny")
