"""What local mode has started: pid, start time, and what with, so that a later command knows it again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from devenv.state import read_state, write_state


@dataclass(frozen=True)
class Started:
    """One process: `started` in seconds since 1970."""

    pid: int
    started: float
    fingerprint: str


class Ledger:
    """ledger.json of an instance; its threads share it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()

    def read(self) -> dict[str, Started]:
        """What was started last, by service."""
        processes: Mapping[str, Mapping[str, object]] = read_state(self._file).get("processes", {})
        return {name: Started(**entry) for name, entry in processes.items()}  # type: ignore[arg-type]

    def record(self, service: str, started: Started | None) -> None:
        """Notes that `service` was started, or with None that it was stopped."""
        with self._lock:
            entries = self.read()
            entries.pop(service, None)
            if started:
                entries[service] = started
            write_state(self._file, {"processes": {name: asdict(entry) for name, entry in entries.items()}})

    def clear(self) -> None:
        """Nothing runs any more."""
        self._file.unlink(missing_ok=True)
