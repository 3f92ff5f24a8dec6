"""Hands this process over to a person's command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import NoReturn

from devenv.errors import UsageError


def replace_with(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Becomes `command`, which then has the terminal, the signals and the exit code to itself."""
    program = shutil.which(command[0], path=environment.get("PATH"))
    if program is None:
        raise UsageError(f"there is no program {command[0]} on PATH", "check its name")
    os.execve(program, list(command), dict(environment))  # noqa: S606 (no shell is wanted)
