"""The proof itself, on real engines: the modes are the same platform."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.modes import available
from devenv.parity.measured import read_recording
from devenv.parity.run import recording_file
from tests.conftest import CannotTest, required_modes
from tests.parity.lab import Lab

pytestmark = pytest.mark.real
ENOUGH = 400  # observations of each mode


def devenv(lab: Lab, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("devenv"), *words],
        cwd=lab.session.project.root,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def all_up(lab: Lab, cannot_test: CannotTest) -> Iterator[list[str]]:
    """Every mode beside the lab, where the machine is one on which none may be left out: on any other, the
    releases that local mode finds are that machine's own."""
    modes = available()
    if missing := set(modes) - set(required_modes()):
        pytest.skip(f"DEVENV_REQUIRE_MODES does not name {', '.join(sorted(missing))}")
    if lab.mode.instance.s3_engine != "minio":
        cannot_test("local", "there is no MinIO: devenv tools get minio")
    others = [mode for mode in modes if mode != lab.mode_name]
    try:
        for mode in others:
            brought_up = devenv(lab, "up", mode, "--images", "build")
            assert brought_up.returncode == 0, brought_up.stderr
        yield modes
    finally:
        for mode in others:
            devenv(lab, "down", mode, "--volumes", "--yes")


@pytest.mark.timeout(3600)
def test_all_modes_are_the_same_platform(lab: Lab, all_up: list[str]) -> None:
    done = devenv(lab, "parity", *all_up, "--record")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "stale" not in done.stdout
    recordings = [read_recording(recording_file(lab.session.project, mode)) for mode in all_up]
    assert min(len(one.observations) for one in recordings) >= ENOUGH
    for mode in all_up:
        if mode != lab.mode_name:
            assert devenv(lab, "down", mode).returncode == 0
            alone = devenv(lab, "parity", mode)
            assert (alone.returncode, alone.stdout) == (1, "")
            assert f"mode {mode} is not up" in alone.stderr
