"""How an outcome is printed: a table for people, JSON, JUnit and Markdown for machines and pages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from devenv.parity.compare import Comparison, Difference
from devenv.parity.measured import Measured, group
from devenv.parity.run import Outcome, Where

LONGEST = 72
# Control characters, line ends beyond ASCII, and what XML 1.0 does not allow.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def summary(outcome: Outcome) -> str:
    """One line: what was compared, and what came of it."""
    done = outcome.comparison
    if done is None:
        return f"{len(outcome.sides[0].observations)} observations of {outcome.sides[0].label}"
    told = f"{len(done.compared)} keys of {', '.join(done.labels)}: "
    told += f"{len(done.drifts)} differ, {len(done.allowed)} more are allowed to"
    return told + (f", {len(done.stale)} allowed differences are stale" if done.stale else "")


def counts(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    """Rows of service, and its number of observations in each measurement."""
    names = sorted({name for one in measured for name in one.groups()})
    rows = [(name, *(str(one.groups().get(name, 0)) for one in measured)) for name in names]
    return [*rows, ("all", *(str(len(one.observations)) for one in measured))]


def rows(done: Comparison, where: Where) -> list[tuple[str, ...]]:
    """Rows of service, key, a value for each measurement, and the source; a service stands once."""
    found, last = [], ""
    for drift in done.drifts:
        service = group(drift.key)
        found.append(
            (service if service != last else "", visible(drift.key), *_values(done, drift), where(drift.key))
        )
        last = service
    return found


def _values(done: Comparison, of: Difference) -> list[str]:
    return shortened([visible(of.values.get(label, "(not compared)")) for label in done.labels])


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


def visible(text: str) -> str:
    """`text` with control characters, and what no XML may hold, as Python writes them: \\x1b."""
    return UNPRINTABLE.sub(lambda match: repr(match[0])[1:-1], text)


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
        "recordings": [
            {"label": one.label, "failed": {name: vars(failure) for name, failure in one.failed.items()}}
            for one in outcome.recordings
        ],
        "recorded": [str(file) for file in outcome.recorded],
        "ended": outcome.ended and {"problem": outcome.ended.problem, "remedy": outcome.ended.remedy},
        "compared": len(done.compared) if done else 0,
        "drifts": [told(drift) for drift in done.drifts] if done else [],
        "allowed": [told(drift) for drift in done.allowed] if done else [],
        "stale": [vars(entry) for entry in done.stale] if done else [],
    }


def as_junit(outcome: Outcome, where: Where) -> str:
    """A test case for each key that was observed: one that differs is a failure, one that was not compared is
    skipped; and an error for each check that failed, and for what ended the run."""
    done = outcome.comparison
    keys = {key for one in outcome.sides for key in one.observations}
    drifts = {drift.key: drift for drift in done.drifts} if done else {}
    skipped = keys - (done.compared if done else set()) - drifts.keys()
    errors = _errors(outcome)
    suite = ElementTree.Element(
        "testsuite",
        name="devenv parity",
        tests=str(len(keys | drifts.keys()) + len(errors)),
        failures=str(len(drifts)),
        errors=str(len(errors)),
        skipped=str(len(skipped)),
    )
    for key in sorted(keys | drifts.keys()):
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"parity.{visible(group(key))}", name=visible(key)
        )
        if key in drifts:
            told = [f"{visible(label)}: {visible(value)}" for label, value in drifts[key].values.items()]
            message = visible(f"{key} differs ({where(key)})")
            failure = ElementTree.SubElement(case, "failure", message=message)
            failure.text = "\n".join([*told, *filter(None, [visible(drifts[key].note)])])
        elif key in skipped:
            ElementTree.SubElement(case, "skipped", message="not compared")
    for name, problem, remedy in errors:
        case = ElementTree.SubElement(suite, "testcase", classname="parity", name=visible(name))
        ElementTree.SubElement(case, "error", message=visible(problem)).text = visible(remedy)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)


def _errors(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Name, problem and remedy of all that could not be measured."""
    found = [
        (f"{check} of {one.label}", failure.problem, failure.remedy)
        for one in outcome.sides
        for check, failure in one.failed.items()
    ]
    ended = outcome.ended
    return [*found, ("the run", ended.problem, ended.remedy)] if ended else found


def as_markdown(outcome: Outcome, where: Where) -> str:
    """For the summary page of a pull request."""
    done = outcome.comparison
    lines = ["## Parity", "", f"{_escaped(summary(outcome))}.", ""]
    lines += [f"- **not measured**: {_escaped(problem)}" for _, problem, _ in _errors(outcome)]
    if done and done.drifts:
        lines += ["", *_table(["service", "key", *done.labels, "from"], rows(done, where))]
    if done and done.stale:
        lines += ["", "Stale, all agree:", "", *(f"- `{entry.key}` ({entry.file})" for entry in done.stale)]
    lines += ["", "<details><summary>Observations</summary>", ""]
    lines += _table(["service", *(one.label for one in outcome.sides)], counts(outcome.sides))
    lines += ["", "</details>"]
    if done and done.allowed:
        lines += ["", "<details><summary>Allowed differences</summary>", ""]
        entries = [(entry.key, *_values(done, entry), entry.note) for entry in done.allowed]
        lines += _table(["key", *done.labels, "reason"], entries)
        lines += ["", "</details>"]
    return "\n".join(lines)


def _table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    def row(words: Sequence[str]) -> str:
        return f"| {' | '.join(map(_escaped, words))} |"

    return [row(columns), f"|{'---|' * len(columns)}", *map(row, cells)]


def _escaped(text: str) -> str:
    """`text` as it stands, in a cell of a table of Markdown."""
    text = re.sub(r"[\\`*\[~|]", r"\\\g<0>", visible(text))
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _same(values: Sequence[str]) -> int:
    """How many characters they share at their beginning."""
    for number, letters in enumerate(zip(*values, strict=False)):
        if len(set(letters)) > 1:
            return number
    return min(map(len, values))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
