"""Every instance of this user: which ports are whose, also while an instance is down."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devenv.state import read_state, write_state


@dataclass(frozen=True)
class Entry:
    """One instance: `ports` maps `service` or `service:name` to a port of this machine."""

    name: str
    mode: str
    project: Path
    ports: Mapping[str, int]


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the registry lies: $XDG_STATE_HOME/devenv/instances, by default under ~/.local/state."""
    home = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "devenv" / "instances"


@contextmanager
def locked() -> Iterator[None]:
    """Keeps other clones from choosing ports at the same moment."""
    from filelock import FileLock

    place = folder()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(place / ".lock"):
        yield


def entries() -> list[Entry]:
    """The instances on record whose project folder still exists."""
    found = []
    for file in sorted(folder().glob("*.json")):
        content = read_state(file)
        if not content:
            continue  # forgotten meanwhile
        entry = Entry(file.stem, content["mode"], Path(content["project"]), content["ports"])
        if (entry.project / ".devenv" / entry.mode).is_dir():
            found.append(entry)
    return found


def record(entry: Entry) -> None:
    """Puts `entry` on record, in place of an older one of that name."""
    write_state(
        folder() / f"{entry.name}.json",
        {"mode": entry.mode, "project": str(entry.project), "ports": dict(entry.ports)},
    )


def forget(name: str) -> None:
    """Frees the ports of an instance that is gone."""
    (folder() / f"{name}.json").unlink(missing_ok=True)
