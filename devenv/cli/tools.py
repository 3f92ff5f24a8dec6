"""devenv tools: the programs that devenv runs."""

from __future__ import annotations

import click

from devenv.cli.options import json_option, quiet_option


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def tools(context: click.Context, as_json: bool) -> None:
    """The programs that devenv runs: which are here, from where, and how to get the others."""
    if context.invoked_subcommand:
        return
    from devenv import programs, report

    rows = programs.catalogue()
    if as_json:
        report.print_json([vars(row) for row in rows])
        return
    report.print_table(
        ("PROGRAM", "FOR", "VERSION", "SOURCE", "WHERE"),
        [
            (row.name, row.service, row.version, row.source, row.path or f"{row.reason}; {row.remedy}")
            for row in rows
        ],
    )


@tools.command()
@click.argument("names", nargs=-1, required=True)
@quiet_option
def get(names: tuple[str, ...], quiet: bool) -> None:
    """Get programs, such as minio, prometheus, alertmanager or postgres_exporter."""
    from devenv import programs, report

    progress = report.open_report(quiet, False)
    for name, program in programs.get_many(names, progress.line).items():
        report.print_line(f"{name} {programs.version(program)}: {program.path}")
