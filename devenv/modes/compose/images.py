"""Images: which ones the stack runs, which of them the engine has, and how to get the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError, StackError
from devenv.modes.base import Progress
from devenv.modes.compose.command import Compose
from devenv.modes.compose.engine import Engine
from devenv.project import Project
from devenv.stack.model import Stack

BUILD_FILE = "compose.build.yaml"


@dataclass(frozen=True)
class Image:
    """An image of the stack: `id` is None where the engine lacks it; `built` where a Dockerfile is here."""

    name: str
    services: tuple[str, ...]
    id: str | None
    built: bool


def build_variables(project: Project) -> Mapping[str, str]:
    """What compose.yaml has to be given so that it runs the images that are built here; nothing where the
    project builds none.

    Raises StackError where compose.build.yaml does not say it.
    """
    from devenv import yaml_text

    file = project.compose / BUILD_FILE
    try:
        content: Any = yaml_text.parse(file.read_text())
        return {str(name): str(value) for name, value in content["x-variables"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, yaml_text.YAMLError, KeyError, AttributeError, TypeError) as error:
        raise StackError(f"{file} cannot be read: {error}", f"put it back: git checkout {file}") from error


def stack_images(stack: Stack, engine: Engine, buildable: Mapping[str, str]) -> list[Image]:
    """The images of the stack; `buildable` are those with a Dockerfile, by any key."""
    names = dict.fromkeys(service.image for service in stack.services.values())
    return [
        Image(
            name,
            tuple(service.name for service in stack.services.values() if service.image == name),
            engine.image_id(name),
            name in buildable.values(),
        )
        for name in names
    ]


def build(compose: Compose, project: Project, images: list[Image], progress: Progress) -> None:
    """Builds images out of package registries, one after another. Raises DevenvError for one that fails."""
    for image in images:
        progress(f"building {image.name}")
        compose.run("build", image.services[0], more_files=[project.compose / BUILD_FILE])


def pull(compose: Compose, images: list[Image], progress: Progress) -> None:
    """Pulls images. Raises DevenvError for one that cannot be had."""
    for image in images:
        progress(f"pulling {image.name}")
        try:
            compose.run("pull", "--policy", "missing", image.services[0])
        except DevenvError as error:
            raise DevenvError(
                f"image {image.name} of {image.services[0]}: {error.problem}", error.remedy
            ) from error


def save(engine: Engine, names: list[str], file: Path) -> int:
    """Writes images into one archive that `docker load` reads too; returns its size in bytes."""
    answer = engine.api.get(f"{engine.api.base_url}/images/get", params={"names": names}, stream=True)
    answer.raise_for_status()
    staging = file.with_name(f".{file.name}.part")
    try:
        with staging.open("wb") as stream:
            for block in answer.iter_content(1 << 20):
                stream.write(block)
        staging.replace(file)
    finally:
        staging.unlink(missing_ok=True)
    return file.stat().st_size


def load(engine: Engine, file: Path) -> None:
    """Loads a saved bundle into the engine. Raises DevenvError for what is no bundle."""
    try:
        with file.open("rb") as stream:
            for line in engine.api.load_image(stream):
                if "errorDetail" in line:
                    raise DevenvError(
                        f"{file}: {line['errorDetail']['message']}", "save it anew: devenv images save"
                    )
    except OSError as error:
        raise DevenvError(
            f"{file}: {error.strerror}", "name a file that devenv images save has written"
        ) from error
