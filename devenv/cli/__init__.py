"""The command line: parse, call, print. No logic."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from devenv import __version__
from devenv.cli import images, lifecycle, look, parity, render, tools, work
from devenv.cli.options import Options


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
        for noisy in ("urllib3", "httpx", "httpx2", "httpcore", "httpcore2", "filelock", "asyncio"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
    context.obj = Options(project)


def main() -> None:
    """The entry point: runs the command line, and ends with the documented exit code."""
    from devenv.ending import run

    code = run(cli)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # its reader has gone
            stream.flush()
    # All is done and closed by now. To take clients and modules down one by one would cost a quick command
    # more than its work does.
    os._exit(code)


for _command in (
    lifecycle.up,
    lifecycle.down,
    look.status,
    look.logs,
    work.seed,
    work.env,
    work.run,
    work.psql,
    work.exec_,
    look.open_,
    lifecycle.restart,
    lifecycle.reset,
    parity.parity,
    look.list_,
    look.doctor,
    tools.tools,
    images.images,
    render.render,
    look.completion,
):
    cli.add_command(_command)
