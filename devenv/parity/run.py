"""`devenv parity`: which modes are measured, what is recorded, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devenv import workflow
from devenv.errors import DevenvError
from devenv.instance import load_instance
from devenv.modes import available, check_mode
from devenv.modes.base import Mode, Problem
from devenv.parity.allowed import read_allowed
from devenv.parity.compare import Comparison, compare
from devenv.parity.measure import measure
from devenv.parity.measured import Measured, read_recording, write_recording
from devenv.parity.restarts import with_restarts
from devenv.project import Project
from devenv.workflow import Session


@dataclass(frozen=True)
class Outcome:
    """What a run found.

    measured: the modes; recordings: what they were compared with
    comparison: None where there was one measurement alone; recorded: the files that were written
    """

    measured: tuple[Measured, ...]
    recordings: tuple[Measured, ...]
    comparison: Comparison | None
    recorded: tuple[Path, ...]

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
    restarts: restarts each service once, too, and observes what that changes
    Each recording is written as soon as its mode has been measured. Raises DevenvError for a mode that is
    not up, and for a recording that cannot be used.
    """
    recordings = [_usable(read_recording(file), file) for file in dict.fromkeys(against)]
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
    lone = len(wanted) + len(recordings) == 1
    measured, recorded = [], []
    for number, name in enumerate(wanted, 1):
        with _running(session, name, up, timeout) as mode:
            session.report.step(number, len(wanted), f"measure {mode.instance.name}")
            one = measure(session, mode)
            if restarts and not one.failed:
                again = partial(measure, session, mode)
                one = with_restarts(mode, one, again, timeout, session.report.line)
            if record or lone or one.failed:
                recorded.append(recording_file(session.project, name))
                write_recording(one, recorded[-1])
            measured.append(one)
            for failure in one.failed.values():
                session.report.warn(Problem(failure.problem, failure.remedy, warning=True))
    session.report.close()
    comparison = None if lone else compare([*measured, *recordings], known)
    return Outcome(tuple(measured), tuple(recordings), comparison, tuple(recorded))


def recording_file(project: Project, mode: str) -> Path:
    """Where a mode's recording is kept."""
    return project.state / "parity" / f"{mode}.json"


def _usable(recording: Measured, file: Path) -> Measured:
    if recording.failed:
        raise DevenvError(
            f"{file} is incomplete: {next(iter(recording.failed.values())).problem}",
            "record it anew: devenv parity MODE --record",
        )
    return recording


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
