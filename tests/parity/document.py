"""Writes the parts of docs/parity.md that come out of the catalogue: python -m tests.parity.document

With recordings (.devenv/parity/MODE.json …) it also writes how many observations of each service they have.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from devenv.parity.catalogue import meanings
from devenv.parity.measured import Measured, group, read_recording
from devenv.parity.show import counts
from tests.parity.coverage import NOT_FLIPPED, not_flipped

FILE = Path(__file__).parents[2] / "docs" / "parity.md"
BEGIN, END = "<!-- written by: python -m tests.parity.document -->", "<!-- end -->"
COUNT = "<!-- counted by: python -m tests.parity.document RECORDING... -->"
END_OF_COUNT = "<!-- end of the count -->"


def written(recordings: Sequence[Measured] = ()) -> str:
    """docs/parity.md as it has to be; the count of observations stays where there is no recording."""
    text = _replaced(FILE.read_text(), BEGIN, END, _lines())
    return _replaced(text, COUNT, END_OF_COUNT, _counted(recordings)) if recordings else text


def _replaced(text: str, begin: str, end: str, lines: Iterator[str]) -> str:
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    return f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{after}"


def _counted(recordings: Sequence[Measured]) -> Iterator[str]:
    columns = ["observations", *(f"{one.mode} ({one.s3_engine})" for one in recordings)]
    yield from (_row(columns), _row(["---"] * len(columns)))
    yield from map(_row, counts(recordings))


def _row(words: Sequence[str]) -> str:
    return f"| {' | '.join(words)} |"


def _lines() -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for meaning in meanings():
        marked = f" ({meaning.family})" if meaning.family else ""
        row = f"| `{meaning.key}`{marked} | {meaning.what} | {meaning.why} | {meaning.source} |"
        groups.setdefault(group(meaning.key), []).append(row)
    flipped = Counter(group(one.key) for one in meanings()) - Counter(group(one.key) for one in not_flipped())
    yield from ("| group | keys | of these a drift of the suite flips |", "|---|---|---|")
    yield from (_row([_title(name), str(len(rows)), str(flipped[name])]) for name, rows in groups.items())
    yield _row(["all", str(len(meanings())), str(flipped.total())])
    for name, rows in groups.items():
        yield from ("", f"### {_title(name)}", "", "| key | what | why | from |", "|---|---|---|---|", *rows)
    missing = not_flipped()
    yield from ("", "### Keys that no drift of the suite flips", "")
    if missing:
        yield from ("| key | what would flip it |", "|---|---|")
        yield from (f"| `{one.key}` | {NOT_FLIPPED.get(one.key, '?')} |" for one in missing)
    else:
        yield "None."


def _title(name: str) -> str:
    return "Every service" if name == "{service}" else name


if __name__ == "__main__":
    FILE.write_text(written([read_recording(Path(name)) for name in sys.argv[1:]]))
