"""Ends the processes of one service, whether its supervisor still knows them or not."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from devenv.clock import Deadline
from devenv.marks import end
from devenv.modes.base import Event
from devenv.modes.local.graph import Emit
from devenv.modes.local.ledger import Ledger
from devenv.modes.local.supervisor import Supervisor
from devenv.stack.model import Stack

STRAGGLER_GRACE_S = 2.0


@dataclass(frozen=True)
class Stopping:
    """One `stop`: `found` are the running processes of each service, `beginning` is when it began."""

    stack: Stack
    supervisor: Supervisor
    ledger: Ledger
    found: Mapping[str, list[psutil.Process]]
    beginning: Deadline

    def one(self, name: str, emit: Emit, cancelled: threading.Event) -> None:
        """Ends service `name`: its signal, its grace, then what is left of it."""
        service = self.stack.services[name]
        running = self.found.get(name, [])
        known = self.supervisor.states().get(name)
        if not running and (known is None or known.pid is None):
            return
        emit(Event(name, "stopping", self.beginning.passed))
        self.supervisor.stop(name)
        main = [process for process in running if known is not None and process.pid == known.pid]
        if main:
            end(main, service.stop_signal, service.stop_grace, sent=True)
        else:
            end(running, service.stop_signal, service.stop_grace)
        end(running, "SIGTERM", STRAGGLER_GRACE_S)
        self.supervisor.settled(name)
        self.ledger.record(name, None)
        emit(Event(name, "stopped", self.beginning.passed))
