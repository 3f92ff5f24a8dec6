"""Time, handed in: a deadline that a test can move."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Deadline:
    """`limit` seconds from when it was made, for everything that it is handed to."""

    limit: float
    end: float
    now: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, now: Callable[[], float] = time.monotonic) -> Deadline:
        """A deadline `seconds` from now."""
        return cls(seconds, now() + seconds, now)

    @property
    def left(self) -> float:
        """Seconds until it ends, never below 0."""
        return max(0.0, self.end - self.now())

    @property
    def passed(self) -> float:
        """Seconds since it was made."""
        return self.limit - (self.end - self.now())
