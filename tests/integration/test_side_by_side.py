"""Two clones on one machine, and two commands on one clone, keep out of each other's way."""

from __future__ import annotations

import signal
from typing import IO

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
    with clone.begun(*FEW) as (first, said):
        read_until(said, "[3/6]")
        first.send_signal(signal.SIGSTOP)
        with clone.begun(*FEW) as (second, said_by_second):
            read_until(said_by_second, f"waiting for devenv (pid {first.pid})")
            assert second.poll() is None
            first.send_signal(signal.SIGCONT)
            assert "[6/6] done" in said.read()
            said_by_second.read()
            assert (first.wait(timeout=60), second.wait(timeout=60)) == (0, 0)
    assert clone.states()["postgres"] == "ready"


def read_until(said: IO[str], words: str) -> None:
    """Reads what a command says, up to the line with these words; it has to come."""
    seen = []
    for line in said:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"{words!r} was not said, but: {''.join(seen)}")
