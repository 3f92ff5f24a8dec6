"""The same services with bare commands: what a person with two hands free for each would type."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from devenv.modes.calling import calls
from devenv.modes.local import LocalMode
from devenv.modes.local.files import write_files
from devenv.modes.local.logs import tail
from devenv.modes.local.probes import probe_of
from devenv.secrets import reveal

PAUSE_S = 0.02
DEADLINE_S = 300.0
LOG_LINES = 15


@dataclass
class ByHand:
    """Services of `mode` as children of this process, with its commands, environment and configuration.

    ready: service -> seconds from the beginning of `start` until it was ready
    stopped: service -> seconds from the beginning of `stop` until it had ended
    """

    mode: LocalMode
    services: Collection[str]
    ready: dict[str, float] = field(default_factory=dict)
    stopped: dict[str, float] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Folders and configuration files, which a person would have by now."""
        write_files(self.mode.instance, self.mode.processes.values(), self.mode.secrets)

    def start(self) -> None:
        """Starts each service when what it depends on is ready; returns when all are."""
        began = time.perf_counter()

        def one(name: str) -> None:
            self._launch(name)
            self._wait(name)
            self.ready[name] = time.perf_counter() - began

        _each_after(self._needs(), one)

    def stop(self) -> None:
        """Sends each service its signal when what depends on it has ended; returns when all have."""
        needs = self._needs()
        needed_by = {name: [other for other, its in needs.items() if name in its] for name in needs}
        began = time.perf_counter()

        def one(name: str) -> None:
            self._end(name)
            self.stopped[name] = time.perf_counter() - began

        _each_after(needed_by, one)

    def kill(self) -> None:
        """Ends what still runs, at once."""
        for process in self._running.values():
            process.kill()
            process.wait()
        self._running.clear()

    def _needs(self) -> dict[str, list[str]]:
        services = self.mode.stack.services
        return {
            n: [other for other in services[n].depends_on if other in self.services] for n in self.services
        }

    def _launch(self, name: str) -> None:
        process, secrets = self.mode.processes[name], self.mode.secrets
        command = [reveal(word, secrets) for word in process.argv]
        with process.log.open("ab") as output:
            self._running[name] = subprocess.Popen(
                command,
                env={key: reveal(value, secrets) for key, value in process.environment.items()},
                cwd=process.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the benchmark, which then stops them in order
            )

    def _wait(self, name: str) -> None:
        process = self.mode.processes[name]
        deadline = time.monotonic() + DEADLINE_S
        further = calls(self.mode.stack, self.mode.endpoints(), self.mode.secrets)
        for probe in (probe_of(process), further.get(name)):
            while probe is not None and (answer := probe()) is not None:
                if self._running[name].poll() is not None or time.monotonic() > deadline:
                    lines = "\n".join(tail(process.log, LOG_LINES))
                    raise SystemExit(f"{name}, started by hand, is not ready: {answer}\n{lines}")
                time.sleep(PAUSE_S)

    def _end(self, name: str) -> None:
        process, service = self._running[name], self.mode.stack.services[name]
        process.send_signal(signal.Signals[service.stop_signal])
        try:
            process.wait(service.stop_grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        del self._running[name]


def _each_after(graph: Mapping[str, Collection[str]], work: Callable[[str], None]) -> None:
    """Runs `work(name)` for every name of `graph`, each once those that it names are done."""
    done: dict[str, Future[None]] = {}

    def one(name: str) -> None:
        for earlier in graph[name]:
            done[earlier].result()
        work(name)

    with ThreadPoolExecutor(max(1, len(graph))) as pool:
        for name in TopologicalSorter(graph).static_order():
            done[name] = pool.submit(one, name)
    for future in done.values():
        future.result()
