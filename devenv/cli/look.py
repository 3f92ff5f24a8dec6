"""Commands that only look: status, logs, open, list, doctor, completion."""

from __future__ import annotations

import click

from devenv.cli.options import (
    Options,
    complete_service,
    json_option,
    mode_argument,
    mode_option,
    services_argument,
)

COLOURS = {"ready": "green", "stopped": "dim", "left out": "yellow", "failed": "red", "unhealthy": "red"}


@click.command()
@mode_argument
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
        imaged = any(entry.image for entry in services)
        report.print_table(
            ("SERVICE", "STATE", "URL", *(["IMAGE"] if imaged else ["PID"]), "RESTARTS", "DETAIL"),
            [
                (
                    entry.service,
                    entry.state,
                    endpoints[entry.service].url if entry.service in endpoints else "",
                    (entry.image or "") if imaged else str(entry.pid or ""),
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


@click.command(
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


@click.command(name="open")
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


@click.command(name="list")
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
            ("INSTANCE", "MODE", "STATE", "PARTS", "PROJECT"),
            [(e.name, e.mode, e.state, str(e.parts or ""), e.project) for e in found],
            {"running": "green", "stopped": "dim", "orphaned": "red"},
        )


@click.command()
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


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """The shell's completion script: devenv completion bash >> ~/.bashrc"""
    from click.shell_completion import get_completion_class

    from devenv import report

    script = get_completion_class(shell)
    if script is not None:
        report.print_line(script(context.find_root().command, {}, "devenv", "_DEVENV_COMPLETE").source())
