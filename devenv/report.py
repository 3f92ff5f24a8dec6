"""What devenv prints: progress on standard error, facts on standard output. Only this file knows rich."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from devenv.errors import ReaderGone

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from devenv.modes.base import Event, Problem

SYMBOLS = {
    "starting": "…",
    "ready": "✓",
    "unchanged": "=",
    "left out": "-",
    "stopping": "…",
    "stopped": "✓",
}


class Report(Protocol):
    """Where a workflow says what it does."""

    def step(self, number: int, of: int, title: str) -> None:
        """A numbered step begins."""

    def line(self, line: str) -> None:
        """Something within the step."""

    def event(self, event: Event) -> None:
        """Something happened to a service."""

    def warn(self, problem: Problem) -> None:
        """Something to know, that stops nothing."""

    def close(self) -> None:
        """No more progress comes."""


class QuietReport:
    """Says nothing but warnings."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def step(self, number: int, of: int, title: str) -> None:
        pass

    def line(self, line: str) -> None:
        pass

    def event(self, event: Event) -> None:
        pass

    def warn(self, problem: Problem) -> None:
        self._print(f"warning: {problem.what}")
        self._print(f"         {problem.remedy}")

    def close(self) -> None:
        pass

    def _print(self, line: str) -> None:
        print(line, file=self._stream, flush=True)


class PlainReport(QuietReport):
    """A line for everything: for pipes, logs and NO_COLOR."""

    def step(self, number: int, of: int, title: str) -> None:
        self._print(f"[{number}/{of}] {title}")

    def line(self, line: str) -> None:
        self._print(f"      {line}")

    def event(self, event: Event) -> None:
        detail = f" ({event.detail})" if event.detail else ""
        self._print(f"      {event.service}: {event.kind} after {event.seconds:.1f} s{detail}")


class LiveReport(QuietReport):
    """A step's services redrawn in place, for a terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        super().__init__()
        self._console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._events: dict[str, Event] = {}

    def step(self, number: int, of: int, title: str) -> None:
        self.close()
        self._console.print(f"[bold cyan]{number}/{of}[/] [bold]{title}[/]")

    def line(self, line: str) -> None:
        self._console.print(f"    [dim]{_plain(line)}[/]")

    def event(self, event: Event) -> None:
        from rich.live import Live

        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=8, get_renderable=self._table)
            self._live.start()
        self._events[event.service] = event
        self._live.refresh()

    def warn(self, problem: Problem) -> None:
        self._console.print(f"[yellow]warning:[/] {_plain(problem.what)}\n         {_plain(problem.remedy)}")

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._events = {}

    def _table(self) -> Table:
        from rich.spinner import Spinner
        from rich.table import Table

        table = Table.grid(padding=(0, 1))
        for event in self._events.values():
            busy = event.kind in ("starting", "stopping")
            colour = "cyan" if busy else "yellow" if event.kind == "left out" else "green"
            mark = Spinner("dots", style="cyan") if busy else f"[{colour}]{SYMBOLS[event.kind]}[/]"
            seconds = "" if busy else f"[dim]{event.seconds:.1f} s[/]"
            table.add_row(
                "   ", mark, event.service, f"[{colour}]{event.kind}[/]", seconds, _plain(event.detail)
            )
        return table


def open_report(quiet: bool, as_json: bool) -> Report:
    """The report that fits the stream: live on a terminal, plain in a pipe or with NO_COLOR."""
    if quiet or as_json:
        return QuietReport()
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        return LiveReport()
    return PlainReport()


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print_line(json.dumps(value, indent=2, default=str))


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], states: Mapping[str, str] | None = None
) -> None:
    """A table on standard output; `states` gives the colour of a cell by its text."""
    from rich.console import Console
    from rich.table import Table

    # In a pipe a row stays on one line, whatever the width.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = []
        for cell in row:
            colour = (states or {}).get(cell)
            cells.append(f"[{colour}]{_plain(cell)}[/]" if colour else _plain(cell))
        table.add_row(*cells)
    with console.capture() as rendered:  # rich would end the whole command where its reader has gone
        console.print(table)
    print_line(rendered.get().rstrip("\n"))


def print_line(line: str) -> None:
    """A line on standard output. Raises ReaderGone where nobody reads it any more."""
    try:
        print(line, flush=True)  # noqa: T201
    except BrokenPipeError as error:
        raise ReaderGone from error


class LogPrinter:
    """Lines of several services, each with its name in a colour of its own."""

    COLOURS = (36, 33, 32, 35, 34, 31, 96, 93, 92, 95)

    def __init__(self, services: Sequence[str]) -> None:
        self._width = max(map(len, services), default=0)
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._colours = dict(zip(services, self.COLOURS * len(services), strict=False)) if colour else {}

    def line(self, service: str, line: str) -> None:
        """Prints one line."""
        name = service.ljust(self._width)
        if service in self._colours:
            name = f"\033[{self._colours[service]}m{name}\033[0m"
        print_line(f"{name} | {line}")


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
