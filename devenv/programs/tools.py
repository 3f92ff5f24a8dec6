"""The tools folder: programs that devenv got, a folder `name-version` each, shared by this user's clones.

A folder appears under its own name only when it is complete; until then it has a name that nobody looks for.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_WORK = ".work-"


@dataclass(frozen=True)
class Installed:
    """A complete folder of the tools folder."""

    path: Path
    version: str


def tools_folder(environ: Mapping[str, str]) -> Path:
    """$DEVENV_TOOLS, or devenv/tools in the user's cache folder; it need not exist."""
    if chosen := environ.get("DEVENV_TOOLS"):
        return Path(chosen).expanduser().absolute()
    cache = environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(cache):  # the XDG specification says to ignore a relative one
        return Path(cache) / "devenv" / "tools"
    home = environ.get("HOME") or os.path.expanduser("~")
    return Path(home) / ".cache" / "devenv" / "tools"


def installed(folder: Path, name: str) -> Installed | None:
    """The newest version of `name` in the tools folder, or None."""
    try:
        entries = os.listdir(folder)
    except OSError:
        return None
    versions = [entry.removeprefix(f"{name}-") for entry in entries if entry.startswith(f"{name}-")]
    if not versions:
        return None
    newest = max(versions, key=_natural)
    return Installed(folder / f"{name}-{newest}", newest)


def _natural(version: str) -> list[tuple[int, int, str]]:
    """Sorts 2.9 before 2.42; numbers after words, so that a release is never older than its name."""
    parts = re.findall(r"\d+|\D+", version)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


@contextmanager
def locked(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the tools folder, making it if need be; `waiting()` is called when another process holds it."""
    from filelock import FileLock, Timeout  # `find` is on the path of every `up`, and needs no lock

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        _sweep(folder)
        yield
    finally:
        lock.release()


def _sweep(folder: Path) -> None:
    """Remove what a killed process left: whoever holds the lock is the only one at work."""
    for entry in folder.glob(f"{_WORK}*"):
        shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """A folder on the same file system as the tools folder, gone afterwards."""
    work = Path(tempfile.mkdtemp(prefix=_WORK, dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put(tree: Path, folder: Path, name: str, version: str) -> Path:
    """Move a complete `tree` into the tools folder in one step; one of that version that did not do goes."""
    place = folder / f"{name}-{version}"
    if place.exists():
        place.rename(folder / f"{_WORK}{name}-replaced")
    tree.rename(place)
    return place
