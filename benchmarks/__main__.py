"""python -m benchmarks [NAME...] [--runs N] [--json]"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import click

from benchmarks import compose, down, health, k3s, noop, up
from benchmarks.measure import Result
from benchmarks.report import print_json, print_tables

# A new subject is a module with `measure(runs, patience)`, and a line here.
SUBJECTS: dict[str, Callable[[int, float], Result]] = {
    "up": up.measure,
    "noop": noop.measure,
    "down": down.measure,
    "compose": compose.measure,
    "health": health.measure,
    "k3s": k3s.measure,
}


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(SUBJECTS)))
@click.option("--runs", default=5, show_default=True, type=click.IntRange(1), help="Rounds that count.")
@click.option(
    "--patience",
    default=120.0,
    show_default=True,
    help="Seconds to wait, in each subject, for other programs to be quiet; 0 takes the machine as it is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print every run, for scripts.")
def main(names: tuple[str, ...], runs: int, patience: float, as_json: bool) -> None:
    """Measures devenv beside the bare thing; progress goes to standard error."""
    # To be ended is no reason to leave the platform running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = [SUBJECTS[name](runs, patience) for name in names or SUBJECTS]
    if as_json:
        print_json(results)
    else:
        print_tables(results)


if __name__ == "__main__":
    main()
