"""Commands that change the instance: up, down, restart, reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devenv.cli.options import (
    Options,
    complete_service,
    confirm,
    json_option,
    mode_argument,
    mode_option,
    no_seed_option,
    plan_option,
    quiet_option,
    services_argument,
    timeout_option,
    yes_option,
)
from devenv.modes import MODES

if TYPE_CHECKING:
    from devenv.workflow import Session


@click.command(
    epilog="\b\nExamples:\n  devenv up\n  devenv up --no-seed\n  devenv up local prometheus\n"
    "  devenv up compose\n  devenv up k3s --images build\n"
    "  devenv up --plan --json"
)
@click.argument("mode_and_services", nargs=-1, metavar="[MODE] [SERVICE]...", shell_complete=complete_service)
@click.option(
    "--images",
    type=click.Choice(["pull", "build"]),
    help="For containers: pull pinned images, or build them from package registries. As last time.",
)
@click.option(
    "--context",
    help='For k3s: a cluster that is there already, by its context; "" for its own. As last time.',
)
@no_seed_option
@plan_option
@timeout_option
@json_option
@quiet_option
@click.pass_obj
def up(
    options: Options,
    mode_and_services: tuple[str, ...],
    images: str | None,
    context: str | None,
    no_seed: bool,
    plan: bool,
    timeout: float | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Bring the platform up and seed it. Changes nothing where all is well."""
    from devenv import report, workflow
    from devenv.cli.facts import print_endpoints, print_plan, seed_facts

    session = options.session(quiet, as_json)
    mode_name, services = _mode_and_services(session, mode_and_services)
    if plan:
        print_plan(workflow.plan_up(session, mode_name, services), as_json)
        return
    seconds = timeout or session.settings.timeout
    result = workflow.up(session, mode_name, services, not no_seed, seconds, images, context)
    if as_json:
        report.print_json(
            {
                "instance": result.mode.instance.name,
                "mode": mode_name,
                "changed": result.changed,
                "endpoints": {name: endpoint.url for name, endpoint in result.endpoints.items()},
                "left_out": {event.service: event.detail for event in result.left_out},
                "seed": seed_facts(result.seeded) if result.seeded else None,
            }
        )
        return
    if not quiet:
        if not result.changed:
            report.print_line(f"{result.mode.instance.name} runs as it should; nothing changed")
        print_endpoints(result)


@click.command(epilog="\b\nExamples:\n  devenv down\n  devenv down --volumes\n  devenv down --all")
@mode_argument
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
    from devenv import report, workflow

    if everything:
        from devenv import machine

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
        confirm(f"Delete all data of mode {mode_name} in {session.project.root}?", yes)
    stopped = workflow.down(session, mode_name, volumes, timeout or session.settings.timeout)
    if not quiet:
        kept = "its data are deleted" if volumes else "its data are kept"
        report.print_line(
            f"stopped {stopped} services; {kept}" if stopped else f"nothing was running; {kept}"
        )


@click.command()
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


@click.command()
@mode_argument
@no_seed_option
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
    from devenv.cli.facts import print_endpoints

    session = options.session(quiet)
    mode_name = mode_name or session.settings.mode
    if plan:
        report.print_line(
            f"would delete all data of mode {mode_name} in {session.project.root}, and start anew"
        )
        return
    confirm(f"Delete all data of mode {mode_name} in {session.project.root}, and start anew?", yes)
    seconds = timeout or session.settings.timeout
    workflow.down(session, mode_name, True, seconds)
    result = workflow.up(session, mode_name, (), not no_seed, seconds)
    if not quiet:
        print_endpoints(result)


def _mode_and_services(session: Session, words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    if words and words[0] in MODES:
        return words[0], words[1:]
    return session.settings.mode, words
