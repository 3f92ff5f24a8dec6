"""`devenv up` on a new instance, beside its slowest chain of services started by hand, both from nothing."""

from __future__ import annotations

import time
from collections.abc import Collection

from benchmarks.by_hand import ByHand
from benchmarks.measure import Clock, Moments, Result, add_moments
from benchmarks.platform_copy import PlatformCopy, platform_copy
from devenv.state import read_state

CHAIN = ("postgres", "prefect-server", "prefect-worker")
UP = "devenv up --no-seed"
ALONE = "the slowest chain by hand"
AMONG_ALL = "all by hand, at once"
LIMIT = 1.3

Round = dict[str, dict[str, float]]


def measure(runs: int, patience: float) -> Result:
    """Rounds of: up, the chain by hand, everything by hand. The first round only warms the disk's cache."""
    clock = Clock(patience)
    moments: Moments = {}
    notes: dict[str, str] = {}
    for number in range(runs + 1):
        counts = number > 0
        with platform_copy() as copy:
            seen: Round = {UP: _up(clock, copy, counts)}
            mode = copy.mode()
            notes["S3 engine"] = str(mode.instance.s3_engine)
            notes["services left out"] = ", ".join(mode.instance.left_out) or "none"
            seen[ALONE] = _by_hand(clock, copy, ALONE, CHAIN, counts)
            seen[AMONG_ALL] = _by_hand(clock, copy, AMONG_ALL, tuple(mode.processes), counts)
        if counts:
            for label, ready in seen.items():
                add_moments(moments, label, ready)
    notes["last to be ready by hand"] = max(moments, key=lambda name: min(moments[name][AMONG_ALL]))
    figures = [
        clock.ratio(UP, ALONE, LIMIT),
        clock.ratio(UP, AMONG_ALL),
        clock.figure(UP),
        clock.figure(ALONE),
        clock.figure(AMONG_ALL),
    ]
    return Result("up", figures, clock.series, moments, notes)


def _up(clock: Clock, copy: PlatformCopy, counts: bool) -> dict[str, float]:
    began = 0.0

    def up() -> None:
        nonlocal began
        began = time.time()
        copy.devenv("up", "--no-seed")

    clock.time(UP, up, counts)
    timeline = read_state(copy.mode().instance.folder / "timeline.json")
    copy.devenv("down")
    before = timeline["at"] - began
    return {service: before + seen["ready"] for service, seen in timeline["services"].items()}


def _by_hand(
    clock: Clock, copy: PlatformCopy, label: str, services: Collection[str], counts: bool
) -> dict[str, float]:
    copy.forget_data()
    hand = ByHand(copy.mode(), services)
    hand.prepare()
    try:
        clock.time(label, hand.start, counts)
        hand.stop()
    finally:
        hand.kill()
    return hand.ready
