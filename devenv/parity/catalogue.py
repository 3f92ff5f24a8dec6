"""All checks, and what every key means: each observed key has exactly one meaning."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module

from devenv.errors import DevenvError, UsageError
from devenv.parity.observation import Check, Meaning

# Each with CHECKS and MEANINGS.
LIVE: tuple[str, ...] = (
    "devenv.parity.live.alertmanager",
    "devenv.parity.live.answers",
    "devenv.parity.live.grafana",
    "devenv.parity.live.grafana_panels",
    "devenv.parity.live.postgres_behaviour",
    "devenv.parity.live.postgres_data",
    "devenv.parity.live.postgres_exporter",
    "devenv.parity.live.postgres_roles",
    "devenv.parity.live.postgres_settings",
    "devenv.parity.live.prefect_runs",
    "devenv.parity.live.prefect_server",
    "devenv.parity.live.prometheus",
    "devenv.parity.live.prometheus_metrics",
    "devenv.parity.live.s3_objects",
    "devenv.parity.live.s3_reach",
    "devenv.parity.live.s3_reading",
    "devenv.parity.live.s3_state",
    "devenv.parity.live.s3_versions",
    "devenv.parity.live.s3_writing",
)
# Meanings of what is found in other ways.
FURTHER = ("devenv.parity.spec_meanings", "devenv.parity.restarts")


def checks() -> tuple[Check, ...]:
    """The live checks."""
    return tuple(check for name in LIVE for check in import_module(name).CHECKS)


@lru_cache(maxsize=1)
def meanings() -> tuple[Meaning, ...]:
    """Of all keys, static and live."""
    return tuple(meaning for name in (*FURTHER, *LIVE) for meaning in import_module(name).MEANINGS)


@lru_cache(maxsize=4096)
def meaning_of(key: str) -> Meaning:
    """What `key` means. Raises DevenvError for a key of no meaning, or of two: it is a bug in a check."""
    found = [meaning for pattern, meaning in patterns() if pattern.fullmatch(key)]
    if len(found) != 1:
        said = " and ".join(meaning.key for meaning in found) or "nothing"
        raise DevenvError(f"observation {key} means {said}", "give it one MEANING, beside the check")
    return found[0]


def explain(key: str) -> Meaning:
    """What a person's `key` means. Raises UsageError for one that no check observes."""
    try:
        return meaning_of(key)
    except DevenvError:
        same = next((meaning for meaning in meanings() if meaning.key == key), None)
        if same:
            return same
        raise UsageError(
            f"no observation is called {key}", f"did you mean {_nearest(key)}? All are in docs/parity.md"
        ) from None


def _nearest(key: str) -> str:
    from difflib import get_close_matches

    known = [meaning.key for meaning in meanings()]
    return (get_close_matches(key, known, 1, 0) or known)[0]


@lru_cache(maxsize=1)
def patterns() -> tuple[tuple[re.Pattern[str], Meaning], ...]:
    """Every meaning with the pattern of its keys."""
    return tuple((key_pattern(meaning.key), meaning) for meaning in meanings())


def key_pattern(key: str) -> re.Pattern[str]:
    """Matches the keys that a meaning's key stands for; its groups are the parts that vary."""
    parts: Iterable[str] = re.split(r"(\{[^}]+\})", key)
    return re.compile(
        "".join(
            re.escape(part) if not part.startswith("{") else "(.+)" if part.endswith("*}") else "([^.]+)"
            for part in parts
        )
    )
