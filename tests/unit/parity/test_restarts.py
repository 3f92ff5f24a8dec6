"""What one restart of each service changes, on a platform that runs in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import pytest

from devenv.clock import Deadline
from devenv.errors import DevenvError
from devenv.modes.base import Event
from devenv.parity.allowed import AllowedList
from devenv.parity.compare import compare
from devenv.parity.measure import measure
from devenv.parity.measured import Measured
from devenv.parity.restarts import with_restarts
from devenv.workflow import Session, opened
from tests.fakes import live_checks
from tests.fakes.mode import FakeMode
from tests.unit.parity.made import measured

Restart = Callable[[FakeMode, str, Deadline], Iterator[Event]]


def restarts(session: Session, said: list[str] | None = None) -> Mapping[str, str]:
    mode = opened(session, "fake")
    again = partial(measure, session, mode)

    def progress(line: str) -> None:
        if said is not None:
            said.append(line)

    return with_restarts(mode, again(), again, 1, progress).observations


@pytest.fixture
def restart(monkeypatch: pytest.MonkeyPatch) -> Callable[[Restart], None]:
    """Has the mode restart services in another way."""
    return lambda way: monkeypatch.setattr(FakeMode, "restart", way)


def test_a_restart_that_changes_nothing_says_so(session: Session) -> None:
    said: list[str] = []
    found = restarts(session, said)
    assert said == ["restarting api", "restarting page", "restarting store"]
    for service in ("store", "api", "page"):
        assert found[f"{service}.restart.changes"] == "nothing"
        assert found[f"{service}.restart.others-started-again"] == "none"


def test_what_a_restart_changes_is_named(session: Session, restart: Callable[[Restart], None]) -> None:
    def forgetful(mode: FakeMode, service: str, deadline: Deadline) -> Iterator[Event]:
        live_checks.SIZE[:] = ["0" if service == "api" else "9"]
        yield from mode.stop([service])
        yield from mode.start([service], deadline)

    restart(forgetful)
    found = restarts(session)
    changes = [found[f"{service}.restart.changes"] for service in ("store", "api", "page")]
    assert changes == ["nothing", "api.size", "nothing"]


def test_others_that_are_started_again_are_named(
    session: Session, restart: Callable[[Restart], None]
) -> None:
    def everything(mode: FakeMode, service: str, deadline: Deadline) -> Iterator[Event]:
        yield from mode.stop(list(mode.stack.services))
        yield from mode.start(list(mode.stack.services), deadline)

    restart(everything)
    assert restarts(session)["api.restart.others-started-again"] == "page store"


def test_a_service_that_does_not_answer_afterwards_is_an_error(
    session: Session, restart: Callable[[Restart], None]
) -> None:
    def deaf(mode: FakeMode, service: str, deadline: Deadline) -> Iterator[Event]:
        live_checks.GONE.add(service)
        return iter(())

    restart(deaf)
    with pytest.raises(DevenvError, match=r"store\.colours cannot measure store"):
        restarts(session)


def test_restarts_are_compared_only_where_both_were_asked_for_them(session: Session) -> None:
    asked = measured("local", {}, restarts={"s3.restart.changes": "s3.users"})
    unasked = measured("compose", {})
    both = measured("compose", {}, restarts={"s3.restart.changes": "nothing"})

    def drifts(*sides: Measured) -> list[str]:
        return [drift.key for drift in compare(sides, AllowedList({}, {})).drifts]

    assert drifts(asked, unasked) == []
    assert drifts(asked, both) == ["s3.restart.changes"]
