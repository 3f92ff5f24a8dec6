"""What is in the way is told in two lines, the problem and the remedy, with the documented exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.clone import Clone
from tests.integration.conftest import NewClone

pytestmark = pytest.mark.real
FEW = ("up", "local", "postgres")


@pytest.fixture
def clone(new_clone: NewClone) -> Clone:
    """A project that has never been up."""
    return new_clone("project")


def test_a_port_that_another_program_has(clone: Clone) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (clone.root / "devenv.toml").write_text(f"[ports]\npostgres = {port}\n")
        problem, remedy = clone.error(*FEW)
        assert f"port {port} of postgres is taken by" in problem
        assert f"(pid {os.getpid()})" in problem
        assert "[ports] postgres" in remedy
    clone.devenv(*FEW)
    assert clone.services()["postgres"]["url"].endswith(f":{port}")


def test_a_project_that_cannot_be_written_to(clone: Clone) -> None:
    with read_only(clone.root):
        problem, remedy = clone.error(*FEW)
        assert str(clone.root / ".devenv") in problem
        assert remedy


@pytest.mark.parametrize("free_mb", [100, 0])
def test_a_disk_without_room(clone: Clone, free_mb: int) -> None:
    with small_disk(clone.root / ".devenv", 120):
        (clone.root / ".devenv" / "other").write_bytes(bytes(2**20 * (120 - free_mb)))
        problem, remedy = clone.error(*FEW)
        assert str(clone.root / ".devenv") in problem
        assert "make room" in remedy


def test_a_stack_file_that_is_no_yaml(clone: Clone) -> None:
    stack = clone.root / "compose" / "compose.yaml"
    stack.write_text(stack.read_text().replace("services:\n", "services:\n  - [\n", 1))
    problem, remedy = clone.error(*FEW)
    assert "compose.yaml" in problem
    assert "compose.yaml" in remedy


def test_a_key_that_no_mode_understands(clone: Clone) -> None:
    stack = clone.root / "compose" / "compose.yaml"
    stack.write_text(stack.read_text().replace("  s3:\n", "  s3:\n    network_mode: host\n", 1))
    problem, _ = clone.error(*FEW)
    assert "s3" in problem
    assert "network_mode" in problem


def test_a_lake_that_is_declared_wrongly(clone: Clone) -> None:
    lake = clone.root / "seed" / "lake.toml"
    text = lake.read_text()
    lake.write_text(text.replace("versioning = true", 'versioning = "perhaps"', 1))
    problem, _ = clone.error("up")
    assert "lake.toml" in problem
    assert "versioning" in problem
    lake.write_text(text + "\nthis is not TOML\n")
    problem, _ = clone.error("up")
    assert "lake.toml" in problem
    assert clone.pids() == {}


def test_a_service_that_ends_at_its_start_is_told_with_its_last_words(clone: Clone) -> None:
    override = clone.root / "compose" / "compose.override.yaml"
    override.write_text("services:\n  postgres:\n    command: [postgres, -c, no_such_setting=1]\n")
    ended = clone.devenv(*FEW, code=1)
    assert 'unrecognized configuration parameter "no_such_setting"' in ended.err
    problem, remedy = clone.error(*FEW)
    assert problem.startswith("service postgres: ")
    assert "devenv logs postgres" in remedy
    assert clone.states()["postgres"] in ("stopped", "failed")
    override.unlink()
    clone.devenv(*FEW)
    assert clone.states()["postgres"] == "ready"


def test_a_service_that_is_not_in_the_stack(clone: Clone) -> None:
    problem, remedy = clone.error("up", "local", "mysql", code=2)
    assert "mysql" in problem
    assert "postgres" in remedy


def test_a_mode_that_is_not_there(clone: Clone) -> None:
    (clone.root / "devenv.toml").write_text('mode = "swarm"\n')
    problem, remedy = clone.error("up", code=2)
    (clone.root / "devenv.toml").unlink()
    assert "swarm" in problem
    assert "local" in remedy


def test_data_of_another_postgres_are_left_alone(clone: Clone) -> None:
    clone.devenv(*FEW)
    clone.devenv("down")
    (version,) = (clone.root / ".devenv" / "local" / "data" / "postgres-data").glob("*/*/PG_VERSION")
    ours = version.read_text()
    version.write_text("15\n")
    problem, remedy = clone.error(*FEW)
    assert "Postgres 15" in problem
    assert f"Postgres {ours.strip()}" in problem
    assert remedy
    version.write_text(ours)
    clone.devenv(*FEW)


def test_ctrl_c_says_how_to_go_on(clone: Clone) -> None:
    with clone.begun("up") as (up, said):
        assert any("postgres: starting" in line for line in said)
        up.send_signal(signal.SIGINT)
        *_, problem, remedy = said
        assert up.wait(timeout=60) == 130
    assert problem.startswith("interrupted")
    assert "devenv up" in remedy
    assert "devenv down" in remedy
    clone.devenv("up", "local", "s3", "postgres")
    assert clone.states()["postgres"] == "ready"


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in `folder` can be written to: by its rights, or for root by a read-only mount."""
    if os.getuid():
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    with mounted("--bind", str(folder), str(folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True, capture_output=True)
        yield


@contextlib.contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[None]:
    """A disk of so many megabytes at `folder`."""
    if os.getuid():
        pytest.skip("only root can mount a small disk")
    folder.mkdir(mode=0o700)
    with mounted("-t", "tmpfs", "-o", f"size={size_mb}m,mode=0700", "none", str(folder)):
        yield


@contextlib.contextmanager
def mounted(*words: str) -> Iterator[None]:
    """`mount` with these words, for as long as the block takes."""
    done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this system lets nobody mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", words[-1]], check=True, capture_output=True)
