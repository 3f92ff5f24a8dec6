"""What K3s mode does when the engine under its cluster is killed: the tests' own engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from devenv.modes.compose.engine import Engine, find_engine
from devenv.modes.compose.images import load, save
from tests.contract.harness import deadline
from tests.contract.k3s_harness import K3sHarness
from tests.contract.own_engine import OwnEngine, open_engine, unavailable
from tests.fakes.project import SERVICES

pytestmark = pytest.mark.timeout(1800)
TOOLS = "ghcr.io/k3d-io/k3d-tools:5.8.3"


@pytest.fixture
def own_engine(
    tmp_path: Path, cannot_test: Callable[[str, str], NoReturn], monkeypatch: pytest.MonkeyPatch
) -> Iterator[OwnEngine]:
    """An engine to be killed, with what a cluster needs."""
    source = K3sHarness(tmp_path / "source")
    if reason := source.unavailable() or unavailable():
        cannot_test("engine", reason)
    bundle = tmp_path / "images.tar"
    save(find_engine(), [source.image, source.node_image, TOOLS], bundle)
    with open_engine(find_engine(), small_disk=False) as engine:
        load(Engine(engine.host), bundle)
        bundle.unlink()
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        yield engine


def up(harness: K3sHarness) -> dict[str, str]:
    mode = harness.open()
    for _ in mode.start(SERVICES, deadline()):
        pass
    return {entry.service: entry.state for entry in mode.status()}


def test_an_engine_that_is_killed_under_the_cluster_loses_nothing(
    own_engine: OwnEngine, tmp_path: Path
) -> None:
    harness = K3sHarness(tmp_path / "tiny")
    up(harness)
    harness.put(harness.open(), "store", "42")
    own_engine.kill()
    own_engine.start()
    assert up(harness) == dict.fromkeys(SERVICES, "ready")
    assert harness.value(harness.open(), "store") == "42"
    harness.remove()
