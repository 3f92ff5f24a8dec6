"""What several commands share: options, arguments, and what stands before a command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from devenv.modes import MODES

if TYPE_CHECKING:
    from devenv.workflow import Session


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
        report = open_report(quiet, as_json)
        # However the command ends: a terminal is not left without its cursor.
        click.get_current_context().call_on_close(report.close)
        return Session(project, read_settings(project.root), report)


def complete_service(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The services' names, as far as an earlier `up` has read them."""
    import json

    from devenv.errors import DevenvError
    from devenv.project import find_project

    try:
        project = find_project(context.find_root().params.get("project"))
    except DevenvError:
        return sorted(name for name in MODES if name.startswith(incomplete))
    names = {
        name
        for file in project.state.glob("*/cache/stack-*.json")
        for name in json.loads(file.read_text()).get("services", {})
    }
    return sorted(name for name in {*names, *MODES} if name.startswith(incomplete))


json_option = click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing while at work.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
plan_option = click.option("--plan", is_flag=True, help="Say what would change, and change nothing.")
mode_option = click.option("-m", "--mode", "mode_name", help="The mode, where it is not the default.")
timeout_option = click.option("--timeout", type=click.FloatRange(1), help="Seconds that all of it may take.")
services_argument = click.argument("services", nargs=-1, shell_complete=complete_service)
mode_argument = click.argument("mode_name", metavar="[MODE]", required=False)
no_seed_option = click.option("--no-seed", is_flag=True, help="Leave the lake as it is.")


def confirm(question: str, yes: bool) -> None:
    """Asks, unless the answer was given beforehand; where nobody can be asked, that is a wrong use."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask on: give --yes")
    click.confirm(question, abort=True, err=True)
