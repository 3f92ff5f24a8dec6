"""Writes the parts of docs/parity.md that come out of the catalogue: python -m tests.parity.document"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from devenv.parity.catalogue import meanings
from devenv.parity.measured import group
from tests.parity.coverage import NOT_FLIPPED, not_flipped

FILE = Path(__file__).parents[2] / "docs" / "parity.md"
BEGIN, END = "<!-- written by: python -m tests.parity.document -->", "<!-- end -->"


def written() -> str:
    """docs/parity.md as it has to be."""
    before, _, rest = FILE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n" + "\n".join(_lines()) + f"\n\n{END}{after}"


def _lines() -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for meaning in meanings():
        marked = f" ({meaning.family})" if meaning.family else ""
        row = f"| `{meaning.key}`{marked} | {meaning.what} | {meaning.why} | {meaning.source} |"
        groups.setdefault(group(meaning.key), []).append(row)
    for name, rows in groups.items():
        title = "Every service" if name == "{service}" else name
        yield from ("", f"### {title}", "", "| key | what | why | from |", "|---|---|---|---|", *rows)
    missing = not_flipped()
    yield from ("", "### Keys that no drift of the suite flips", "")
    if missing:
        yield from ("| key | what would flip it |", "|---|---|")
        yield from (f"| `{one.key}` | {NOT_FLIPPED.get(one.key, '?')} |" for one in missing)
    else:
        yield "None."


if __name__ == "__main__":
    FILE.write_text(written())
