"""What `devenv tools` shows: every program of local mode, where it is, who needs it, how to get it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from devenv.programs.finding import Program, find, why_missing
from devenv.programs.known import KNOWN


@dataclass(frozen=True)
class Row:
    """One program; `path`, `version` and `source` are empty where it is missing, `reason` where it is not."""

    name: str
    version: str
    path: str
    source: str
    service: str
    reason: str
    remedy: str


def catalogue(environ: Mapping[str, str] = os.environ) -> list[Row]:
    """A row for every program that a service runs; those on PATH are asked their version."""
    return [_row(entry.name, entry.service, environ) for entry in KNOWN.values() if entry.service]


def _row(name: str, service: str, environ: Mapping[str, str]) -> Row:
    program = find(name, environ)
    if program is None:
        from devenv.programs.getting import remedy

        return Row(name, "", "", "", service, why_missing(name, environ), remedy(KNOWN[name], environ))
    return Row(name, version(program), str(program.path), program.source, service, "", "")


def version(program: Program, seconds: float = 10.0) -> str:
    """The program's version, asking it for at most `seconds` if need be; empty if it does not say."""
    if program.version:
        return program.version
    try:
        asked = subprocess.run(
            [str(program.path), "version" if program.name == "weed" else "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    said = re.search(r"RELEASE\.\S+|DEVELOPMENT\.\S+|\d+\.\d+[\w.+~-]*", asked.stdout + asked.stderr)
    return said.group().rstrip(".,)") if said else ""
