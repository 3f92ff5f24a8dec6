"""Port-forwards to a cluster elsewhere: a process a service, found again by its mark."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from devenv.instance import Instance, marks
from devenv.marks import GONE, all_marked, end, of_instance
from devenv.modes.k3s.kubectl import Kubectl, environment
from devenv.stack.addresses import LOOPBACK

GRACE_S = 5.0
ROUNDS = 20
# A forward ends with its pod: another is made until it is told to stop.
LOOP = "while :; do {command} >/dev/null 2>&1; sleep 0.5; done"


def forward(instance: Instance, kubectl: Kubectl, targets: Mapping[str, int]) -> None:
    """Has every service that is not forwarded yet be reached on this instance's port for it.

    targets: service -> its port in the cluster
    """
    there = _running(instance)
    for service, target in targets.items():
        ports = f"{instance.ports[service]}:{target}"
        words = kubectl.words("port-forward", f"service/{service}", ports, f"--address={LOOPBACK}")
        loop = LOOP.format(command=shlex.join(words))
        current = [process for process in there.get(service, []) if loop in _command(process)]
        if not current:
            end(there.get(service, []), "SIGTERM", GRACE_S)  # to a port that it had before
            subprocess.Popen(
                ["sh", "-c", loop],
                env={**environment(), **marks(instance, service)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )


def end_forwards(instance: Instance) -> int:
    """Ends them all; returns how many services were forwarded."""
    services: set[str] = set()
    for _ in range(ROUNDS):  # one that was just being started when it was looked for is found the next time
        found = _running(instance)
        if not found:
            break
        services.update(found)
        end([process for every in found.values() for process in every], "SIGTERM", GRACE_S)
    return len(services)


def forwarding() -> dict[str, tuple[Path, int]]:
    """Every instance that is forwarded to -> its project, and how many processes do it."""
    found: dict[str, tuple[Path, int]] = {}
    for marked in all_marked():
        if marked.service and marked.instance.endswith("-k3s"):
            before = found.get(marked.instance, (Path(marked.project), 0))[1]
            found[marked.instance] = Path(marked.project), before + 1
    return found


def is_forwarded(instance: Instance) -> bool:
    """Whether any service of it is."""
    return bool(_running(instance))


def _command(process: psutil.Process) -> list[str]:
    with suppress(*GONE):
        return list(process.cmdline())
    return []


def _running(instance: Instance) -> dict[str, list[psutil.Process]]:
    found: dict[str, list[psutil.Process]] = {}
    for marked in of_instance(instance.name):
        if marked.service:
            found.setdefault(marked.service, []).extend([marked.process, *_loop_around(marked.process)])
    return found


def _loop_around(process: psutil.Process) -> list[psutil.Process]:
    """The shell that would start it again; macOS does not show the mark of its own programs."""
    with suppress(*GONE):
        shell = process.parent()
        if shell and any(word.startswith(LOOP.partition("{")[0]) for word in _command(shell)):
            return [shell]
    return []
