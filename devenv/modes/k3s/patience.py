"""Answers of a Kubernetes API that hold for a moment only: asked again, it gives another."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from devenv.clock import Deadline
from devenv.errors import DevenvError
from devenv.ready import NotReady, wait_until

PATIENCE_S = 30.0
# Of HTTP: too many requests, and what an API says whose own store or cache is not up yet.
STATUSES = frozenset({429, 503, 504})
# The same in kubectl's words.
WORDS = re.compile(r"Error from server \((Timeout|TooManyRequests|ServiceUnavailable)\)|etcdserver: ")

Answer = TypeVar("Answer")


class NotNow(DevenvError):
    """Such an answer."""


def patiently(ask: Callable[[], Answer], seconds: float = PATIENCE_S) -> Answer:
    """What `ask` gives, which is asked again for so long while it raises NotNow: it has to be what can be
    repeated. Raises the last NotNow."""
    answers: list[Answer] = []
    refusals: list[NotNow] = []

    def probe() -> str | None:
        try:
            answers.append(ask())
        except NotNow as refusal:
            refusals.append(refusal)
            return refusal.problem
        return None

    try:
        wait_until(probe, Deadline.after(seconds))
    except NotReady:
        raise refusals[-1] from None
    return answers[0]
