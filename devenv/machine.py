"""Every instance of this user on this machine: on record, or shown only by what runs of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devenv import modes, registry
from devenv.errors import DevenvError, UsageError
from devenv.instance import Instance
from devenv.project import Project
from devenv.settings import Settings, read_settings


@dataclass(frozen=True)
class Found:
    """One instance; `parts` are its processes or containers. `orphaned`: it runs, and its state is gone."""

    name: str
    mode: str
    state: Literal["running", "stopped", "orphaned"]
    parts: int
    project: str


def instances() -> list[Found]:
    """All instances, running or not."""
    running = {entry.name: entry for entry in modes.running()}
    found = {
        entry.name: Found(entry.name, entry.mode, "stopped", 0, str(entry.project))
        for entry in registry.entries()
    }
    for name, entry in running.items():
        there = (Path(entry.project) / ".devenv" / entry.mode).is_dir()
        found[name] = Found(
            name, entry.mode, "running" if there else "orphaned", entry.parts, str(entry.project)
        )
    return sorted(found.values(), key=lambda entry: entry.name)


def stop_all(plan: bool, timeout: float) -> Iterator[str]:
    """Stops every running instance; yields a line for each.

    Raises DevenvError for those that could not be stopped, once the others have been.
    """
    from devenv.report import QuietReport
    from devenv.workflow import Session, down

    running = [entry for entry in instances() if entry.state != "stopped"]
    if not running:
        yield "no instance is running"
    failed: list[DevenvError] = []
    for entry in running:
        project = Project(Path(entry.project))
        if plan:
            yield f"would stop {entry.name} ({entry.project})"
            continue
        try:
            if entry.state == "running":
                down(Session(project, _settings(project), QuietReport()), entry.mode, False, timeout)
                yield f"stopped {entry.name} ({entry.project})"
            else:
                modes.end_orphans(Instance(project, entry.mode), volumes=False)
                yield f"stopped {entry.name}, whose state in {entry.project} is gone"
        except DevenvError as error:
            yield f"could not stop {entry.name} ({entry.project}): {error.problem}"
            failed.append(error)
    if failed:
        raise DevenvError(f"{len(failed)} of {len(running)} were not stopped", failed[0].remedy)


def _settings(project: Project) -> Settings:
    """Another project's settings; the defaults where they are broken, which is enough to stop it."""
    try:
        return read_settings(project.root)
    except UsageError:
        return Settings()
