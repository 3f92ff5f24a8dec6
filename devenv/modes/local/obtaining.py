"""The programs of an instance: found, got where they can be had, or left out with a reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.errors import ToolMissing
from devenv.instance import Instance
from devenv.modes.base import Progress
from devenv.programs import Program, find, get_many, obtainable, remedy, why_missing
from devenv.stack.model import Stack


def find_programs(stack: Stack, instance: Instance) -> dict[str, Program]:
    """service -> its program, for all that have one on this machine."""
    found = {}
    for service in stack.services.values():
        # The program of the last `up` is one that another shell's PATH may not show.
        program = find(service.local.program) or _recorded(instance, service.name, service.local.program)
        if program is not None:
            found[service.name] = program
    return found


def get_programs(stack: Stack, instance: Instance, progress: Progress) -> Instance:
    """Gets the programs that are missing; the instance with what was found, and with the reason for each
    optional service that is left out. A reason on record is not looked into again: getting takes time.

    Raises ToolMissing for a service that the platform cannot do without.
    """
    found = find_programs(stack, instance)
    missing = [
        service
        for service in stack.services.values()
        if service.name not in found and service.name not in instance.left_out
    ]
    failed: ToolMissing | None = None
    names = [service.local.program for service in missing]
    if wanted := [name for name in names if obtainable(name)]:
        try:
            get_many(wanted, progress)
        except ToolMissing as error:
            failed = error
        found = find_programs(stack, instance)
    left_out = {name: why for name, why in instance.left_out.items() if name not in found}
    for service in missing:
        if service.name in found:
            continue
        program = service.local.program
        reason = (
            failed if failed and program in wanted else ToolMissing(why_missing(program), remedy(program))
        )
        if service.local.optional is None:
            raise reason
        left_out[service.name] = f"{reason.problem}; {reason.remedy}"
    return instance.changed(programs={name: _record(p) for name, p in found.items()}, left_out=left_out)


def _record(program: Program) -> Mapping[str, str]:
    return {"path": str(program.path), "home": str(program.home or "")}


def _recorded(instance: Instance, service: str, name: str) -> Program | None:
    known: Any = instance.programs.get(service)
    if not known or Path(known["path"]).name != name or not os.access(known["path"], os.X_OK):
        return None
    return Program(name, Path(known["path"]), Path(known["home"]) if known["home"] else None, "", "PATH")
