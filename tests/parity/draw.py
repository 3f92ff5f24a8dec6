"""Which drifts are tried: all of them where DEVENV_DRIFTS is `all`, else some drawn by the commit."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

Any_ = TypeVar("Any_")


def drawn(drifts: Sequence[Any_], count: int) -> list[Any_]:
    """`count` of them, the same for the same commit; the seed is told where one is needed to repeat it."""
    if os.environ.get("DEVENV_DRIFTS") == "all":
        return list(drifts)
    chosen = random.Random(_commit()).sample(range(len(drifts)), min(count, len(drifts)))  # noqa: S311
    return [drifts[number] for number in sorted(chosen)]


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
