"""An instance for each test, in the fake mode and in every real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from devenv.modes import MODES
from tests.contract.harness import ComposeHarness, FakeHarness, Harness, LocalHarness, instance
from tests.contract.k3s_harness import K3sHarness

# A new mode is a line here: every scenario is then run against it.
REAL: dict[str, Callable[[Path], Harness]] = {
    "local": LocalHarness,
    "compose": ComposeHarness,
    "k3s": K3sHarness,
}


@pytest.fixture
def fake_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `fake` one of devenv's modes."""
    monkeypatch.setitem(MODES, "fake", "tests.fakes.mode")


@pytest.fixture(scope="session")
def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the project whose cluster all scenarios share: one takes half a minute to make.

    Each of them begins with no namespace and no data.
    """
    root = tmp_path_factory.mktemp("shared") / "tiny"
    yield root
    if root.exists():
        K3sHarness(root).remove()


@pytest.fixture(params=["fake", *REAL])
def harness(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    shared_root: Path,
    fake_mode: None,
    cannot_test: Callable[[str, str], NoReturn],
) -> Iterator[Harness]:
    """The scenarios' instance."""
    root = shared_root if request.param == "k3s" else tmp_path / "tiny"
    made = {"fake": FakeHarness, **REAL}[request.param](root)
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
def k3s(shared_root: Path, cannot_test: Callable[[str, str], NoReturn]) -> Iterator[K3sHarness]:
    """An instance in K3s mode."""
    made = K3sHarness(shared_root)
    if reason := made.unavailable():
        cannot_test("k3s", reason)
    with instance(made):
        yield made


@pytest.fixture
def fake(tmp_path: Path, fake_mode: None) -> FakeHarness:
    """An instance in the fake mode."""
    return FakeHarness(tmp_path / "tiny")
