"""What could keep the containers from starting, named before anything is started."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from devenv.errors import DevenvError
from devenv.instance import Instance
from devenv.modes.base import Problem
from devenv.modes.compose.engine import Engine
from devenv.ports import holder_name, is_free
from devenv.stack.model import Stack

NEEDED_MEMORY = 3 * 1024**3
READABLE_BY_ALL = 0o004


def engine_problems(engine: Engine) -> Iterable[Problem]:
    """Whether an engine answers."""
    try:
        engine.api.ping()
    except DevenvError as error:
        yield Problem(error.problem, error.remedy)


def port_problems(instance: Instance, running: Collection[str]) -> Iterable[Problem]:
    """Whether another program has taken a port; those of `running` services are the instance's own."""
    for service, port in instance.ports.items():
        if service not in running and not is_free(port):
            yield Problem(
                f"port {port} of {service} is taken by {holder_name(port)}",
                f"stop it, or give {service} another: [ports] {service} = PORT in devenv.toml",
            )


def file_problems(stack: Stack) -> Iterable[Problem]:
    """Whether the containers' users, who own nothing here, can read what is mounted."""
    for config in stack.configs.values():
        if config.file and not Path(config.file).stat().st_mode & READABLE_BY_ALL:
            yield Problem(
                f"{config.file} cannot be read by the users of the containers",
                f"let everybody read it: chmod -R a+rX {Path(config.file).parent}",
            )


def memory_problems(engine: Engine) -> Iterable[Problem]:
    """Whether the engine has memory for the platform; Docker Desktop's machine often has little."""
    total = int(engine.api.info().get("MemTotal", NEEDED_MEMORY))
    if total < NEEDED_MEMORY:
        yield Problem(
            f"the Docker engine has {total / 1024**3:.1f} GiB of memory, and the platform takes about 3 GiB",
            "give it more: Docker Desktop, Settings, Resources",
            warning=True,
        )
