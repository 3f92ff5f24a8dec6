"""Local mode: the services as plain processes, run by supervisord. No Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import psutil

from devenv.clock import Deadline
from devenv.endpoints import Endpoints, on_this_machine
from devenv.errors import DevenvError
from devenv.instance import MARK, Instance, forget, make_private, marks
from devenv.marks import all_marked, end
from devenv.modes.base import Change, Described, Event, Problem, Progress, Running, ServiceStatus
from devenv.modes.calling import calls
from devenv.modes.local import logs as log_files
from devenv.modes.local import preflight, processes
from devenv.modes.local.describing import describe
from devenv.modes.local.files import write_files
from devenv.modes.local.graph import in_order
from devenv.modes.local.ledger import Ledger
from devenv.modes.local.leftovers import remove_lock, remove_segment, remove_sockets
from devenv.modes.local.obtaining import find_programs, get_programs
from devenv.modes.local.plan import Process, plan
from devenv.modes.local.probes import probe_of
from devenv.modes.local.starting import Starting
from devenv.modes.local.stopping import STRAGGLER_GRACE_S, Stopping
from devenv.modes.local.supervisor import Supervised, Supervisor
from devenv.programs import Program, find
from devenv.secrets import Secrets, read_secrets, reveal
from devenv.settings import Settings
from devenv.stack.addresses import process_variables
from devenv.stack.compose import last, load
from devenv.stack.model import Stack
from devenv.stack.variables import base_variables

ORPHAN_GRACE_S = 20.0


@dataclass
class LocalMode:
    """The instance as processes. `instance` changes when `prepare` finds programs.

    written: the stack with the containers' own ports; stack: with this instance's
    """

    instance: Instance
    written: Stack
    stack: Stack
    secrets: Secrets

    # -- what the protocol asks for ------------------------------------------------------------

    def preflight(self) -> list[Problem]:
        planned = self.processes
        running = [name for name, known in self.supervisor.states().items() if known.runs]
        taken = partial(preflight.port_problems, self.instance, running)
        return [
            *preflight.platform_problems(),
            *preflight.disk_problems(self.instance),
            *preflight.root_problems(planned),
            *preflight.postgres_problems(planned, self.instance),
            *taken([process.pid for process in self._found()]),
        ]

    def prepare(self, progress: Progress) -> None:
        self.instance = get_programs(self.stack, self.instance, progress)
        for name in ("processes", "_programs"):
            self.__dict__.pop(name, None)

    def changes(self, services: Sequence[str]) -> list[Change]:
        states, ledger = self.supervisor.states(), self.ledger.read()

        def change(name: str) -> Change:
            if name not in self.processes:
                return Change(name, "leave out", self._why_left_out(name))
            known = states.get(name)
            if known is None or not known.runs:
                return Change(name, "start", "it is not running")
            if name not in ledger or ledger[name].fingerprint != self.processes[name].fingerprint:
                return Change(name, "restart", "its configuration has changed")
            answer = probe_of(self.processes[name])()
            return Change(name, "start", answer) if answer else Change(name, "keep")

        wanted = self.stack.needed_by(tuple(services))
        with ThreadPoolExecutor(len(wanted)) as pool:
            return list(pool.map(change, wanted))

    def start(self, services: Sequence[str], deadline: Deadline) -> Iterator[Event]:
        stale = []
        for change in self.changes(services):
            if change.action == "keep":
                yield Event(change.service, "unchanged", deadline.passed)
            elif change.action == "leave out":
                yield Event(change.service, "left out", deadline.passed, change.why)
            else:
                stale.append(change.service)
        if not stale:
            return
        if not self.supervisor.running():
            # Whatever runs has lost its supervisor, and would keep ports and data from the new ones.
            yield from self.stop(tuple(self.stack.services))
        revealed = partial(reveal, values=self.secrets)
        if outdated := self.supervisor.outdated(self.processes, revealed):
            # Also those that nobody asked for: the supervisor ends them as it learns of the change.
            yield from self.stop(outdated)
            stale += [name for name in outdated if name not in stale]
        write_files(self.instance, self.processes.values(), self.secrets)
        self.supervisor.configure(self.processes, revealed)
        graph = {name: [n for n in self.stack.services[name].depends_on if n in stale] for name in stale}
        further = calls(self.stack, self.endpoints(), self.secrets)
        starting = Starting(
            self.processes, self.supervisor, self.ledger, further, deadline, self._stopping(deadline)
        )
        yield from in_order(graph, starting.one)

    def stop(self, services: Sequence[str]) -> Iterator[Event]:
        everything = set(services) >= set(self.stack.services)
        # Each after those that need it.
        graph: dict[str, list[str]] = {name: [] for name in services}
        for name in services:
            for needed in self.stack.services[name].depends_on:
                if needed in graph:
                    graph[needed].append(name)
        yield from in_order(graph, self._stopping(Deadline.after(0)).one)
        if everything:
            self._leave_nothing()

    def restart(self, service: str, deadline: Deadline) -> Iterator[Event]:
        yield from self.stop([service])
        yield from self.start([service], deadline)

    def purge(self) -> None:
        shutil.rmtree(self.instance.folder / "config", ignore_errors=True)
        forget(self.instance)

    def status(self) -> list[ServiceStatus]:
        states = self.supervisor.states()
        with ThreadPoolExecutor(len(self.stack.services)) as pool:
            return list(pool.map(partial(self._status_of, states), self.stack.services))

    def endpoints(self) -> Endpoints:
        return on_this_machine(
            [name for name in self.stack.services if name in self.processes], self.instance.ports
        )

    def client_variables(self) -> Mapping[str, str]:
        return {}

    def logs(self, services: Sequence[str], lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        files = {name: self.instance.logs / f"{name}.log" for name in services}
        if follow:
            yield from log_files.follow(files, lines)
        for name, file in files.items():
            for line in log_files.tail(file, lines):
                yield name, line

    def exec(self, service: str, command: Sequence[str]) -> int:
        process = self.processes.get(service)
        if process is None:
            raise DevenvError(f"{service} is not part of this instance", self._why_left_out(service))
        environment = {key: reveal(value, self.secrets) for key, value in process.environment.items()}
        # It is a person's process, not the instance's: `down` is not to end it.
        del environment[MARK]
        environment["TERM"] = os.environ.get("TERM", "dumb")
        program = shutil.which(command[0], path=environment["PATH"])
        if program is None:
            raise DevenvError(
                f"{service} has no program {command[0]}", "see what is there: devenv exec SERVICE -- ls"
            )
        make_private(process.directory)
        return subprocess.run(
            [program, *command[1:]], env=environment, cwd=process.directory, check=False
        ).returncode

    def describe(self) -> Mapping[str, Described]:
        return describe(self.stack, self.instance, self.processes)

    # -- how ---------------------------------------------------------------------------------

    @cached_property
    def processes(self) -> dict[str, Process]:
        """What this instance runs."""
        return plan(self.written, self.stack, self.instance, self._programs)

    @cached_property
    def _programs(self) -> dict[str, Program]:
        return find_programs(self.stack, self.instance)

    @cached_property
    def supervisor(self) -> Supervisor:
        """The instance's supervisord."""
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.instance.folder / "tmp"),
            "TMPDIR": str(self.instance.folder / "tmp"),
            "LANG": "C.UTF-8",
            **marks(self.instance),
        }
        return Supervisor(self.instance.folder, self.instance.runtime, environment)

    @cached_property
    def ledger(self) -> Ledger:
        """What was started."""
        return Ledger(self.instance.folder / "ledger.json")

    def _why_left_out(self, name: str) -> str:
        reason = self.instance.left_out.get(name, "its program is not there: devenv tools")
        return f"{self.stack.services[name].local.optional}: {reason}"

    def _status_of(self, states: Mapping[str, Supervised], name: str) -> ServiceStatus:
        if name not in self.processes:
            return ServiceStatus(name, "left out", self._why_left_out(name))
        known = states.get(name)
        if known is None or known.state in ("stopped", "stopping"):
            return ServiceStatus(name, "stopped")
        if known.state == "failed":
            last = log_files.tail(self.processes[name].log, 1)
            return ServiceStatus(name, "failed", last[0] if last else known.detail)
        answer = probe_of(self.processes[name])()
        recorded = self.ledger.read().get(name)
        restarts = int(recorded is not None and recorded.pid != known.pid)
        return ServiceStatus(
            name, "ready" if answer is None else "unhealthy", answer or "", known.pid, restarts, known.started
        )

    # -- ending ------------------------------------------------------------------------------

    def _found(self) -> list[psutil.Process]:
        programs = [program.path for program in self._programs.values()]
        return processes.of_instance(self.instance.name, self.instance.data, programs)

    def _stopping(self, beginning: Deadline) -> Stopping:
        found: dict[str, list[psutil.Process]] = {}
        for process in self._found():
            found.setdefault(processes.service_of(process), []).append(process)
        return Stopping(self.stack, self.supervisor, self.ledger, found, beginning)

    def _leave_nothing(self) -> None:
        self.supervisor.shutdown()
        end(self._found(), "SIGTERM", STRAGGLER_GRACE_S)
        for cluster in self.instance.data.glob("postgres-data/*/*/postmaster.pid"):
            remove_segment(cluster.parent)
            remove_lock(cluster.parent)
        remove_sockets(self.instance.ports.values())
        self.ledger.clear()
        shutil.rmtree(self.instance.runtime, ignore_errors=True)
        shutil.rmtree(self.instance.folder / "tmp", ignore_errors=True)
        # These hold secrets in clear, and are written again at the next start.
        shutil.rmtree(self.instance.folder / "config", ignore_errors=True)


