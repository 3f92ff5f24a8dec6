"""`devenv parity`: which modes are measured, what is recorded, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devenv import workflow
from devenv.errors import DevenvError
from devenv.instance import changing, load_instance
from devenv.modes import available, check_mode
from devenv.modes.base import Mode, Problem
from devenv.parity.allowed import read_allowed
from devenv.parity.compare import Comparison, compare
from devenv.parity.measure import measure
from devenv.parity.measured import Failure, Measured, read_recording, write_recording
from devenv.parity.restarts import with_restarts
from devenv.project import Project
from devenv.workflow import Session


@dataclass(frozen=True)
class Outcome:
    """What a run found.

    measured: the modes; recordings: what they were compared with
    comparison: None where there was one measurement alone; recorded: the files that were written
    ended: why no more was measured; None where all that was asked for was
    """

    measured: tuple[Measured, ...]
    recordings: tuple[Measured, ...]
    comparison: Comparison | None
    recorded: tuple[Path, ...]
    ended: DevenvError | None = None

    @property
    def sides(self) -> tuple[Measured, ...]:
        """All that was compared."""
        return (*self.measured, *self.recordings)


def parity(
    session: Session,
    names: Sequence[str],
    up: bool,
    record: bool,
    against: Sequence[Path],
    timeout: float,
    restarts: bool = False,
) -> Outcome:
    """Measures modes and compares them, with each other and with the recordings `against`.

    names: the modes; none for all that are up, or for none where two recordings are given
    up: brings each mode up, and down again if it was not up
    record: keeps what is measured as the mode's baseline, unless a check failed
    timeout: seconds for each step, and for another command that is changing the instance
    restarts: restarts each service once, too, and observes what that changes
    Each measurement is written as soon as it is there. An error after the first is part of the outcome.
    Raises DevenvError for a mode that is not up, and for a recording that cannot be used.
    """
    recordings = [read_recording(file) for file in dict.fromkeys(against)]
    known = read_allowed()
    wanted = [check_mode(name) for name in dict.fromkeys(names)]
    if not wanted and len(recordings) < 2:
        wanted = [name for name in available() if up or _is_up(session, name)]
        if not wanted:
            raise DevenvError(
                "no mode is up",
                "bring one up: devenv up, or let parity do it: devenv parity local compose --up",
            )
    if not up:
        for name in wanted:
            _check_up(session, name)
    measured: dict[str, Measured] = {}
    recorded: dict[str, Path] = {}
    ended = None

    def keep(one: Measured, baseline: bool) -> None:
        kind = "incomplete" if one.failed else "" if baseline else "last"
        measured[one.mode], recorded[one.mode] = one, recording_file(session.project, one.mode, kind)
        write_recording(one, recorded[one.mode])

    try:
        for number, name in enumerate(wanted, 1):
            with _running(session, name, up, timeout) as mode:
                session.report.step(number, len(wanted), f"measure {mode.instance.name}")
                again = partial(_measure, session, mode, timeout)
                keep(one := again(), record and not restarts)
                _warn(session, one.failed.values())
                if restarts and not one.failed:
                    keep(with_restarts(mode, one, again, timeout, session.report.line), record)
    except DevenvError as error:
        if not measured:
            raise
        ended = error
    for one in recordings:
        _warn(session, one.failed.values(), f"{one.label}: ")
    session.report.close()
    sides = [*measured.values(), *recordings]
    comparison = compare(sides, known) if len(sides) > 1 else None
    return Outcome(tuple(measured.values()), tuple(recordings), comparison, tuple(recorded.values()), ended)


def recording_file(project: Project, mode: str, kind: str = "") -> Path:
    """Where a mode's measurement is kept.

    kind: none for the baseline, `last` for any other, `incomplete` for one in which a check failed
    """
    return project.state / "parity" / (f"{mode}.{kind}.json" if kind else f"{mode}.json")


def _measure(session: Session, mode: Mode, timeout: float) -> Measured:
    """Checks make buckets, objects and rows of their own: nobody else may change the instance meanwhile."""
    with changing(mode.instance, timeout, workflow.waiting(session.report)):
        return measure(session, mode)


def _warn(session: Session, failures: Iterable[Failure], where: str = "") -> None:
    for failure in failures:
        session.report.warn(Problem(f"{where}{failure.problem}", failure.remedy, warning=True))


@contextmanager
def _running(session: Session, name: str, up: bool, timeout: float) -> Iterator[Mode]:
    """The mode, up; what was brought up for it is brought down in the end, however that comes."""
    brought_up = up and not _is_up(session, name)
    try:
        if up:
            workflow.up(session, name, (), True, timeout)
        yield workflow.opened(session, name)
    finally:
        if brought_up:
            workflow.down(session, name, False, timeout)


def _is_up(session: Session, name: str) -> bool:
    """Whether any of its services runs."""
    if not load_instance(session.project, name).ports:
        return False
    _, services, _ = workflow.status(session, name)
    return any(entry.state not in ("stopped", "left out") for entry in services)


def _check_up(session: Session, name: str) -> None:
    remedy = f"bring it up: devenv up {name}, or let parity do it: devenv parity {name} --up"
    if not _is_up(session, name):
        raise DevenvError(f"mode {name} is not up", remedy)
    _, services, _ = workflow.status(session, name)
    for entry in services:
        if entry.state not in ("ready", "left out"):
            why = f": {entry.detail}" if entry.detail else ""
            raise DevenvError(f"mode {name}: {entry.service} is {entry.state}{why}", remedy)


Where = Callable[[str], str]


def sources(session: Session, outcome: Outcome) -> Where:
    """Tells the file and line of a key, by the stack of the mode that was measured first."""
    from devenv.parity.sources import where

    engine = outcome.sides[0].s3_engine
    stack = workflow.opened(session, outcome.measured[0].mode).written if outcome.measured else None
    return lambda key: where(key, session.project, engine, stack)
