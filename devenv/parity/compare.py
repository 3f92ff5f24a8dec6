"""Compares what was measured: what differs and is not declared to is drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from devenv.errors import DevenvError
from devenv.parity.allowed import ABSENT, Allowed, AllowedList
from devenv.parity.catalogue import meaning_of
from devenv.parity.measured import STATE, Measured, group


@dataclass(frozen=True)
class Difference:
    """One key that differs: each label's value, and what allowed.toml says of it."""

    key: str
    values: Mapping[str, str]
    note: str


@dataclass(frozen=True)
class Comparison:
    """labels: what was compared; compared: the keys that two or more of them have to have

    drifts: differences that are not declared; allowed: those that are; stale: entries of the lists for which
    all agree: between modes where one S3 engine was measured, between engines where both were
    """

    labels: tuple[str, ...]
    compared: frozenset[str]
    drifts: tuple[Difference, ...]
    allowed: tuple[Difference, ...]
    stale: tuple[Allowed, ...]


def compare(measured: Sequence[Measured], known: AllowedList) -> Comparison:
    """What differs between these measurements, of which there are two or more, each with a label of its own.

    A key of a check that failed in one of them is not compared with that one, and neither are the keys of a
    service that it leaves out, but for the one that says so.
    """
    labels = tuple(one.label for one in measured)
    if len(set(labels)) < len(labels):
        raise ValueError(f"two of {labels} are called the same, and one would hide the other")
    origins = {key: check for one in measured for key, check in one.origins.items()}
    services = frozenset(
        key.removesuffix(STATE) for one in measured for key in one.observations if key.endswith(STATE)
    )
    of_one_engine = len({one.s3_engine for one in measured}) == 1
    # What nobody has is gone for good only where everything was measured.
    listed = {*known.modes, *(() if of_one_engine else known.engines)}
    gone = set() if any(one.failed for one in measured) else listed - origins.keys()
    compared: set[str] = set()
    drifts, allowed, stale = [], [], []
    for key in sorted({*origins, *gone}, key=lambda key: (group(key), key)):
        without = services - {group(key)} if key.endswith(STATE) else services
        sides = [one for one in measured if _has_to_have(one, key, origins.get(key, ""), without)]
        if len(sides) < 2:
            continue
        if key in origins:
            compared.add(key)
        values = {one.label: one.observations.get(key, ABSENT) for one in sides}
        entry, expected = _expected(sides, key, known)
        differ = _differ(values.values())
        if expected is not None and entry is not None and list(values.values()) == expected:
            if differ:
                allowed.append(Difference(key, values, entry.reason))
        elif differ:
            note = "" if entry is None else f"allowed with other values: {_told(entry)}"
            drifts.append(Difference(key, values, note))
        elif entry is not None and _differ(expected) and (of_one_engine or entry is known.engines.get(key)):
            stale.append(entry)
    return Comparison(labels, frozenset(compared), tuple(drifts), tuple(allowed), tuple(stale))


def differing(before: Measured, after: Measured) -> Mapping[str, Mapping[str, str]]:
    """key -> both values, of all that differs between two measurements of one mode."""
    sides = (replace(before, label="before"), replace(after, label="after"))
    found = compare(sides, AllowedList({}))
    return {drift.key: drift.values for drift in found.drifts}


def _has_to_have(one: Measured, key: str, check: str, services: frozenset[str]) -> bool:
    if check in one.failed or (group(key) in services and group(key) not in one.services):
        return False
    family = _family(key)
    return not family or family in one.families


def _differ(values: Iterable[str] | None) -> bool:
    return len(set(values or ())) > 1


def _family(key: str) -> str:
    try:
        return meaning_of(key).family
    except DevenvError:  # an entry of a list for a key that no check observes any more
        return ""


def _expected(
    sides: Sequence[Measured], key: str, known: AllowedList
) -> tuple[Allowed | None, list[str] | None]:
    """The entry for `key`, and the value that it declares for each side; None where it lacks one."""
    entry, names = known.modes.get(key), [one.mode for one in sides]
    if len({one.s3_engine for one in sides}) > 1 and key in known.engines:
        entry, names = known.engines[key], [one.s3_engine for one in sides]
    elif key in known.pulled and any(one.images == "pull" for one in sides):
        entry = known.pulled[key]
    if entry is None or any(name not in entry.values for name in names):
        return entry, None
    return entry, [entry.values[name] for name in names]


def _told(entry: Allowed) -> str:
    return ", ".join(f"{name} = {value}" for name, value in entry.values.items())