def open_mode(instance: Instance, settings: Settings) -> LocalMode:
    """Local mode for `instance`, whose ports and secrets have been chosen."""
    files = instance.project.stack_files(str(instance.s3_engine))
    cache = instance.folder / "cache"
    variables = base_variables(instance, settings)
    written = load(files, variables, cache)
    placed = load(files, {**variables, **process_variables(written, instance.ports)}, cache)
    return LocalMode(instance, written, placed, read_secrets(instance.project.secrets_file))


def open_last(instance: Instance) -> LocalMode | None:
    """Local mode with the stack that was read last: enough to stop what runs when the files are broken."""
    stack = last(instance.folder / "cache")
    return LocalMode(instance, stack, stack, {}) if stack else None


def end_orphans(instance: Instance, volumes: bool) -> int:
    """Ends processes of an instance whose state folder, and with it its data, is gone; returns how many there
    were."""
    orphans = processes.of_instance(instance.name, instance.data, [])
    end(orphans, "SIGTERM", ORPHAN_GRACE_S)
    shutil.rmtree(instance.runtime, ignore_errors=True)
    return len(orphans)


def running() -> list[Running]:
    """The instances of which processes run."""
    found: dict[str, Running] = {}
    for marked in all_marked():
        if not marked.instance.endswith("-local"):
            continue  # K3s mode's port-forwards carry the mark too
        parts = found[marked.instance].parts + 1 if marked.instance in found else 1
        found[marked.instance] = Running(marked.instance, "local", Path(marked.project), parts)
    return list(found.values())


def default_engine() -> str:
    """MinIO where it is installed, else SeaweedFS, which comes with devenv."""
    return "minio" if find("minio") else "seaweedfs"
