"""devenv images: the container images of the stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from devenv.cli.options import Options, json_option, quiet_option

if TYPE_CHECKING:
    from devenv.modes.compose import ComposeMode


@click.group()
def images() -> None:
    """The container images of the stack: list, build, pull, save and load them."""


@images.command(name="list")
@json_option
@click.pass_obj
def list_(options: Options, as_json: bool) -> None:
    """Every image, and whether the engine has it."""
    from devenv import report

    found = _mode(options).images()
    if as_json:
        report.print_json([vars(image) for image in found])
        return
    report.print_table(
        ("IMAGE", "FOR", "HERE", "BUILT"),
        [
            (image.name, ", ".join(image.services), "yes" if image.id else "no", "yes" if image.built else "")
            for image in found
        ],
        {"yes": "green", "no": "red"},
    )


@images.command()
@quiet_option
@click.pass_obj
def build(options: Options, quiet: bool) -> None:
    """Build every image that has a Dockerfile, out of package registries. From then on they are run."""
    from devenv import report
    from devenv.modes.compose import images as work

    mode = _mode(options, "build")
    built = [image for image in mode.images() if image.built]
    work.build(mode.compose, mode.build_files, built, report.open_report(quiet, False).line)


@images.command()
@quiet_option
@click.pass_obj
def pull(options: Options, quiet: bool) -> None:
    """Pull every image at its pinned version. From then on they are run."""
    from devenv import report
    from devenv.modes.compose import images as work

    mode = _mode(options, "pull")
    pulled = [image for image in mode.images() if not image.built]
    work.pull(mode.compose, pulled, report.open_report(quiet, False).line)


@images.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def save(options: Options, file: Path) -> None:
    """Save the images into FILE, for an engine with no network. `docker load` reads it too."""
    from devenv import report
    from devenv.errors import DevenvError
    from devenv.modes.compose import images as work

    mode = _mode(options)
    found = mode.images()
    for image in found:
        if image.id is None:
            raise DevenvError(
                f"image {image.name} is not here", "get it first: devenv images build (or pull)"
            )
    size = work.save(mode.engine, [image.name for image in found], file)
    report.print_line(f"{file}: {len(found)} images, {size / 1024**2:.0f} MiB")


@images.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.pass_obj
def load(options: Options, file: Path) -> None:
    """Load images that `devenv images save` has written. Where they were built, they are run from then on."""
    from devenv import report
    from devenv.modes.compose import images as work

    mode = _mode(options)
    work.load(mode.engine, file)
    if mode.instance.images != "build" and work.has_built(mode.engine, mode.build_variables):
        mode = _mode(options, "build")
    here = [image.name for image in mode.images() if image.id]
    report.print_line(f"the engine has {len(here)} images of the stack: {', '.join(here)}")


def _mode(options: Options, images: str | None = None) -> ComposeMode:
    from devenv.instance import changing, load_instance
    from devenv.modes.compose import open_mode
    from devenv.settle import settle
    from devenv.workflow import waiting

    session = options.session()
    instance = load_instance(session.project, "compose")
    if images or not instance.ports:
        with changing(instance, session.settings.timeout, waiting(session.report)):
            instance = settle(session.project, "compose", session.settings, images)
    return open_mode(instance, session.settings)
