"""What a drift is: one change of one mode, and the keys by which parity has to name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

Change = TypeVar("Change")


@dataclass(frozen=True)
class Drift(Generic[Change]):
    """One change.

    keys: all of these have to differ
    also: patterns of what may differ with them, because it follows from the same change
    """

    name: str
    change: Change
    keys: tuple[str, ...]
    also: tuple[str, ...] = ()


def misnamed(drift: Drift[Any], found: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is wrong with the keys that were found: those that are missing, and those that are too many."""
    missing = [f"not found: {key}" for key in drift.keys if key not in found]
    extra = [
        f"too many: {key} {list(values.values())}"
        for key, values in found.items()
        if key not in drift.keys and not any(fnmatchcase(key, pattern) for pattern in drift.also)
    ]
    return missing + extra
