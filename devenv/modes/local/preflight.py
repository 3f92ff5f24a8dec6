"""What could keep the processes from starting, named before anything is started."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from devenv.clock import Deadline
from devenv.instance import Instance
from devenv.modes.base import Problem
from devenv.modes.local.identity import not_root
from devenv.modes.local.plan import Process
from devenv.ports import holder, holder_name, is_ending, is_free, is_held_by
from devenv.ready import NotReady, wait_until

NEEDED_BYTES = 500 * 1024**2
ENDING_S = 30.0


def platform_problems() -> Iterable[Problem]:
    """Whether local mode can run on this system at all."""
    if sys.platform == "win32":
        return [Problem("local mode needs Linux or macOS", "run it inside WSL: wsl --install")]
    return []


def disk_problems(instance: Instance) -> Iterable[Problem]:
    """Whether the state folder can take data."""
    usage = shutil.disk_usage(instance.folder)
    if usage.free < NEEDED_BYTES:
        free, needed = usage.free // 1024**2, NEEDED_BYTES // 1024**2
        yield Problem(
            f"{instance.folder} has {free} MB free, and the platform needs {needed} MB",
            "make room on that disk, or move the project to another",
        )


def root_problems(processes: Mapping[str, Process]) -> Iterable[Problem]:
    """Whether a service that refuses to be root can be shown another user."""
    refusing = [name for name, process in processes.items() if not process.service.local.as_root]
    if refusing and not_root() is None:
        yield Problem(
            f"{refusing[0]} refuses to run as root, and neither unshare nor setpriv can help here",
            "run devenv as a normal user: useradd -m dev && su - dev",
        )


def postgres_problems(processes: Mapping[str, Process], instance: Instance) -> Iterable[Problem]:
    """Whether the data are of the major version that this Postgres can read."""
    process = processes.get("postgres")
    if process is None:
        return
    cluster = Path(process.environment["PGDATA"])
    # The major version is part of the folder's name, so another one's cluster lies beside it.
    parent = cluster.parent.parent
    found = {file.parent: file.read_text().strip() for file in parent.glob("*/*/PG_VERSION")}
    program = process.program.version.split(".")[0] or cluster.parent.name
    for folder, version in found.items():
        if version != program:
            yield Problem(
                f"{folder} holds data of Postgres {version}, and this is Postgres {program}",
                f"run the devenv that made them and dump them (devenv exec postgres -- pg_dumpall), "
                f"or delete this instance's data: devenv reset {instance.mode}",
            )


def port_problems(instance: Instance, running: Collection[str], own: Collection[int]) -> Iterable[Problem]:
    """Whether another program has taken a port of a service that is to be started.

    running: services that run, and so have their ports; own: pids of this instance
    """
    for key, port in instance.ports.items():
        service = key.partition(":")[0]
        if service in running or is_free(port):
            continue
        if is_held_by(port, own) or _becomes_free(port):
            continue
        yield Problem(
            f"port {port} of {service} is taken by {holder_name(port)}",
            f"stop it, or give {service} another: [ports] {service} = PORT in devenv.toml",
        )


def _becomes_free(port: int) -> bool:
    """Whether it is only held by a process that is ending: it shows no mark of its instance any more."""

    def held() -> str | None:
        return None if is_free(port) else "it is held"

    def stays() -> str | None:
        pid = holder(port)
        return "its holder stays" if pid is None or not is_ending(pid) else None

    with suppress(NotReady):
        wait_until(held, Deadline.after(ENDING_S), stays)
    return is_free(port)
