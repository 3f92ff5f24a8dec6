"""What a killed Postgres leaves behind, and what only looks like it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from devenv.modes.local.leftovers import remove_lock
from devenv.modes.local.processes import of_instance


@contextmanager
def process_in(folder: Path) -> Iterator[int]:
    """The pid of a process that works in `folder`, and tells nothing of its instance."""
    words = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(
        words, cwd=folder, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "cluster"
    folder.mkdir(parents=True)
    return folder


def lock(cluster: Path, pid: int) -> Path:
    file = cluster / "postmaster.pid"
    file.write_text(f"{pid}\n{cluster}\n")
    return file


def test_the_lock_of_a_running_server_stays(cluster: Path) -> None:
    with process_in(cluster) as pid:
        file = lock(cluster, pid)
        remove_lock(cluster)
    assert file.exists()


def test_a_lock_whose_number_is_another_process_by_now_is_removed(cluster: Path, tmp_path: Path) -> None:
    with process_in(tmp_path) as pid:
        file = lock(cluster, pid)
        remove_lock(cluster)
    assert not file.exists()


def test_a_process_in_the_data_is_the_instance_s_only_if_it_runs_one_of_its_programs(cluster: Path) -> None:
    with process_in(cluster) as pid:
        program = Path(psutil.Process(pid).exe())
        same, beside = [program], [program.with_name("postgres")]
        assert [one.pid for one in of_instance("none", cluster.parent, same)] == [pid]
        assert of_instance("none", cluster.parent, beside) == []
