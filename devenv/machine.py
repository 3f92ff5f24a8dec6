"""Every instance of this user on this machine: those on record, and those that only their processes show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devenv import registry
from devenv.errors import UsageError
from devenv.modes.local import processes
from devenv.project import Project
from devenv.settings import Settings, read_settings


@dataclass(frozen=True)
class Found:
    """One instance; `orphaned` is one that runs though its project folder is gone."""

    name: str
    mode: str
    state: str
    processes: int
    project: str


def instances() -> list[Found]:
    """All instances, running or not."""
    running: dict[str, list[processes.Marked]] = {}
    for marked in processes.all_marked():
        running.setdefault(marked.instance, []).append(marked)
    found = {
        entry.name: Found(
            entry.name,
            entry.mode,
            "running" if entry.name in running else "stopped",
            len(running.get(entry.name, [])),
            str(entry.project),
        )
        for entry in registry.entries()
    }
    for name, group in running.items():
        if name not in found:
            project = group[0].project
            state = "running" if (Path(project) / ".devenv").is_dir() else "orphaned"
            found[name] = Found(name, name.rpartition("-")[2], state, len(group), project)
    return sorted(found.values(), key=lambda entry: entry.name)


def stop_all(plan: bool, timeout: float) -> Iterator[str]:
    """Stops every running instance; yields a line for each."""
    from devenv.report import QuietReport
    from devenv.workflow import Session, down

    running = [entry for entry in instances() if entry.state != "stopped"]
    if not running:
        yield "no instance is running"
    for entry in running:
        if plan:
            yield f"would stop {entry.name} ({entry.project})"
        elif entry.state == "running":
            project = Project(Path(entry.project))
            down(Session(project, _settings(project), QuietReport()), entry.mode, False, timeout)
            yield f"stopped {entry.name} ({entry.project})"
        else:
            group = [marked.process for marked in processes.all_marked() if marked.instance == entry.name]
            processes.end(group, "SIGTERM", 10)
            yield f"stopped {entry.name}, whose project folder {entry.project} is gone"


def _settings(project: Project) -> Settings:
    """Another project's settings; the defaults where they are broken, which is enough to stop it."""
    try:
        return read_settings(project.root)
    except UsageError:
        return Settings()
