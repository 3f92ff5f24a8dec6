"""Ports that another program has taken, and ports that only look like it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from socket import create_server

import pytest

from devenv.clock import Deadline
from devenv.instance import Instance
from devenv.modes.local import preflight
from devenv.modes.local.preflight import port_problems
from devenv.ports import is_ending
from devenv.project import Project
from devenv.ready import wait_until


def instance(folder: Path, port: int) -> Instance:
    return Instance(Project(folder), "local", ports={"store": port})


@pytest.mark.parametrize(("ending", "problems"), [(True, 0), (False, 1)])
def test_a_port_is_waited_for_as_long_as_its_holder_is_ending(
    ending: bool, problems: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, False, False] if ending else [])
    monkeypatch.setattr(preflight, "is_free", lambda port: next(answers, ending))
    monkeypatch.setattr(preflight, "holder", lambda port: os.getpid())
    monkeypatch.setattr(preflight, "is_ending", lambda pid: ending)
    assert len(list(port_problems(instance(tmp_path, 20_000), [], []))) == problems


def test_a_process_that_was_killed_is_ending() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        wait_until(lambda: "it has not begun" if is_ending(process.pid) else None, Deadline.after(60))
        process.kill()
        wait_until(lambda: None if is_ending(process.pid) else "it runs", Deadline.after(60))


def test_a_port_that_another_program_holds_is_named_with_it(tmp_path: Path) -> None:
    with closing(create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
        (problem,) = port_problems(instance(tmp_path, port), [], [])
    assert f"port {port} of store is taken by" in problem.what
    assert f"(pid {os.getpid()})" in problem.what
