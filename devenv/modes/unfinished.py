"""What goes on of a command that was killed: Compose or k3d, which was its child, works to its end."""

from __future__ import annotations

from psutil import Process

from devenv.instance import Instance
from devenv.marks import end, of_instance

GRACE_S = 10.0


def unfinished(instance: Instance) -> list[Process]:
    """Processes of commands that are gone: they carry the instance's mark, and no service's. To be asked by
    the one command that holds the instance's lock."""
    return [marked.process for marked in of_instance(instance.name) if not marked.service]


def end_unfinished(instance: Instance) -> None:
    """Ends them: whatever they were to do is a matter of the next command."""
    end(unfinished(instance), "SIGINT", GRACE_S)
