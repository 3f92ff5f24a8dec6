"""How an outcome is printed: a table for people, JSON, JUnit and Markdown for machines and pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from devenv.parity.compare import Comparison, Difference
from devenv.parity.measured import Measured, group
from devenv.parity.run import Outcome, Where

LONGEST = 72


def summary(outcome: Outcome) -> str:
    """One line: what was compared, and what came of it."""
    done = outcome.comparison
    if done is None:
        return f"{len(outcome.sides[0].observations)} observations of {outcome.sides[0].label}"
    told = f"{done.compared} keys of {', '.join(done.labels)}: "
    told += f"{len(done.drifts)} differ, {len(done.allowed)} more are allowed to"
    return told + (f", {len(done.stale)} entries of allowed.toml are stale" if done.stale else "")


def counts(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    """Rows of service, and its number of observations in each measurement."""
    names = sorted({name for one in measured for name in one.groups()})
    rows = [(name, *(str(one.groups().get(name, 0)) for one in measured)) for name in names]
    return [*rows, ("all", *(str(len(one.observations)) for one in measured))]


def rows(done: Comparison, where: Where) -> list[tuple[str, ...]]:
    """Rows of service, key, a value for each measurement, and the source; a service stands once."""
    found, last = [], ""
    for drift in done.drifts:
        values = shortened([drift.values.get(label, "(not compared)") for label in done.labels])
        service = group(drift.key)
        found.append((service if service != last else "", drift.key, *values, where(drift.key)))
        last = service
    return found


def shortened(values: Sequence[str]) -> list[str]:
    """Values of a width that fits a table: of long ones, the part in which they differ."""
    if max(map(len, values)) <= LONGEST:
        return list(values)
    start = _same(values)
    end = _same([value[start:][::-1] for value in values])
    begin = max(0, start - 12)
    parts = [value[begin : len(value) - max(0, end - 12)] for value in values]
    return [
        ("…" if begin else "") + _cut(part) + ("…" if end > 12 and len(part) <= LONGEST else "")
        for part in parts
    ]


def as_json(outcome: Outcome, where: Where) -> Mapping[str, Any]:
    """All of it, for scripts."""
    done = outcome.comparison

    def told(drift: Difference) -> Mapping[str, Any]:
        return {
            "key": drift.key,
            "service": group(drift.key),
            "values": dict(drift.values),
            "note": drift.note,
            "where": where(drift.key),
        }

    return {
        "measured": [
            {
                "mode": one.mode,
                "time": one.time,
                "s3_engine": one.s3_engine,
                "environment": one.environment,
                "images": one.images,
                "counts": one.groups(),
                "failed": {name: vars(failure) for name, failure in one.failed.items()},
                "observations": dict(sorted(one.observations.items())),
            }
            for one in outcome.measured
        ],
        "recorded": [str(file) for file in outcome.recorded],
        "compared": done.compared if done else 0,
        "drifts": [told(drift) for drift in done.drifts] if done else [],
        "allowed": [told(drift) for drift in done.allowed] if done else [],
        "stale": [vars(entry) for entry in done.stale] if done else [],
    }


def as_junit(outcome: Outcome, where: Where) -> str:
    """A test case for each key that was compared; one that differs is a failure."""
    done = outcome.comparison
    failed = [failure for one in outcome.measured for failure in one.failed.values()]
    keys = sorted({key for one in outcome.sides for key in one.observations})
    drifts = {drift.key: drift for drift in done.drifts} if done else {}
    suite = ElementTree.Element(
        "testsuite",
        name="devenv parity",
        tests=str(len({*keys, *drifts}) + len(failed)),
        failures=str(len(drifts)),
        errors=str(len(failed)),
    )
    for key in sorted({*keys, *drifts}):
        case = ElementTree.SubElement(suite, "testcase", classname=f"parity.{group(key)}", name=key)
        if key in drifts:
            told = "\n".join(f"{label}: {value}" for label, value in drifts[key].values.items())
            failure = ElementTree.SubElement(case, "failure", message=f"{key} differs ({where(key)})")
            failure.text = told + (f"\n{drifts[key].note}" if drifts[key].note else "")
    for one in failed:
        case = ElementTree.SubElement(suite, "testcase", classname="parity", name=one.problem.split(" ")[0])
        ElementTree.SubElement(case, "error", message=one.problem).text = one.remedy
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def as_markdown(outcome: Outcome, where: Where) -> str:
    """For the summary page of a pull request."""
    done = outcome.comparison
    lines = ["## Parity", "", f"{summary(outcome)}.", ""]
    for one in outcome.measured:
        lines += [f"- **not measured**: {failure.problem}" for failure in one.failed.values()]
    if done and done.drifts:
        lines += _table(["service", "key", *done.labels, "from"], rows(done, where))
    if done and done.stale:
        lines += ["", "Stale in allowed.toml:", "", *(f"- `{entry.key}`" for entry in done.stale)]
    lines += ["", "<details><summary>Observations</summary>", ""]
    lines += _table(["service", *(one.label for one in outcome.sides)], counts(outcome.sides))
    lines += ["", "</details>"]
    if done and done.allowed:
        lines += ["", "<details><summary>Allowed differences</summary>", ""]
        entries = [(entry.key, *shortened(list(entry.values.values())), entry.note) for entry in done.allowed]
        if len({len(entry) for entry in entries}) == 1:
            lines += _table(["key", *done.allowed[0].values, "reason"], entries)
        lines += ["", "</details>"]
    return "\n".join(lines)


def _table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    def row(words: Sequence[str]) -> str:
        return "| " + " | ".join(word.replace("|", "\\|").replace("\n", " ") for word in words) + " |"

    return [row(columns), row(["---"] * len(columns)), *map(row, cells)]


def _same(values: Sequence[str]) -> int:
    """How many characters they share at their beginning."""
    for number, letters in enumerate(zip(*values, strict=False)):
        if len(set(letters)) > 1:
            return number
    return min(map(len, values))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
