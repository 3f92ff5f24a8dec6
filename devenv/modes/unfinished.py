"""What goes on of a command that was killed: Compose or k3d, which was its child, works to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.instance import Instance

if TYPE_CHECKING:
    from psutil import Process

GRACE_S = 10.0


@contextmanager
def noted(instance: Instance) -> Iterator[None]:
    """Notes that a child is at work; the note stays where this command is killed, or ends with an error.

    Of an instance whose state is gone nothing is noted.
    """
    if not instance.project.state.is_dir():
        yield
        return
    note = _note(instance)
    note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    note.touch()
    yield
    note.unlink(missing_ok=True)


def unfinished(instance: Instance) -> list[Process]:
    """Processes of commands that are gone: they carry the instance's mark, and no service's. To be asked by
    the one command that holds the instance's lock."""
    if instance.folder.is_dir() and not _note(instance).exists():
        return []
    from devenv.marks import of_instance  # psutil, which a command with nothing to look for need not load

    return [marked.process for marked in of_instance(instance.name) if not marked.service]


def end_unfinished(instance: Instance) -> None:
    """Ends them: whatever they were to do is a matter of the next command."""
    if found := unfinished(instance):
        from devenv.marks import end

        end(found, "SIGINT", GRACE_S)
    _note(instance).unlink(missing_ok=True)


def _note(instance: Instance) -> Path:
    return instance.folder / "at-work"
