"""Local mode's programs: where each one is, and how to get those that can be had."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from devenv.programs.finding import Program, find, obtainable, why_missing
from devenv.programs.listing import Row, catalogue, version

__all__ = [
    "Program",
    "Row",
    "catalogue",
    "find",
    "get",
    "get_many",
    "obtainable",
    "remedy",
    "version",
    "why_missing",
]

Progress = Callable[[str], None]


def get(name: str, progress: Progress, environ: Mapping[str, str] = os.environ) -> Program:
    """`name` from where it can be had, unless it is there already; ToolMissing says why it cannot be."""
    return get_many([name], progress, environ)[name]


def get_many(
    names: Iterable[str], progress: Progress, environ: Mapping[str, str] = os.environ
) -> dict[str, Program]:
    """As `get`, for several programs: those that come as Debian packages in one run of apt."""
    from devenv.programs.getting import get_all  # not loaded by an `up` that finds everything

    return get_all(list(names), progress, environ)


def remedy(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """How a person gets `name` where devenv cannot."""
    from devenv.programs.getting import remedy
    from devenv.programs.known import known

    return remedy(known(name), environ)
