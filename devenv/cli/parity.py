"""The command that compares the modes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from devenv.cli.options import Options, quiet_option, timeout_option

if TYPE_CHECKING:
    from devenv.parity.run import Outcome, Where

FORMATS = ("table", "json", "junit", "markdown")


@click.command(
    epilog="\b\nExamples:\n  devenv parity                        compares the modes that are up\n"
    "  devenv parity local compose --up     brings them up first, and down again\n"
    "  devenv parity local compose --restarts  what a restart of each service changes, too\n"
    "  devenv parity local --record         keeps it as the baseline, .devenv/parity/local.json\n"
    "  devenv parity local --against FILE   compares with what was recorded\n"
    "  devenv parity --against A --against B   compares two recordings, with nothing up\n"
    "  devenv parity --explain s3.spec.command"
)
@click.argument("modes", nargs=-1, metavar="[MODE]...")
@click.option("--up", is_flag=True, help="Bring each mode up, measure it, and take it down if it was not up.")
@click.option("--restarts", is_flag=True, help="Restart each service once, too; takes minutes.")
@click.option(
    "--record",
    is_flag=True,
    help="Keep what is measured as the baseline, .devenv/parity/MODE.json, if no check fails. "
    "Without it, MODE.last.json has what was measured last.",
)
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Compare with a recording too; can be given again.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How to print it.",
)
@click.option("--explain", metavar="KEY", help="Say what a key means and why it matters.")
@timeout_option
@quiet_option
@click.pass_obj
def parity(
    options: Options,
    modes: tuple[str, ...],
    up: bool,
    restarts: bool,
    record: bool,
    against: tuple[Path, ...],
    form: str,
    explain: str | None,
    timeout: float | None,
    quiet: bool,
) -> None:
    """Measure the modes that are up, and prove that they are the same platform. Exits with 4 where not."""
    if explain:
        _explain(explain)
        return
    from devenv.errors import DevenvError, DriftFound
    from devenv.parity import run

    session = options.session(quiet)
    seconds = timeout or session.settings.timeout
    outcome = run.parity(session, modes, up, record, against, seconds, restarts)
    _show(outcome, run.sources(session, outcome), form)
    if outcome.ended:
        raise outcome.ended
    failed = [failure for one in outcome.sides for failure in one.failed.values()]
    if failed:
        raise DevenvError(failed[0].problem, failed[0].remedy)
    if outcome.comparison and outcome.comparison.drifts:
        first = outcome.comparison.drifts[0].key
        raise DriftFound(
            f"{len(outcome.comparison.drifts)} observations differ",
            f"mend them, or declare them in devenv/parity/allowed.toml; what one means: "
            f"devenv parity --explain {first}",
        )


def _explain(key: str) -> None:
    from devenv import report
    from devenv.parity.catalogue import explain

    meaning = explain(key)
    report.print_line(f"{key}: {meaning.what}")
    report.print_line(f"why it matters: {meaning.why}")
    report.print_line(f"where it comes from: {meaning.source}")
    if meaning.family:
        report.print_line(f"a fact of {meaning.family}: it is compared between the modes that have them")


def _show(outcome: Outcome, where: Where, form: str) -> None:
    from devenv import report
    from devenv.parity import show

    if form == "json":
        report.print_json(show.as_json(outcome, where))
    elif form == "junit":
        report.print_line(show.as_junit(outcome, where))
    elif form == "markdown":
        report.print_line(show.as_markdown(outcome, where))
    else:
        _show_table(outcome, where)


def _show_table(outcome: Outcome, where: Where) -> None:
    from devenv import report
    from devenv.parity import show

    done = outcome.comparison
    if done is None:
        report.print_table(
            ("SERVICE", *map(_heading, (one.label for one in outcome.sides))), show.counts(outcome.sides)
        )
    elif done.drifts:
        report.print_table(("SERVICE", "KEY", *map(_heading, done.labels), "FROM"), show.rows(done, where))
    for entry in done.stale if done else ():
        report.print_line(f"stale in {entry.file}, all agree: {entry.key}")
    report.print_line(show.summary(outcome))
    for file in outcome.recorded:
        report.print_line(f"recorded: {file}")


def _heading(label: str) -> str:
    """A mode as a column's heading; the name of a recording's file as it stands."""
    return label if " " in label else label.upper()
