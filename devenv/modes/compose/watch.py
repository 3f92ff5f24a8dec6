"""Follows what Compose does to an instance's containers, and notices when one of them will not make it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from devenv.clock import Deadline
from devenv.errors import DevenvError, ServiceFailed
from devenv.modes.base import Event
from devenv.modes.compose.command import failed
from devenv.modes.compose.engine import Container, Engine, seconds_of
from devenv.ready import Probe

# The containers are looked at when the engine tells of something, and after this time in any case.
PAUSE_S = 1.0
LOG_LINES = 15
# A container that was restarting before this `up` is given a moment to be replaced by it.
PATIENCE_S = 5.0
INTERRUPT_S = 10.0
ENDED = "it ended right after it was started"
CULPRIT = re.compile(r"container (?P<name>\S+) (?P<why>is unhealthy|exited \(\d+\))")
STOP_LINE = re.compile(r"^ *Container (?P<name>\S+) +(?P<word>Stopping|Stopped) *$")


@dataclass(frozen=True)
class Watch:
    """One `docker-compose up` or `down` on `engine`.

    wanted: the configuration hash of each service to start
    calls: what a service is asked, too, once its container is healthy
    """

    engine: Engine
    project: str
    wanted: Mapping[str, str]
    deadline: Deadline
    calls: Mapping[str, Probe] = field(default_factory=dict)

    def until_ready(self, process: subprocess.Popen[str], output: Path) -> Iterator[Event]:
        """Yields events until all is ready and Compose has ended. Raises ServiceFailed at the first service
        that dies, is unhealthy, or is not ready at the deadline; Compose is stopped then."""
        running: set[str] = set()
        ready: set[str] = set()
        news = threading.Event()
        try:
            with self.engine.listening(self.project, news.set), _ending(process, news.set):
                first = self._containers()
                before = {entry.id for entry in first if entry.state == "restarting"}
                replaced = {entry.id: entry.service for entry in first if self._is_outdated(entry)}
                while True:
                    news.clear()
                    ended = process.poll() is not None
                    now = self._containers()
                    for gone in replaced.keys() - {entry.id for entry in now if entry.state == "running"}:
                        service = replaced.pop(gone)
                        yield Event(service, "stopping", self.deadline.passed)
                        yield Event(service, "stopped", self.deadline.passed)
                    for entry in now:
                        if entry.id in replaced:
                            continue
                        if entry.service not in self.wanted or entry.service in ready:
                            continue
                        if entry.state == "running" and entry.service not in running:
                            running.add(entry.service)
                            yield Event(entry.service, "starting", self.deadline.passed)
                        if self._is_ready(entry):
                            ready.add(entry.service)
                            yield Event(entry.service, "ready", self.deadline.passed)
                        self._check(entry, running, before)
                    if ended and (process.returncode or ready == self.wanted.keys()):
                        break
                    if self.deadline.left <= 0:
                        raise self._late(ready)
                    news.wait(min(PAUSE_S, self.deadline.left))
        finally:
            _interrupt(process)
        if process.returncode:
            raise self._failed(output)

    def until_gone(self, process: subprocess.Popen[str], began: float) -> Iterator[Event]:
        """Yields an event for each container that Compose says to be stopping or stopped, until it has ended;
        none for one that had ended before: `began` in seconds since 1970.

        Raises DevenvError with its last words where it fails.
        """
        said = []
        try:
            # Asked only now: the SDK is loaded while Compose is.
            ended = {entry.name for entry in self._containers() if self._had_ended(entry, began)}
            for line in process.stdout or ():
                said.append(line)
                found = STOP_LINE.match(line)
                if found and found["name"] not in ended:
                    kind: Literal["stopping", "stopped"] = (
                        "stopping" if found["word"] == "Stopping" else "stopped"
                    )
                    service = found["name"].removeprefix(f"{self.project}-").rpartition("-")[0]
                    yield Event(service, kind, self.deadline.passed)
            process.wait()
        finally:
            _interrupt(process)
            if process.stdout:
                process.stdout.close()
        if process.returncode:
            raise failed("down", "".join(said))

    def _containers(self) -> list[Container]:
        return self.engine.containers(self.project)

    def _had_ended(self, entry: Container, began: float) -> bool:
        if entry.state in ("running", "restarting", "paused"):
            return False
        finished = (self.engine.inspect(entry.id).get("State") or {}).get("FinishedAt", "")
        return (seconds_of(finished) or 0.0) < began

    def _is_outdated(self, entry: Container) -> bool:
        wanted = self.wanted.get(entry.service)
        return entry.state == "running" and wanted is not None and wanted != entry.config_hash

    def _is_ready(self, entry: Container) -> bool:
        current = entry.config_hash == self.wanted[entry.service]
        return current and entry.state == "running" and entry.health == "healthy" and not self._call(entry)

    def _call(self, entry: Container) -> str | None:
        """None where the service answers its call, or has none; else what was seen."""
        call = self.calls.get(entry.service)
        return call() if call else None

    def _check(self, entry: Container, running: Collection[str], before: Collection[str]) -> None:
        replaced_soon = entry.id in before and self.deadline.passed < PATIENCE_S
        died = entry.state == "restarting" or (entry.state in ("exited", "dead") and entry.service in running)
        if died and not replaced_soon:
            raise self._dead(entry, f"{ENDED}: {entry.text}")
        if entry.health == "unhealthy" and entry.config_hash == self.wanted[entry.service]:
            raise self._dead(entry, f"it is unhealthy: {self._last_answer(entry)}")

    def _late(self, ready: Collection[str]) -> DevenvError:
        waiting = [entry for entry in self._containers() if entry.service in self.wanted.keys() - set(ready)]
        # The one that runs is what the others wait for.
        waiting.sort(key=lambda entry: entry.state != "running")
        seconds = f"not ready after {self.deadline.passed:.0f} s"
        if not waiting:
            return ServiceFailed(f"no container was made: {seconds}", "see: devenv -v up compose")
        return self._dead(waiting[0], f"{seconds}; the last answer: {self._last_answer(waiting[0])}")

    def _dead(self, entry: Container, what: str) -> ServiceFailed:
        return ServiceFailed(
            f"service {entry.service}: {what}",
            f"read its log: devenv logs {entry.service} (its last lines are above)",
            "\n".join(self.engine.tail(entry.id, LOG_LINES)),
        )

    def _last_answer(self, entry: Container) -> str:
        if entry.health == "healthy" and (answer := self._call(entry)):
            return answer
        health = (self.engine.inspect(entry.id).get("State") or {}).get("Health") or {}
        answers = [" ".join(one["Output"].split()) for one in health.get("Log") or []]
        return next((answer for answer in reversed(answers) if answer), entry.text)

    def _failed(self, output: Path) -> DevenvError:
        """What Compose said when it failed; of the container that it names, if it names one."""
        words = output.read_text(errors="replace")
        if found := CULPRIT.search(words):
            for entry in self._containers():
                if entry.name == found["name"]:
                    unhealthy = "unhealthy" in found["why"]
                    what = "it is unhealthy" if unhealthy else f"{ENDED}: {found['why']}"
                    return self._dead(entry, what)
        return failed("up", words)


@contextmanager
def _ending(process: subprocess.Popen[str], heard: Callable[[], None]) -> Iterator[None]:
    """Calls `heard` from another thread when the process ends."""

    def wait() -> None:
        process.wait()
        heard()

    threading.Thread(target=wait, daemon=True).start()
    yield


def _interrupt(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(INTERRUPT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
