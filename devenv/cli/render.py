"""devenv render: the files that are made out of the stack and kept in the repository."""

from __future__ import annotations

import click

from devenv.cli.options import Options


@click.command(epilog="\b\nExamples:\n  devenv render k3s\n  devenv render k3s --check      in CI")
@click.argument("mode_name", metavar="k3s", type=click.Choice(["k3s"]))
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where a file is not as rendered.")
@click.pass_obj
def render(options: Options, mode_name: str, check: bool) -> None:
    """Write the Kubernetes manifests (k3s/base) out of compose/compose.yaml."""
    from devenv import report
    from devenv.modes.k3s.render.committed import check_committed, render_committed

    project = options.session().project
    if check:
        check_committed(project)
        return
    changed = render_committed(project)
    for path in changed:
        report.print_line(path)
    if not changed:
        report.print_line("nothing changed")
