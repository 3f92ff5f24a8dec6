"""Results as tables for people, and as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Figure, Result
from devenv import __version__

WIDTH = 120  # of tables that go into a file


def print_tables(results: list[Result]) -> None:
    """The figures, then for each service when it was there, or gone."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    table = _table("subject", "figure", "median", "min - max", "limit", "")
    for result in results:
        for figure in result.figures:
            table.add_row(result.subject, *_row(figure))
        table.add_section()
    console.print(table)
    for result in results:
        if result.moments:
            console.print(_moments(result))
        for name, note in result.notes.items():
            console.print(f"{result.subject}: {name}: {note}")
    console.print(", ".join(f"{name}: {value}" for name, value in _machine().items()))


def print_json(results: list[Result]) -> None:
    """Every run of every series, with the figures made of them."""
    document = {"machine": _machine(), "results": [_document(result) for result in results]}
    print(json.dumps(document, indent=1))


def _row(figure: Figure) -> tuple[str, ...]:
    digits = {"ms": 0, "s": 3, "x": 2, "%": 1}[figure.unit]
    median_, low, high = (f"{value:.{digits}f}" for value in (figure.median, figure.low, figure.high))
    limit = "" if figure.limit is None else f"{figure.limit:g} {figure.unit}"
    verdict = {None: "", True: "within", False: "OVER"}[figure.within]
    return figure.name, f"{median_} {figure.unit}", f"{low} - {high}", limit, verdict


def _moments(result: Result) -> Table:
    """Medians, in the order in which the services came in what was run first."""
    labels = list(result.series)
    table = _table(f"{result.subject}: seconds after its beginning (median)", *labels)
    by_first = sorted(result.moments.items(), key=lambda item: median(item[1][labels[0]]))
    for service, seen in by_first:
        table.add_row(service, *(f"{median(seen[label]):.2f}" if label in seen else "" for label in labels))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _machine() -> dict[str, str]:
    return {
        "devenv": __version__,
        "python": platform.python_version(),
        "processors": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _document(result: Result) -> dict[str, object]:
    figures = [
        {**asdict(f), "median": f.median, "min": f.low, "max": f.high, "within": f.within}
        for f in result.figures
    ]
    return {**asdict(result), "figures": figures}
