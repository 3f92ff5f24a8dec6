"""What could keep the cluster from starting, named before anything is started."""

from __future__ import annotations

import os
from collections.abc import Iterable

from devenv import programs
from devenv.instance import Instance
from devenv.modes.base import Problem
from devenv.modes.compose.engine import Engine
from devenv.modes.compose.preflight import engine_problems
from devenv.modes.k3s.k3d import REMEDY
from devenv.ports import holder_name, is_free

__all__ = ["engine_problems", "port_problems", "resource_problems", "tool_problems"]

NEEDED_MEMORY = 4 * 1024**3
# Kubelets refuse to start pods, and begin to delete images, below these.
NEEDED_DISK = 10 * 1024**3


def tool_problems() -> Iterable[Problem]:
    """Whether k3d is here."""
    if programs.find("k3d", os.environ) is None:
        yield Problem("k3d is not here: it makes the cluster", REMEDY)


def port_problems(instance: Instance, running: bool) -> Iterable[Problem]:
    """Whether another program has taken a port; a running cluster holds all of them."""
    if running:
        return
    for service, port in instance.ports.items():
        if not is_free(port):
            yield Problem(
                f"port {port} of {service} is taken by {holder_name(port)}",
                f"stop it, or give {service} another: [ports] {service} = PORT in devenv.toml",
            )


def resource_problems(engine: Engine) -> Iterable[Problem]:
    """Whether the engine has the memory and the disk for a cluster and the platform in it."""
    info = engine.ask("info")
    memory = int(info.get("MemTotal", NEEDED_MEMORY))
    if memory < NEEDED_MEMORY:
        yield Problem(
            f"the Docker engine has {memory / 1024**3:.1f} GiB of memory; cluster and platform take about 4",
            "give it more: Docker Desktop, Settings, Resources",
            warning=True,
        )
    root = info.get("DockerRootDir", "")
    # Only an engine on this machine has its folder here.
    if os.path.isdir(root):
        import shutil

        free = shutil.disk_usage(root).free
        if free < NEEDED_DISK:
            yield Problem(
                f"{root} has {free / 1024**3:.1f} GiB free; the cluster takes about 10",
                "make room for Docker: docker system prune",
                warning=True,
            )
