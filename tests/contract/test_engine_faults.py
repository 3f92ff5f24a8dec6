"""What Compose mode does when the engine itself fails: the tests' own is stopped, killed, filled up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from devenv.errors import DevenvError, ServiceFailed
from devenv.modes.base import Mode
from devenv.modes.compose.engine import find_engine
from tests.contract.harness import ComposeHarness, deadline
from tests.contract.own_engine import DISK_MB, OwnEngine, open_engine, unavailable
from tests.fakes.project import SERVICES

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def own_engine(
    tmp_path_factory: pytest.TempPathFactory, cannot_test: Callable[[str, str], NoReturn]
) -> Iterator[OwnEngine]:
    """An engine to be broken. It has the tiny stack's image out of a saved bundle, and pulls nothing."""
    source = ComposeHarness(tmp_path_factory.mktemp("source") / "tiny")
    if reason := source.unavailable() or unavailable():
        cannot_test("engine", reason)
    bundle = tmp_path_factory.mktemp("bundle") / "images.tar"
    with open_engine(find_engine()) as engine:
        assert "1 images" in devenv(source, "images", "save", str(bundle))
        told = devenv(source, "images", "load", str(bundle), DOCKER_HOST=engine.host)
        assert told == f"the engine has 1 images of the stack: {source.image}\n"
        bundle.unlink()
        yield engine


@pytest.fixture
def on_own_engine(
    own_engine: OwnEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ComposeHarness]:
    """An instance in Compose mode on the engine to be broken."""
    monkeypatch.setenv("DOCKER_HOST", own_engine.host)
    made = ComposeHarness(tmp_path / "tiny")
    yield made
    own_engine.start()
    made.clear()


def devenv(harness: ComposeHarness, *words: str, **environ: str) -> str:
    """What the command prints, run in the folder of the tiny project."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("devenv")), *words],
        cwd=harness.project.root,
        env={**os.environ, "TINY_IMAGE": harness.image, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def up(harness: ComposeHarness) -> Mode:
    mode = harness.open()
    for _ in mode.start(SERVICES, deadline()):
        pass
    assert {entry.state for entry in mode.status()} == {"ready"}
    return mode


def test_an_engine_that_is_stopped_meanwhile_is_named_and_the_next_up_goes_on(
    on_own_engine: ComposeHarness, own_engine: OwnEngine
) -> None:
    events = on_own_engine.open().start(SERVICES, deadline())
    assert next(events).kind == "starting"
    own_engine.stop()
    with pytest.raises(DevenvError, match=rf"no Docker engine at {own_engine.host}") as caught:
        list(events)
    assert "start it" in caught.value.remedy
    own_engine.start()
    up(on_own_engine)


def test_a_killed_engine_loses_nothing(on_own_engine: ComposeHarness, own_engine: OwnEngine) -> None:
    on_own_engine.put(up(on_own_engine), "store", "42")
    own_engine.kill()
    own_engine.start()
    assert on_own_engine.value(up(on_own_engine), "store") == "42"


def test_a_full_disk_is_told_in_the_words_of_the_service_and_room_is_enough(
    on_own_engine: ComposeHarness, own_engine: OwnEngine
) -> None:
    if not own_engine.has_small_disk:
        pytest.skip("this system lets nobody mount a small disk")
    mode = up(on_own_engine)
    on_own_engine.put(mode, "store", "42")
    filler = own_engine.volumes / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(bytes(DISK_MB << 20))
    on_own_engine.give("store", BEHAVIOUR="greedy")
    with pytest.raises(ServiceFailed, match="service store") as caught:
        up(on_own_engine)
    assert "No space left on device" in caught.value.log
    filler.unlink()
    assert on_own_engine.value(up(on_own_engine), "store") == "42"
