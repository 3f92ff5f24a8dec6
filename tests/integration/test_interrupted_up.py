"""`up` is killed at any moment: the next one ends well, no committed data are lost, nothing runs twice."""

from __future__ import annotations

import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest

from tests.integration.clone import Clone
from tests.integration.conftest import NewClone
from tests.integration.kept import Kept, keep
from tests.integration.observed import leaving_nothing, roots

pytestmark = [pytest.mark.real, pytest.mark.timeout(1500)]

SEED = 20_261_123
ATTEMPTS = 12
# The seconds that each step takes on a fast machine, about: the kill comes within them.
LENGTHS = {1: 0.006, 2: 0.006, 3: 1.5, 4: 0.015, 5: 8.0, 6: 0.08}
KILLS_IN = {1: 3, 2: 3, 3: 6, 4: 3, 5: 3, 6: 3}
State = Literal["down", "changed", "fresh"]
STATES: tuple[State, ...] = ("fresh", "changed", "down")
FEW = ("up", "local", "s3", "postgres")
ALL = ("up",)


@dataclass
class Rounds:
    """One instance that goes from kill to kill; `killed` counts them by the step in which they came, `missed`
    those that came later than the step that they were meant for."""

    clone: Clone
    draw: random.Random
    kept: Kept | None = None
    killed: Counter[int] = field(default_factory=Counter)
    missed: Counter[int] = field(default_factory=Counter)
    number: int = 0

    def play(self, step: int, state: State) -> None:
        """Brings the instance into a state, kills an `up` within a step, and has the next one mend it."""
        self.number += 1
        words = ALL if step == 5 else FEW
        self._prepare(state, words)
        # A short step is soon over: after two misses the kill comes at once.
        delay = self.draw.uniform(0, LENGTHS[step]) if self.missed[step] < 2 else 0.0
        died_in = kill_within(self.clone, words, step, delay)
        about = f"round {self.number}: {state}, {delay:.3f} s into step {step}, killed in step {died_in}"
        print(about)  # noqa: T201  shown where the test fails
        self.killed[died_in] += 1
        self.missed[step] += died_in != step

        self.clone.devenv(*words)
        states = self.clone.states()
        wanted = set(states) if words == ALL else {"s3", "postgres"}
        assert {states[name] for name in wanted} == {"ready"}, about
        assert len(roots(self.clone)) == 1, about
        assert self.kept is None or self.kept.is_there(), about
        if self.kept is None:
            self.kept = keep(self.clone)

    def _prepare(self, state: State, words: tuple[str, ...]) -> None:
        if state == "fresh":
            self.clone.devenv("down", "--volumes", "--yes")
            self.kept = None
        elif state == "down":
            self.clone.devenv("down")
        if words == ALL:  # so that the seed has something to do
            lake = self.clone.root / "seed" / "lake.toml"
            lake.write_text(f"{lake.read_text()}# {self.number}\n")
        elif state == "changed":
            override = self.clone.root / "compose" / "compose.override.yaml"
            override.write_text(f'services: {{postgres: {{environment: {{ROUND: "{self.number}"}}}}}}\n')


def test_up_goes_on_from_wherever_it_was_killed(new_clone: NewClone) -> None:
    print(f"seed {SEED}")  # noqa: T201
    rounds = Rounds(new_clone("killed"), random.Random(SEED))  # noqa: S311  a sample, no secret
    for step, state in moments():
        if rounds.killed[step] < KILLS_IN[step]:
            rounds.play(step, state)
    assert sum(rounds.killed.values()) >= 20
    assert {
        step: kills for step, kills in rounds.killed.items() if step and kills >= 2
    }.keys() == LENGTHS.keys()
    with leaving_nothing(rounds.clone):
        rounds.clone.devenv("down")


def moments() -> Iterator[tuple[int, State]]:
    """Steps in turn, each from each state, and more than are needed: a kill can come a moment too late."""
    for steps in ((3,), (1, 2, 4, 6)):
        for number in range(ATTEMPTS):
            for step in steps:
                yield step, STATES[(number + step) % 3]
    yield 5, "fresh"
    for _ in range(ATTEMPTS):
        yield 5, "changed"


def kill_within(clone: Clone, words: tuple[str, ...], step: int, delay: float) -> int:
    """Kills an `up` so many seconds after it has begun a step; gives the step in which it died."""
    seen = []
    with clone.begun(*words) as (up, said):
        for line in said:
            seen.append(line)
            if line.startswith(f"[{step}/6]"):
                break
        else:
            pytest.fail(f"it never came to step {step}: {''.join(seen)}")
        try:
            up.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            up.kill()
        seen += said.readlines()
    reached = [int(found[1]) for line in seen if (found := re.match(r"\[(\d)/6\]", line))]
    return reached[-1] if up.returncode == -9 else 0
