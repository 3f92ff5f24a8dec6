"""Ports that another program has taken, and ports that only look like it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from socket import create_server

from devenv.instance import Instance
from devenv.modes.local.preflight import port_problems
from devenv.project import Project

# So much memory takes the system a while to free, and until then the port is held.
LISTEN = (
    "import socket; listening = socket.create_server(('127.0.0.1', 0)); memory = b'x' * 300_000_000;"
    "print(listening.getsockname()[1], flush=True); input()"
)


def instance(folder: Path, port: int) -> Instance:
    return Instance(Project(folder), "local", ports={"store": port})


def test_a_port_of_a_process_that_was_killed_just_now_is_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        process.kill()
        assert list(port_problems(instance(tmp_path, port), [], [])) == []


def test_a_port_that_another_program_holds_is_named_with_it(tmp_path: Path) -> None:
    with closing(create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
        (problem,) = port_problems(instance(tmp_path, port), [], [])
    assert f"port {port} of store is taken by" in problem.what
    assert f"(pid {os.getpid()})" in problem.what
