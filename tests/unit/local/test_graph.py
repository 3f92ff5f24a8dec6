"""The order of work: proved by events that the work itself waits for, not by time."""

from __future__ import annotations

import threading

import pytest

from devenv.modes.base import Event
from devenv.modes.local.graph import Emit, in_order

LONG_S = 120


def event(name: str) -> Event:
    return Event(name, "ready", 0.0)


def announce(name: str, emit: Emit, cancelled: threading.Event) -> None:
    emit(event(name))


def test_each_begins_after_what_it_needs() -> None:
    graph = {"page": ["api"], "api": ["db"], "db": []}
    assert [e.service for e in in_order(graph, announce)] == ["db", "api", "page"]


def test_nothing_to_do_is_done() -> None:
    assert list(in_order({}, announce)) == []


def test_what_does_not_depend_on_each_other_runs_at_the_same_time() -> None:
    meeting = threading.Barrier(3)

    def work(name: str, emit: Emit, cancelled: threading.Event) -> None:
        meeting.wait(LONG_S)
        emit(event(name))

    assert {e.service for e in in_order({"a": [], "b": [], "c": []}, work)} == {"a", "b", "c"}


def test_one_begins_as_soon_as_it_can_though_others_are_still_at_work() -> None:
    late_done = threading.Event()

    def work(name: str, emit: Emit, cancelled: threading.Event) -> None:
        if name == "slow":
            assert late_done.wait(LONG_S)
        emit(event(name))
        if name == "late":
            late_done.set()

    graph = {"slow": [], "quick": [], "late": ["quick"]}
    assert [e.service for e in in_order(graph, work)] == ["quick", "late", "slow"]


def test_events_come_while_the_work_goes_on() -> None:
    seen = threading.Event()

    def work(name: str, emit: Emit, cancelled: threading.Event) -> None:
        emit(event("first"))
        assert seen.wait(LONG_S)
        emit(event("second"))

    events = in_order({"a": []}, work)
    assert next(events).service == "first"
    seen.set()
    assert [e.service for e in events] == ["second"]


def test_the_first_error_is_raised_and_what_needs_it_is_not_begun() -> None:
    begun = []

    def work(name: str, emit: Emit, cancelled: threading.Event) -> None:
        begun.append(name)
        raise ValueError(name)

    with pytest.raises(ValueError, match="db"):
        list(in_order({"api": ["db"], "db": []}, work))
    assert begun == ["db"]


def test_an_error_cancels_the_others_and_is_raised_once_they_have_ended() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(name: str, emit: Emit, cancelled: threading.Event) -> None:
        if name == "bad":
            assert begun.wait(LONG_S)
            raise ValueError(name)
        begun.set()
        assert cancelled.wait(LONG_S)
        ended.set()

    with pytest.raises(ValueError, match="bad"):
        list(in_order({"bad": [], "other": []}, work))
    assert ended.is_set()


def test_a_caller_that_goes_away_cancels_the_work_and_waits_for_it() -> None:
    ended = threading.Event()

    def work(name: str, emit: Emit, cancelled: threading.Event) -> None:
        emit(event(name))
        assert cancelled.wait(LONG_S)
        ended.set()

    events = in_order({"a": [], "b": ["a"]}, work)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert ended.is_set()


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        list(in_order({"a": ["b"], "b": ["a"]}, announce))
