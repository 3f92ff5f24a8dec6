"""Commands that change nothing: `devenv up` on a healthy instance, and the command line itself."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import Clock, Result
from benchmarks.platform_copy import platform_copy

UP = "devenv up, all is well"
HELP = "devenv --help"
PYTHON = "python -c pass"
UP_LIMIT_S = 0.5
HELP_LIMIT_MS = 80.0
# They are quick: more of them steady the median.
ROUNDS_PER_RUN = 4


def measure(runs: int, patience: float) -> Result:
    """Rounds of all three, after one that does not count."""
    clock = Clock(patience)
    with platform_copy() as copy:
        copy.devenv("up")
        for number in range(ROUNDS_PER_RUN * runs + 1):
            counts = number > 0
            clock.time(UP, lambda: copy.devenv("up"), counts)
            clock.time(HELP, lambda: copy.devenv("--help"), counts)
            clock.time(PYTHON, lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), counts)
    figures = [
        clock.figure(UP, limit=UP_LIMIT_S),
        clock.ratio(UP, PYTHON),
        clock.difference(HELP, PYTHON, HELP_LIMIT_MS),
        clock.figure(HELP),
        clock.figure(PYTHON),
    ]
    return Result("noop", figures, clock.series)
