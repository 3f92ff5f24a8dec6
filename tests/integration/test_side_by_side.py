"""Two clones on one machine, and two commands on one clone, keep out of each other's way."""

from __future__ import annotations

import signal
import subprocess
import threading

import pytest

from tests.integration.clone import Clone
from tests.integration.conftest import NewClone

pytestmark = pytest.mark.real
FEW = ("up", "local", "s3", "postgres")


def test_two_clones_run_at_once_and_keep_their_ports(platform: Clone, new_clone: NewClone) -> None:
    second = new_clone("second")
    second.devenv(*FEW)
    ours = {name: service["url"] for name, service in second.services().items() if service["url"]}
    theirs = {name: service["url"] for name, service in platform.services().items() if service["url"]}
    assert not set(ours.values()) & set(theirs.values())
    assert platform.states()["s3"] == second.states()["s3"] == "ready"

    listed = {entry["name"]: (entry["state"], entry["project"]) for entry in second.facts("list")}
    assert listed[platform.name] == ("running", str(platform.root))
    assert listed[second.name] == ("running", str(second.root))

    second.devenv("down")
    states = {entry["name"]: entry["state"] for entry in platform.facts("list")}
    assert states[platform.name] == "running"
    assert states[second.name] == "stopped"
    second.devenv(*FEW)
    assert {name: entry["url"] for name, entry in second.services().items() if entry["url"]} == ours
    assert set(platform.states().values()) == {"ready"}


def test_a_second_command_waits_for_the_first(new_clone: NewClone) -> None:
    clone = new_clone("contended")
    first = clone.begin(*FEW)
    read_until(first, "[3/6]")
    first.send_signal(signal.SIGSTOP)
    second = clone.begin(*FEW)
    read_until(second, f"waiting for devenv (pid {first.pid})")
    assert second.poll() is None
    first.send_signal(signal.SIGCONT)
    assert (ended(first), ended(second)) == (0, 0)
    assert clone.states()["postgres"] == "ready"


def read_until(command: subprocess.Popen[str], words: str) -> None:
    """Reads what a command says, up to the line with these words; it has to come."""
    assert command.stderr is not None
    seen = []
    for line in command.stderr:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"{words!r} was not said, but: {''.join(seen)}")


def ended(command: subprocess.Popen[str]) -> int:
    """The exit code of a command, all of whose words are read."""
    assert command.stderr is not None
    reader = threading.Thread(target=command.stderr.read, daemon=True)
    reader.start()
    code = command.wait(timeout=120)
    reader.join(timeout=60)
    command.stderr.close()
    return code
