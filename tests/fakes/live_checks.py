"""Live checks of the tiny stack, for tests: one that answers, and one whose service may be gone."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.parity.observation import Check, Meaning, Observation, Target

GONE: set[str] = set()
SIZE = ["9"]


def _colour(target: Target) -> Iterator[Observation]:
    yield Observation("store.colour", "green")
    if "store" in GONE:
        raise ConnectionRefusedError(111, "Connection refused")


def _size(target: Target) -> Iterator[Observation]:
    yield Observation("api.size", SIZE[0])


CHECKS = (Check("store.colours", "store", _colour), Check("api.sizes", "api", _size))
MEANINGS = (
    Meaning("store.colour", "the colour of the store", "it is painted once", "compose.yaml"),
    Meaning("api.size", "the size", "it has to fit", "lake.toml"),
)
