"""Processes found by the marks of their instance, also those whose parent is gone."""

from __future__ import annotations

import contextlib
import signal as signals
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import psutil

from devenv.clock import Deadline
from devenv.instance import MARK, PROJECT_MARK, SERVICE_MARK

YOUNG_S = 5.0
KILLED_S = 10.0
PAUSE_S = 0.02
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


@dataclass(frozen=True)
class Marked:
    """A process that an instance has started, or that one of its processes has."""

    process: psutil.Process
    instance: str
    service: str
    project: str


def all_marked() -> Iterator[Marked]:
    """Every process on this machine that carries a mark and that this user may look at."""
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE):
            environment = process.environ()
            if MARK in environment and process.status() != psutil.STATUS_ZOMBIE:
                yield Marked(
                    process,
                    environment[MARK],
                    environment.get(SERVICE_MARK, ""),
                    environment.get(PROJECT_MARK, ""),
                )


def of_instance(name: str) -> list[Marked]:
    """The marked processes of instance `name`."""
    return [marked for marked in all_marked() if marked.instance == name]


def end(processes: Collection[psutil.Process], stop_signal: str, grace: float, sent: bool = False) -> None:
    """Ends `processes`: the signal, unless it has been `sent`, and SIGKILL after `grace` seconds.

    A process that has just been forked can miss a signal, so a young one is sent it once more.
    """
    number = signals.Signals[stop_signal]
    deadline = Deadline.after(grace)
    if not sent:
        _send(processes, number)
    left = _wait(processes, min(1.0, deadline.left))
    _send([process for process in left if _age(process) < YOUNG_S], number)
    left = _wait(left, deadline.left)
    _send(left, signals.SIGKILL)
    _wait(left, KILLED_S)


def _wait(processes: Collection[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those of `processes` that still run after `seconds`. One that only waits for its parent to notice has
    ended: the supervisor takes up to a second for that."""
    deadline = Deadline.after(seconds)
    while True:
        left = [process for process in processes if _runs(process)]
        if not left or deadline.left <= 0:
            return left
        time.sleep(min(PAUSE_S, deadline.left))


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except GONE:
        return False


def _age(process: psutil.Process) -> float:
    return time.time() - float(process.create_time())


def same(pid: int, started: float) -> psutil.Process | None:
    """The process `pid`, if it is the one that began at `started` (seconds since 1970)."""
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - started) < 1 and _runs(process) else None
    except GONE:
        return None


def _send(processes: Collection[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(*GONE):
            process.send_signal(number)
