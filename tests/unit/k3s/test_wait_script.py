"""The script of the init containers, with whichever tool an image has to ask a port with."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.modes.k3s.render.waiting import SCRIPT
from tests.fakes.project import free_port

TIMEOUT_S = 120


@pytest.fixture(params=["bash", "nc", "python3"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A PATH with one of the tools that the script knows, and what every image has."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "timeout", "sleep", request.param):
        # Not the python3 on PATH, which may be a script of a version manager's.
        program = sys.executable if name == "python3" else shutil.which(name)
        if program is None and name == "nc":
            program = shutil.which("busybox")
        if program is None:
            pytest.skip(f"{name} is not here")
        (folder / name).symlink_to(program)
    return str(folder)


def test_it_waits_until_a_connection_is_accepted(path: str) -> None:
    port = free_port()
    process = subprocess.Popen(
        ["sh", "-c", SCRIPT, "wait.sh", "127.0.0.1", str(port)],
        env={"PATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"waiting for 127.0.0.1:{port}\n"
        assert process.poll() is None
        with socket.create_server(("127.0.0.1", port)):
            rest, _ = process.communicate(timeout=TIMEOUT_S)
        assert rest.splitlines()[-1] == f"127.0.0.1:{port} answers"
        assert process.returncode == 0
