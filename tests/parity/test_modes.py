"""The proof itself, on real engines: the modes are the same platform."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.parity.run import recording_file
from tests.conftest import CannotTest, required_modes
from tests.parity.lab import Lab

pytestmark = pytest.mark.real


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
def compose(lab: Lab) -> None:
    """Compose mode beside the lab, where the machine is one on which no mode may be left out: on any other,
    the releases that local mode finds are that machine's own."""
    if "compose" not in required_modes():
        pytest.skip("DEVENV_REQUIRE_MODES does not name compose")


@pytest.mark.timeout(3600)
def test_local_and_compose_are_the_same_platform(lab: Lab, compose: None, cannot_test: CannotTest) -> None:
    if lab.mode.instance.s3_engine != "minio":
        cannot_test("local", "there is no MinIO: devenv tools get minio")
    brought_up = devenv(lab, "up", "compose", "--images", "build")
    assert brought_up.returncode == 0, brought_up.stderr
    try:
        done = devenv(lab, "parity", "local", "compose", "--record")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "stale" not in done.stdout
        for mode in ("local", "compose"):
            assert recording_file(lab.session.project, mode).is_file()
    finally:
        devenv(lab, "down", "compose", "--volumes", "--yes")
    alone = devenv(lab, "parity", "compose")
    assert (alone.returncode, alone.stdout) == (1, "")
    assert "mode compose is not up" in alone.stderr
