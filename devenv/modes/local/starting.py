"""Starts one process and waits until it is ready, or says why it will not be."""

from __future__ import annotations

import logging
import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from devenv.clock import Deadline
from devenv.errors import ServiceFailed
from devenv.modes.base import Event
from devenv.modes.local import logs
from devenv.modes.local.graph import Emit
from devenv.modes.local.ledger import Ledger, Started
from devenv.modes.local.plan import Process
from devenv.modes.local.probes import probe_of
from devenv.modes.local.stopping import Stopping
from devenv.modes.local.supervisor import Supervisor
from devenv.ready import NotReady, Probe, wait_until

LOG_LINES = 15
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Starting:
    """One `start`, under one deadline.

    calls: what a service is asked, too, once its probe is content
    stopping: ends those that run with an older configuration
    """

    processes: Mapping[str, Process]
    supervisor: Supervisor
    ledger: Ledger
    calls: Mapping[str, Probe]
    deadline: Deadline
    stopping: Stopping

    def one(self, name: str, emit: Emit, cancelled: threading.Event) -> None:
        """Starts service `name`. Raises ServiceFailed with its last log lines."""
        process = self.processes[name]
        if self._outdated(process):
            self.stopping.one(name, emit, cancelled)
        emit(Event(name, "starting", self.deadline.passed))
        log.debug("%s: %s", name, shlex.join(process.argv))
        logs.rotate(process.log)
        self.supervisor.start(name)
        pid = self._record(name, process)
        ended = partial(self._ended, name, pid)
        try:
            wait_until(probe_of(process), self.deadline, ended, cancelled)
            if call := self.calls.get(name):
                wait_until(call, self.deadline, ended, cancelled)
        except NotReady as error:
            if not cancelled.is_set():
                self.supervisor.stop(name)
            raise ServiceFailed(
                f"service {name}: {error.problem}",
                f"read its log: devenv logs {name} (its last lines are above)",
                "\n".join(logs.tail(process.log, LOG_LINES)),
            ) from error
        emit(Event(name, "ready", self.deadline.passed))

    def _outdated(self, process: Process) -> bool:
        name = process.service.name
        known = self.supervisor.states().get(name)
        recorded = self.ledger.read().get(name)
        return (
            known is not None
            and known.runs
            and (recorded is None or recorded.fingerprint != process.fingerprint)
        )

    def _record(self, name: str, process: Process) -> int | None:
        known = self.supervisor.states().get(name)
        if known is None or known.pid is None:
            return None
        self.ledger.record(name, Started(known.pid, known.started, process.fingerprint))
        return known.pid

    def _ended(self, name: str, pid: int | None) -> str | None:
        known = self.supervisor.states().get(name)
        if known is None:
            return "supervisord has ended"
        if known.state == "failed" or known.pid != pid:
            return f"it ended right after it was started {known.detail}".rstrip()
        return None
