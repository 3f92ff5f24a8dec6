"""What a mode is: the few things that local, compose and K3s each do in their own way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from devenv.clock import Deadline
from devenv.endpoints import Endpoints
from devenv.instance import Instance
from devenv.stack.model import Stack


@dataclass(frozen=True)
class Problem:
    """Something that would fail later, and its remedy; a warning does not stop `up`."""

    what: str
    remedy: str
    warning: bool = False


@dataclass(frozen=True)
class Change:
    """What `start` would do with a service, and why; `keep` needs no reason."""

    service: str
    action: Literal["start", "restart", "keep", "leave out"]
    why: str = ""


@dataclass(frozen=True)
class Event:
    """Something that happened to a service while it was started or stopped.

    detail: why it was left out, restarted or stopped; empty otherwise.
    seconds: since the operation began
    """

    service: str
    kind: Literal["starting", "ready", "unchanged", "left out", "stopping", "stopped"]
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class ServiceStatus:
    """One service as it is now."""

    service: str
    state: Literal["ready", "starting", "unhealthy", "stopped", "failed", "left out"]
    detail: str = ""
    pid: int | None = None
    restarts: int = 0
    started: float | None = None  # seconds since 1970
    image: str | None = None


@dataclass(frozen=True)
class Contained:
    """How a container is held: facts of the modes that have containers, and of no process.

    memory, shared_memory: in bytes; cpus: in cores; None where there is no limit
    tmpfs: paths of folders in memory; security: such as `no-new-privileges:true`
    reaped: whether children that have lost their parent are; restarted: whether it is when it ends
    start_interval: seconds between two questions until it is ready first; start_period: seconds until it has
        failed; retries: failures in a row until it is not ready afterwards
    asking: how it is asked from then on, in its keeper's own terms: `health.interval` or `probe.period`
    """

    user: str
    memory: int | None
    cpus: float | None
    shared_memory: int | None
    read_only: bool
    dropped: tuple[str, ...]
    security: tuple[str, ...]
    tmpfs: tuple[str, ...]
    reaped: bool
    restarted: bool
    start_interval: float
    start_period: float
    retries: int
    asking: Mapping[str, str]


@dataclass(frozen=True)
class Described:
    """What the mode runs for a service, in the words of its container; secrets stand in it as their tokens.

    A mode that translates paths and addresses (local) gives them back as the container's, where they are the
    ones that it has put in their place; any other stands as it is.

    version: the one that the stack names; what really runs only the service itself can tell
    variables: the stack's variables of this service (S3_ADDRESS, S3_PORT, ...) as this mode has them
    command: with the entrypoint
    ready: the question that readiness asks: `GET s3:9000/path`, or the words of a command
    bucket_call: whether a real S3 call is asked for, too
    stop: the signal that ends it, and the seconds until it is killed
    volumes: path in the container -> `volume NAME` or `folder PATH` of the project, and ` read-only`
    configs: path in the container -> the text of the configuration file
    contained: None for a process
    """

    version: str
    variables: Mapping[str, str]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: tuple[str, ...]
    bucket_call: bool
    stop: tuple[str, float]
    depends_on: tuple[str, ...]
    volumes: Mapping[str, str]
    configs: Mapping[str, str]
    contained: Contained | None


class Mode(Protocol):
    """One way to run the stack. Each method can be called again at any time, in any state."""

    instance: Instance
    written: Stack  # as it stands in the files
    stack: Stack  # with the instance's own variables

    def preflight(self) -> list[Problem]:
        """All that would make `start` fail, at once. Changes nothing."""

    def prepare(self, progress: Progress) -> None:
        """Programs or images, rendered files."""

    def changes(self, services: Sequence[str]) -> list[Change]:
        """What `start` would do, with `services` and all that they need. Changes nothing."""

    def start(self, services: Sequence[str], deadline: Deadline) -> Iterator[Event]:
        """Starts what is not running as it should, each service as soon as what it depends on is ready.

        Raises ServiceFailed for one that ends, or is not ready at the deadline.
        """

    def stop(self, services: Sequence[str]) -> Iterator[Event]:
        """Stops services, each after what depends on it; the data stay.

        All of them together leave nothing behind: no process, port, or temporary file.
        """

    def restart(self, service: str, deadline: Deadline) -> Iterator[Event]:
        """Stops one service and starts it again."""

    def purge(self) -> None:
        """Deletes the data of a stopped instance."""

    def status(self) -> list[ServiceStatus]:
        """Every service of the stack as it is now."""

    def endpoints(self) -> Endpoints:
        """Where each service is reached from this machine."""

    def client_variables(self) -> Mapping[str, str]:
        """Environment variables with which the mode's own tools reach the instance."""

    def logs(self, services: Sequence[str], lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        """(service, line): the last `lines` of each, then new ones as they come."""

    def exec(self, service: str, command: Sequence[str]) -> int:
        """Runs a command where and as the service runs; returns its exit code."""

    def describe(self) -> Mapping[str, Described]:
        """What `start` runs, service by service; a service that is left out is not in it."""


@dataclass(frozen=True)
class Running:
    """An instance of which something runs on this machine: so many processes or containers."""

    name: str
    mode: str
    project: Path
    parts: int


class Progress(Protocol):
    """Takes a line about what is being done."""

    def __call__(self, line: str) -> None: ...
