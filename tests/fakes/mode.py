"""A mode that runs the stack in memory: what is started in one command is seen by the next."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from devenv.clock import Deadline
from devenv.endpoints import Endpoint, Endpoints
from devenv.errors import ServiceFailed
from devenv.instance import Instance
from devenv.modes.base import Change, Described, Event, Problem, Progress, ServiceStatus
from devenv.modes.described import describe_containers
from devenv.settings import Settings
from devenv.stack.compose import last, load
from devenv.stack.model import Stack
from devenv.stack.variables import base_variables


@dataclass
class World:
    """The machine that the fake's services run on. A test can break it.

    running: service -> digest of what it was started with
    problems: what preflight finds
    dying: services that end as soon as they are started
    starts: how often each service was started
    """

    running: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    dying: set[str] = field(default_factory=set)
    starts: Counter[str] = field(default_factory=Counter)

    def listening(self, instance: Instance) -> set[int]:
        """The ports on which something answers."""
        return {instance.ports[name] for name in self.running}


WORLDS: dict[str, World] = {}


@dataclass
class FakeMode:
    """The instance in its world."""

    instance: Instance
    written: Stack
    stack: Stack
    world: World

    def preflight(self) -> list[Problem]:
        return list(self.world.problems)

    def prepare(self, progress: Progress) -> None:
        progress("nothing to prepare")

    def changes(self, services: Sequence[str]) -> list[Change]:
        return [self._change(name) for name in self.stack.needed_by(tuple(services))]

    def start(self, services: Sequence[str], deadline: Deadline) -> Iterator[Event]:
        planned = {change.service: change.action for change in self.changes(services)}
        for name in self._ordered(planned):
            if planned[name] == "keep":
                yield Event(name, "unchanged", deadline.passed)
                continue
            if planned[name] == "restart":
                yield from self.stop([name])
            yield Event(name, "starting", deadline.passed)
            if name in self.world.dying:
                raise ServiceFailed(f"service {name}: it ended", f"read its log: devenv logs {name}", "bang")
            self.world.running[name] = self._digest(name)
            self.world.starts[name] += 1
            self.world.lines.append((name, f"{name} listens"))
            yield Event(name, "ready", deadline.passed)

    def stop(self, services: Sequence[str]) -> Iterator[Event]:
        for name in reversed(self._ordered(services)):
            if name in self.world.running:
                yield Event(name, "stopping", 0.0)
                del self.world.running[name]
                yield Event(name, "stopped", 0.0)

    def restart(self, service: str, deadline: Deadline) -> Iterator[Event]:
        yield from self.stop([service])
        yield from self.start([service], deadline)

    def purge(self) -> None:
        self.world.data.clear()
        self.world.lines.clear()
        (self.instance.folder / "instance.json").unlink(missing_ok=True)

    def status(self) -> list[ServiceStatus]:
        return [
            ServiceStatus(name, "ready", pid=1000 + number, started=float(self.world.starts[name]))
            if name in self.world.running
            else ServiceStatus(name, "stopped")
            for number, name in enumerate(self.stack.services)
        ]

    def endpoints(self) -> Endpoints:
        return {
            name: Endpoint(name, "http", "127.0.0.1", self.instance.ports[name])
            for name in self.stack.services
        }

    def client_variables(self) -> Mapping[str, str]:
        return {}

    def logs(self, services: Sequence[str], lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        for service in services:
            written = [line for name, line in self.world.lines if name == service]
            yield from ((service, line) for line in written[len(written) - lines :])

    def exec(self, service: str, command: Sequence[str]) -> int:
        return int(command[-1].removeprefix("raise SystemExit(").removesuffix(")"))

    def describe(self) -> Mapping[str, Described]:
        return describe_containers(self.stack, self.instance.project.root)

    def _change(self, name: str) -> Change:
        if name not in self.world.running:
            return Change(name, "start", "it is not running")
        if self.world.running[name] != self._digest(name):
            return Change(name, "restart", "its configuration has changed")
        return Change(name, "keep")

    def _ordered(self, names: Sequence[str] | Mapping[str, object]) -> list[str]:
        graph = {name: service.depends_on for name, service in self.stack.services.items()}
        return [name for name in TopologicalSorter(graph).static_order() if name in names]

    def _digest(self, name: str) -> str:
        return hashlib.sha256(repr(self.stack.services[name]).encode()).hexdigest()


def open_mode(instance: Instance, settings: Settings) -> FakeMode:
    """As every mode is opened."""
    files = instance.project.stack_files(str(instance.s3_engine))
    stack = load(files, base_variables(instance, settings), instance.folder / "cache")
    return FakeMode(instance, stack, stack, WORLDS.setdefault(instance.name, World()))


def open_last(instance: Instance) -> FakeMode | None:
    """The mode with the stack that was read last."""
    stack = last(instance.folder / "cache")
    world = WORLDS.setdefault(instance.name, World())
    return FakeMode(instance, stack, stack, world) if stack else None


def end_orphans(instance: Instance, volumes: bool) -> int:
    """Ends what still runs of an instance whose state is gone."""
    world = WORLDS.setdefault(instance.name, World())
    count = len(world.running)
    world.running.clear()
    if volumes:
        world.data.clear()
    return count
