"""What one restart of each service changes: of itself, of the others, and of what is observed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from devenv.clock import Deadline
from devenv.errors import DevenvError
from devenv.instance import changing
from devenv.modes.base import Mode, Progress, ServiceStatus
from devenv.parity.compare import differing
from devenv.parity.measured import Measured
from devenv.parity.observation import Meaning
from devenv.ready import wait_until

CHECK = "restarts"
FAMILY = "restarts, which `--restarts` asks for"
# A client that has lost its server comes back by itself, but not at once.
SETTLED_S = 60.0


def with_restarts(
    mode: Mode, before: Measured, measure: Callable[[], Measured], timeout: float, progress: Progress
) -> Measured:
    """`before`, with what came of restarting each service of the platform, one after another.

    measure: all facts of the mode as it is now
    timeout: seconds for one service to become ready again
    Raises DevenvError for a service that does not come back.
    """
    facts: dict[str, str] = {}
    for service in mode.stack.services:
        if service not in before.services:
            continue
        progress(f"restarting {service}")
        others = _starts(mode, service)
        with changing(mode.instance, timeout):
            for _ in mode.restart(service, Deadline.after(timeout)):
                pass
        wait_until(lambda: _unready(mode), Deadline.after(timeout))
        again = [name for name, start in _starts(mode, service).items() if others.get(name) != start]
        facts[f"{service}.restart.others-started-again"] = " ".join(sorted(again)) or "none"
        changes = _changes(before, measure, Deadline.after(min(timeout, SETTLED_S)))
        facts[f"{service}.restart.changes"] = " ".join(changes) or "nothing"
    return replace(before, found={**before.found, CHECK: facts})


def _changes(before: Measured, measure: Callable[[], Measured], deadline: Deadline) -> list[str]:
    """The keys that are still different at the deadline; a check that fails until then is an error."""
    while True:
        after = measure()
        if after.failed and deadline.left <= 0:
            failure = next(iter(after.failed.values()))
            raise DevenvError(failure.problem, failure.remedy)
        found = sorted(differing(before, after))
        if not after.failed and (not found or deadline.left <= 0):
            return found


def _starts(mode: Mode, without: str) -> dict[str, float | None]:
    """When each of the other services was started."""
    return {entry.service: entry.started for entry in mode.status() if entry.service != without}


def _unready(mode: Mode) -> str | None:
    waiting: list[ServiceStatus] = [one for one in mode.status() if one.state not in ("ready", "left out")]
    return f"{waiting[0].service} is {waiting[0].state}: {waiting[0].detail}" if waiting else None


MEANINGS = (
    Meaning(
        "{service}.restart.others-started-again",
        "the other services that were started again with it",
        "a restart of one service is to leave the others alone",
        "compose.yaml",
        FAMILY,
    ),
    Meaning(
        "{service}.restart.changes",
        "the keys whose values are others after a restart of the service",
        "what a restart changes was kept in memory alone, or is made anew in another way",
        "compose.yaml",
        FAMILY,
    ),
)
