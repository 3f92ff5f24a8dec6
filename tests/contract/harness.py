"""How to make a fresh instance of a mode, and how to look at it from outside."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import httpx
import psutil

from devenv.clock import Deadline
from devenv.errors import DevenvError
from devenv.instance import MARK, load_instance, project_name
from devenv.modes import open_mode
from devenv.modes.base import Mode
from devenv.modes.compose.engine import PROJECT_LABEL, find_engine
from devenv.ports import is_free
from devenv.project import Project
from devenv.settings import Settings, read_settings
from devenv.settle import settle
from devenv.stack.compose import program
from tests.fakes import mode as fake
from tests.fakes.project import override, write_project

DEADLINE_S = 300.0


class Harness(Protocol):
    """One project folder, whose stack is the tiny one of tests/fakes/project.py, in one mode."""

    mode_name: str
    project: Project
    settings: Settings

    def unavailable(self) -> str | None:
        """Why this mode cannot be tested on this machine; None where it can be."""

    def open(self) -> Mode:
        """The mode as a new command would open it, with programs or images prepared."""

    def give(self, service: str, **environment: str) -> None:
        """Adds to the environment of `service` in the stack, for modes opened from then on."""

    def put(self, mode: Mode, service: str, value: str) -> None:
        """Has `service` keep `value` among its data, through its endpoint."""

    def value(self, mode: Mode, service: str) -> str | None:
        """What `service` keeps; None for nothing."""

    def answers(self, mode: Mode, service: str) -> bool:
        """Whether something answers at the endpoint of `service`."""

    def left(self) -> list[str]:
        """What of the instance is left on this machine: nothing, once it is stopped."""

    def clear(self) -> None:
        """Ends the instance, in whatever state a test has left it, and deletes its data."""


class Tiny:
    """What every harness of a real mode does in the same way."""

    mode_name: str

    def __init__(self, root: Path) -> None:
        self.project = Project(root) if root.exists() else write_project(root)
        self.settings = read_settings(root, {})

    @property
    def name(self) -> str:
        """The name of what belongs to the project on an engine or in a cluster."""
        return project_name(self.project)

    def unavailable(self) -> str | None:
        return None

    def open(self) -> Mode:
        mode = self.unprepared()
        mode.prepare(lambda line: None)
        return mode

    def unprepared(self) -> Mode:
        """The mode before `prepare`, which may need an engine."""
        settle(self.project, self.mode_name, self.settings)
        return open_mode(load_instance(self.project, self.mode_name), self.settings)

    def give(self, service: str, **environment: str) -> None:
        override(self.project, service, {"environment": environment})

    def put(self, mode: Mode, service: str, value: str) -> None:
        httpx.put(self._url(mode, service), content=value, trust_env=False).raise_for_status()

    def value(self, mode: Mode, service: str) -> str | None:
        answer = httpx.get(self._url(mode, service), trust_env=False)
        return answer.text if answer.is_success else None

    def answers(self, mode: Mode, service: str) -> bool:
        return not is_free(mode.endpoints()[service].port)

    def left(self) -> list[str]:
        raise NotImplementedError

    def clear(self) -> None:
        self.project.override.unlink(missing_ok=True)
        mode = self.open()
        for _ in mode.stop(tuple(mode.stack.services)):
            pass
        assert self.left() == []
        mode.purge()

    def _url(self, mode: Mode, service: str) -> str:
        return f"{mode.endpoints()[service].url}/value"


class LocalHarness(Tiny):
    """Local mode with real processes."""

    mode_name = "local"

    def left(self) -> list[str]:
        instance = load_instance(self.project, self.mode_name)
        left = [f"process {process.pid}: {process.name()}" for process in self.processes()]
        left += [f"port {port} of {key}" for key, port in instance.ports.items() if not is_free(port)]
        if instance.runtime.exists():
            left.append(f"folder {instance.runtime}")
        return left

    def processes(self) -> list[psutil.Process]:
        """The processes that carry the instance's mark."""
        name, found = load_instance(self.project, self.mode_name).name, []
        for process in psutil.process_iter():
            try:
                if (
                    process.environ().get(MARK) == name
                    and process.is_running()
                    and process.status() != psutil.STATUS_ZOMBIE
                ):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def service_pid(self, mode: Mode, service: str) -> int:
        """The pid of `service` by the mode's status."""
        (pid,) = (entry.pid for entry in mode.status() if entry.service == service)
        assert pid is not None
        return pid

    def supervisor(self) -> psutil.Process:
        """The process that all others are children of."""
        by_pid = {process.pid: process for process in self.processes()}
        (first,) = (process for process in by_pid.values() if process.ppid() not in by_pid)
        return first


class ComposeHarness(Tiny):
    """Compose mode on a real engine, in an image with Python."""

    mode_name = "compose"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.image = image_with_python()
        self.settings = replace(self.settings, variables={"TINY_IMAGE": self.image})

    def unavailable(self) -> str | None:
        try:
            engine = find_engine()
            engine.api.ping()
        except DevenvError as error:
            return error.problem
        return None if engine.image_id(self.image) else f"the engine has no image {self.image}"

    def by_hand(self, mode: Mode, *words: str) -> None:
        """Runs Compose as a person would, with the file that devenv wrote."""
        file, env = self.project.root / "compose" / "compose.yaml", self.project.state / "compose.env"
        subprocess.run(
            [program(), "--file", str(file), "--env-file", str(env), *words],
            check=True,
            capture_output=True,
            timeout=DEADLINE_S,
        )

    def left(self) -> list[str]:
        api = find_engine().api
        filters = {"label": f"{PROJECT_LABEL}={self.name}"}
        left = [f"container {entry['Names'][0]}" for entry in api.containers(all=True, filters=filters)]
        return left + [f"network {entry['Name']}" for entry in api.networks(filters=filters)]

    def volumes(self) -> list[str]:
        """The instance's volumes: they outlive a stop, and not a purge."""
        filters = {"label": f"{PROJECT_LABEL}={self.name}"}
        return [entry["Name"] for entry in find_engine().api.volumes(filters=filters)["Volumes"] or []]


class FakeHarness(Tiny):
    """The fake mode: everything in memory. It proves the scenarios, and what drives a mode."""

    mode_name = "fake"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        fake.WORLDS.clear()

    def put(self, mode: Mode, service: str, value: str) -> None:
        self._world(mode).data[service] = value

    def value(self, mode: Mode, service: str) -> str | None:
        return self._world(mode).data.get(service)

    def answers(self, mode: Mode, service: str) -> bool:
        return mode.endpoints()[service].port in self._world(mode).listening(mode.instance)

    def left(self) -> list[str]:
        return [name for world in fake.WORLDS.values() for name in world.running]

    def _world(self, mode: Mode) -> fake.World:
        return fake.WORLDS[mode.instance.name]


@contextmanager
def instance(harness: Harness) -> Iterator[None]:
    """The instance is gone in the end, whatever the test has left of it."""
    try:
        yield
    finally:
        harness.clear()


def image_with_python() -> str:
    """The stack's own image for flows, which is built anyway; TINY_IMAGE names another."""
    return os.environ.get("TINY_IMAGE", "crypto-lakehouse/flows:0.1.0")


def deadline() -> Deadline:
    """Minutes, so that a slow machine does not matter: no scenario takes it all."""
    return Deadline.after(DEADLINE_S)
