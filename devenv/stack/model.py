"""What the stack file says, as data: no mode is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class HttpProbe:
    """Ready when `GET path` on the container's `port` is answered with 200 to 399."""

    path: str
    port: int


@dataclass(frozen=True)
class ExecProbe:
    """Ready when this command, run inside the service, exits with 0."""

    command: tuple[str, ...]


Probe = HttpProbe | ExecProbe


@dataclass(frozen=True)
class HealthCheck:
    """Compose's health check; all times in seconds."""

    test: tuple[str, ...]
    interval: float
    timeout: float
    retries: int
    start_period: float
    start_interval: float


@dataclass(frozen=True)
class Port:
    """A container's port and where it is published on this machine."""

    target: int
    published: int
    host_ip: str


@dataclass(frozen=True)
class Mount:
    """A named volume, or a folder of the project, at `target` in the container."""

    kind: Literal["volume", "bind"]
    source: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class ConfigMount:
    """A configuration file of the stack at `target` in the container."""

    config: str
    target: str


@dataclass(frozen=True)
class ConfigFile:
    """A configuration file: a path on this machine, or its text."""

    file: str | None
    content: str | None


@dataclass(frozen=True)
class Limits:
    """What a container may use at most: memory in bytes, processors as a number of cores."""

    memory: int | None
    cpus: float | None


@dataclass(frozen=True)
class Local:
    """`x-local`: how a service runs as a plain process.

    program: its name in devenv.programs
    command: in place of entrypoint and command, where they differ
    entrypoint: a script under compose/ that prepares and then runs the command
    ports: ports that only a process needs, by the name of their variable
    above: the names of those that have to be 10000 above another -> that other's name
    optional: what is lost without it; None for a service that the platform cannot do without
    as_root: whether it runs as root where devenv does
    """

    program: str
    command: tuple[str, ...] | None = None
    entrypoint: str | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    above: Mapping[str, str] = field(default_factory=dict)
    optional: str | None = None
    as_root: bool = True


@dataclass(frozen=True)
class Service:
    """One service of the stack."""

    name: str
    image: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ports: tuple[Port, ...]
    mounts: tuple[Mount, ...]
    configs: tuple[ConfigMount, ...]
    depends_on: tuple[str, ...]
    health: HealthCheck
    ready: Probe
    bucket_call: bool
    stop_signal: str
    stop_grace: float
    user: str
    limits: Limits
    options: Mapping[str, object]
    local: Local

    @property
    def health_configs(self) -> tuple[ConfigMount, ...]:
        """Configuration files that the health check alone runs."""
        return tuple(item for item in self.configs if item.target in self.health.test)

    @property
    def own_configs(self) -> tuple[ConfigMount, ...]:
        """Configuration files of the service itself."""
        return tuple(item for item in self.configs if item not in self.health_configs)

    @property
    def variable(self) -> str:
        """The prefix of its variables in the stack file: `PREFECT_SERVER` for prefect-server."""
        return self.name.upper().replace("-", "_")


@dataclass(frozen=True)
class Stack:
    """All services, with the configuration files and volumes that they name."""

    name: str
    services: Mapping[str, Service]
    configs: Mapping[str, ConfigFile]
    volumes: Mapping[str, str]

    def needed_by(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """`names` and all that they depend on, in the order of the stack file."""
        found: set[str] = set()
        queue = list(names)
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                queue.extend(self.services[name].depends_on)
        return tuple(name for name in self.services if name in found)
