"""`devenv down`, beside the same processes sent the same signals in the same order by hand."""

from __future__ import annotations

import re

from benchmarks.by_hand import ByHand
from benchmarks.measure import Clock, Moments, Result, add_moments
from benchmarks.platform_copy import PlatformCopy, platform_copy

DOWN = "devenv down"
BY_HAND = "stopped by hand"
LIMIT_S = 5.0
STOPPED = re.compile(r"^\s*(\S+): stopped after ([\d.]+) s", re.MULTILINE)


def measure(runs: int, patience: float) -> Result:
    """Rounds of both, on the data of one instance, after one that does not count."""
    clock = Clock(patience)
    moments: Moments = {}
    with platform_copy() as copy:
        for number in range(runs + 1):
            counts = number > 0
            seen = {DOWN: _down(clock, copy, counts), BY_HAND: _by_hand(clock, copy, counts)}
            if counts:
                for label, stopped in seen.items():
                    add_moments(moments, label, stopped)
    figures = [
        clock.figure(DOWN, limit=LIMIT_S),
        clock.ratio(DOWN, BY_HAND),
        clock.figure(BY_HAND),
    ]
    return Result("down", figures, clock.series, moments)


def _down(clock: Clock, copy: PlatformCopy, counts: bool) -> dict[str, float]:
    said = ""

    def down() -> None:
        nonlocal said
        said = copy.devenv("down")

    copy.devenv("up", "--no-seed")
    clock.time(DOWN, down, counts)
    return {service: float(seconds) for service, seconds in STOPPED.findall(said)}


def _by_hand(clock: Clock, copy: PlatformCopy, counts: bool) -> dict[str, float]:
    mode = copy.mode()
    hand = ByHand(mode, tuple(mode.processes))
    hand.prepare()
    try:
        hand.start()
        clock.time(BY_HAND, hand.stop, counts)
    finally:
        hand.kill()
    return hand.stopped
