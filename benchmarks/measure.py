"""What is measured: runs, series of them, and the figures made of these."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

import psutil

# Others may take this much of the machine while a run begins; the platform at rest takes less.
BUSY_PERCENT = 25.0
LOOK_S = 0.5


@dataclass(frozen=True)
class Run:
    """One run, and what else the machine did.

    cpu: processor seconds used meanwhile, by all programs: a run that had neighbours shows more of them
    load: load average of the minute before it
    busy: percent of all processors in use right before it
    """

    seconds: float
    cpu: float
    load: float
    busy: float


@dataclass(frozen=True)
class Figure:
    """A number that is reported: one value for each round; `limit` is what it is to stay within, if any."""

    name: str
    unit: str
    values: tuple[float, ...]
    limit: float | None = None

    @property
    def median(self) -> float:
        """Half of the rounds were below it."""
        return median(self.values)

    @property
    def low(self) -> float:
        """The best round."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The worst round."""
        return max(self.values)

    @property
    def within(self) -> bool | None:
        """Whether the median is within the limit; None where there is none."""
        return None if self.limit is None else self.median <= self.limit


# service -> what was run -> seconds from its beginning until the service was there, one for each round
Moments = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Result:
    """What a subject has measured.

    series: what was run -> its runs, in the order in which they were made
    notes: what a reader has to know of this machine's platform
    """

    subject: str
    figures: list[Figure]
    series: dict[str, list[Run]]
    moments: Moments = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass
class Clock:
    """Times runs, each once the machine is quiet; all in all it waits `patience` seconds for that."""

    patience: float
    series: dict[str, list[Run]] = field(default_factory=dict)

    def time(self, label: str, work: Callable[[], object], counts: bool = True) -> float:
        """Seconds that `work` takes; kept under `label` if it `counts`, and told in any case."""
        busy = self._quiet()
        load = os.getloadavg()[0]
        used, began = _processor_seconds(), time.perf_counter()
        work()
        run = Run(time.perf_counter() - began, _processor_seconds() - used, load, busy)
        if counts:
            self.series.setdefault(label, []).append(run)
        note = "" if counts else ", a warm-up that does not count"
        tell(
            f"{label}: {run.seconds:.3f} s "
            f"(processors {run.cpu:.1f} s; load {load:.2f}, {busy:.0f} % busy before{note})"
        )
        return run.seconds

    def figure(self, label: str, unit: str = "s", limit: float | None = None) -> Figure:
        """The seconds of a series."""
        return Figure(label, unit, self._seconds(label), limit)

    def ratio(self, label: str, bare: str, limit: float | None = None) -> Figure:
        """A series by another one: round by round, as the two runs of a round had the same neighbours."""
        pairs = zip(self._seconds(label), self._seconds(bare), strict=True)
        return Figure(f"{label} / {bare}", "x", tuple(one / other for one, other in pairs), limit)

    def difference(self, label: str, bare: str, limit: float | None = None) -> Figure:
        """A series less another one, in milliseconds, round by round."""
        pairs = zip(self._seconds(label), self._seconds(bare), strict=True)
        return Figure(f"{label} - {bare}", "ms", tuple(1000 * (a - b) for a, b in pairs), limit)

    def _seconds(self, label: str) -> tuple[float, ...]:
        return tuple(run.seconds for run in self.series[label])

    def _quiet(self) -> float:
        while (busy := psutil.cpu_percent(interval=LOOK_S)) > BUSY_PERCENT and self.patience > 0:
            self.patience -= LOOK_S
        return busy


def add_moments(moments: Moments, label: str, seconds: Mapping[str, float]) -> None:
    """Adds a round of `label`: service -> seconds."""
    for service, value in seconds.items():
        moments.setdefault(service, {}).setdefault(label, []).append(value)


def _processor_seconds() -> float:
    """What all programs together have used since the machine was started."""
    times = psutil.cpu_times()
    return float(sum(times[:]) - times.idle - getattr(times, "iowait", 0.0))


def tell(line: str) -> None:
    """Says how far it is."""
    print(line, file=sys.stderr, flush=True)
