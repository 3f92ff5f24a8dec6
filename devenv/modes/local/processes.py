"""Processes of an instance in local mode: those with its mark, and those that have overwritten it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path

import psutil

from devenv import marks
from devenv.instance import MARK, SERVICE_MARK
from devenv.marks import GONE


def of_instance(name: str, data: Path, programs: Collection[Path]) -> list[psutil.Process]:
    """The processes of instance `name`, with those that have overwritten their environment (as Postgres's
    backends do): they run one of its `programs` inside its `data`."""
    found = {marked.process.pid: marked.process for marked in marks.of_instance(name)}
    files = {program.resolve() for program in programs}
    for process in psutil.process_iter():
        if process.pid not in found:
            with contextlib.suppress(*GONE, OSError):
                inside = Path(process.cwd()).is_relative_to(data)
                if (
                    inside
                    and process.status() != psutil.STATUS_ZOMBIE
                    and Path(process.exe()).resolve() in files
                ):
                    found[process.pid] = process
    return list(found.values())


def service_of(process: psutil.Process) -> str:
    """The service that a process of an instance belongs to; empty for the supervisor."""
    candidate: psutil.Process | None = process
    with contextlib.suppress(*GONE):  # it, or what has started it, may end meanwhile
        while candidate:
            with contextlib.suppress(psutil.AccessDenied):
                environment = candidate.environ()
                if MARK in environment:
                    return environment.get(SERVICE_MARK, "")
            candidate = candidate.parent()
    return ""
