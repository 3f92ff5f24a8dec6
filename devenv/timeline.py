"""When each service of the last `up` was started and ready, for whoever wonders where the time goes."""

from __future__ import annotations

import time
from pathlib import Path

from devenv.modes.base import Event
from devenv.state import write_state


class Timeline:
    """Collects the events of one `up`; times in seconds since it began, `at` in seconds since 1970."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._at = time.time()
        self._services: dict[str, dict[str, float]] = {}

    def add(self, event: Event) -> None:
        """Notes when a service was started, and when it was ready."""
        if event.kind in ("starting", "ready"):
            self._services.setdefault(event.service, {})[event.kind] = round(event.seconds, 3)

    def save(self) -> None:
        """Writes it, unless nothing was started."""
        if self._services:
            write_state(self._file, {"at": self._at, "services": self._services})
