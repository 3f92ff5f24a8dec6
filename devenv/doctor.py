"""Checks of this machine and this project, and the report that goes with a bug."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from devenv import __version__, programs
from devenv.errors import DevenvError
from devenv.instance import load_instance
from devenv.modes import available
from devenv.project import Project
from devenv.secrets import read_secrets, redact
from devenv.workflow import Session, opened, status

LOG_LINES = 40
LEAST_MEMORY = 3 * 1024**3
LEAST_DISK = 2 * 1024**3


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warning", "wrong"]
    detail: str
    remedy: str = ""


def run(session: Session) -> list[Check]:
    """All checks, in the order in which a person would mend them."""
    checks: list[Callable[[], Iterator[Check]]] = [
        _python,
        _memory,
        lambda: _disk(session.project),
        _programs,
        lambda: _lake(session),
        *(lambda mode=mode: _instance(session, mode) for mode in available()),
    ]
    found = []
    for check in checks:
        try:
            found += list(check())
        except DevenvError as error:
            found.append(Check("project", "wrong", error.problem, error.remedy))
    return found


def full_report(session: Session) -> str:
    """Checks, versions, states and the ends of the logs, as Markdown, with no secret in it."""
    lines = [
        f"# devenv {__version__}, Python {platform.python_version()}, {platform.platform()}",
        "",
        "## Checks",
    ]
    lines += [
        f"- {check.state}: {check.name}: {check.detail} {check.remedy}".rstrip() for check in run(session)
    ]
    lines += ["", "## Programs"]
    lines += [
        f"- {row.name} {row.version} {row.source} {row.path or row.reason}" for row in programs.catalogue()
    ]
    for name in available():
        if not load_instance(session.project, name).ports:
            continue
        try:
            secrets = read_secrets(session.project.secrets_file)
            mode = opened(session, name)
            for service in mode.stack.services:
                tail = [redact(line, secrets) for _, line in mode.logs([service], LOG_LINES, False)]
                lines += ["", f"## {name}: last lines of {service}", "```", *tail, "```"]
        except DevenvError as error:
            lines += ["", f"## {name}: {error.problem}"]
    text = "\n".join(lines).replace(str(session.project.root), "PROJECT")
    return text.replace(os.path.expanduser("~"), "~")


def _python() -> Iterator[Check]:
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.platform == "win32":
        yield Check("python", "wrong", found, "run devenv inside WSL: wsl --install")
    else:
        yield Check("python", "ok", found)


def _memory() -> Iterator[Check]:
    import psutil

    free = psutil.virtual_memory().available
    detail = f"{free / 1024**3:.1f} GiB available"
    if free < LEAST_MEMORY:
        yield Check("memory", "warning", detail, "close something: the platform takes about 1.5 GiB")
    else:
        yield Check("memory", "ok", detail)


def _disk(project: Project) -> Iterator[Check]:
    free = shutil.disk_usage(project.root).free
    detail = f"{free / 1024**3:.1f} GiB free at {project.root}"
    if not os.access(project.root, os.W_OK):
        yield Check(
            "disk", "wrong", f"{project.root} cannot be written to", "move the project, or take it over"
        )
    elif free < LEAST_DISK:
        yield Check("disk", "warning", detail, "make room on that disk")
    else:
        yield Check("disk", "ok", detail)


def _programs() -> Iterator[Check]:
    for row in programs.catalogue():
        if row.path:
            yield Check(row.name, "ok", f"{row.version} ({row.source})".strip())
        elif row.name != "minio":  # SeaweedFS serves as well
            yield Check(row.name, "warning", row.reason, row.remedy)


def _lake(session: Session) -> Iterator[Check]:
    spec = session.lake_spec()
    yield Check("seed/lake.toml", "ok", f"{len(spec.buckets)} buckets, {len(spec.deployments)} deployments")


def _instance(session: Session, mode: str) -> Iterator[Check]:
    instance, services, opened_mode = status(session, mode)
    if opened_mode is None:
        yield Check(f"mode {mode}", "ok", "never been up")
        return
    for problem in opened_mode.preflight():
        yield Check(f"mode {mode}", "warning" if problem.warning else "wrong", problem.what, problem.remedy)
    bad = [entry for entry in services if entry.state in ("failed", "unhealthy")]
    for entry in bad:
        remedy = f"devenv logs {entry.service}"
        yield Check(f"{mode}: {entry.service}", "wrong", f"{entry.state}: {entry.detail}", remedy)
    if not bad:
        up = sum(entry.state == "ready" for entry in services)
        yield Check(f"mode {mode}", "ok", f"{instance.name}: {up} of {len(services)} services ready")
