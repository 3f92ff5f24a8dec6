"""K3s mode after `devenv up` was killed: k3d, its child, may go on; the next command finishes the job."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from devenv.ready import wait_until
from tests.contract.harness import deadline
from tests.contract.k3s_harness import K3sHarness
from tests.contract.test_k3s_faults import all_ready, up

pytestmark = pytest.mark.timeout(900)
DEVENV = Path(sys.executable).with_name("devenv")


def killed_at(harness: K3sHarness, moment: str) -> None:
    """Runs `devenv up k3s` until it says `moment`, and kills it with all that it holds in memory."""
    with subprocess.Popen(
        [DEVENV, "up", "k3s", "--no-seed"],
        cwd=harness.project.root,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stderr is not None
        said = []
        for line in command.stderr:
            said.append(line)
            if moment in line:
                break
        command.kill()
        assert command.wait(60) == -9, said


def test_the_next_up_begins_anew_where_k3d_was_killed_before_it_made_a_node(k3s: K3sHarness) -> None:
    k3s.remove()
    with subprocess.Popen(
        [DEVENV, "up", "k3s", "--no-seed"], cwd=k3s.project.root, stderr=subprocess.DEVNULL
    ) as command:
        wait_until(lambda: None if k3s.on_engine() else "nothing is made yet", deadline())
        for process in (psutil.Process(command.pid), *psutil.Process(command.pid).children(recursive=True)):
            process.kill()
    assert k3s.node_state() is None
    assert all_ready(up(k3s))


@pytest.mark.parametrize("moment", ["creating cluster", "loading", "store: starting"])
def test_the_next_up_finishes_what_was_killed(k3s: K3sHarness, moment: str) -> None:
    k3s.remove()
    killed_at(k3s, moment)
    assert all_ready(up(k3s))


def test_a_cluster_that_was_not_finished_is_deleted_with_the_data(k3s: K3sHarness) -> None:
    k3s.remove()
    killed_at(k3s, "creating cluster")
    k3s.remove()
    assert k3s.on_engine() == []
