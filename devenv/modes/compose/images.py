"""Images: which ones the stack runs, which of them the engine has, and how to get the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError, StackError
from devenv.modes.base import Progress
from devenv.modes.compose.command import Compose
from devenv.modes.compose.engine import Engine, not_running
from devenv.project import Project
from devenv.stack.model import Stack


@dataclass(frozen=True)
class Image:
    """An image of the stack: `id` is None where the engine lacks it; `built` where a Dockerfile is here."""

    name: str
    services: tuple[str, ...]
    id: str | None
    built: bool


def build_files(project: Project, s3_engine: str) -> list[Path]:
    """The files that say how images are built, in the order in which Compose merges them."""
    files = [project.compose / "compose.build.yaml", project.compose / f"compose.build.{s3_engine}.yaml"]
    return [file for file in files if file.exists()]


def build_variables(project: Project, s3_engine: str) -> Mapping[str, str]:
    """What compose.yaml has to be given so that it runs the images that are built here; nothing where the
    project builds none.

    Raises StackError where the build files do not say it.
    """
    from devenv import yaml_text

    variables: dict[str, str] = {}
    for file in build_files(project, s3_engine):
        try:
            content: Any = yaml_text.parse(file.read_text())
            variables |= {str(name): str(value) for name, value in content["x-variables"].items()}
        except (OSError, yaml_text.YAMLError, KeyError, AttributeError, TypeError) as error:
            raise StackError(
                f"{file} cannot be read: {error}", f"put it back: git checkout {file}"
            ) from error
    return variables


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


def has_built(engine: Engine, buildable: Mapping[str, str]) -> bool:
    """Whether the engine has every image that is built here."""
    names = [name for variable, name in buildable.items() if variable.endswith("_IMAGE")]
    return bool(names) and all(engine.image_id(name) for name in names)


def build(compose: Compose, files: Sequence[Path], images: list[Image], progress: Progress) -> None:
    """Builds images out of package registries, one after another. Raises DevenvError for one that fails."""
    for image in images:
        progress(f"building {image.name}")
        compose.run("build", image.services[0], more_files=files)


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
    """Writes images into one archive that `docker load` reads too; returns its size in bytes.

    Raises DevenvError where the engine cannot give them, or the file cannot be written.
    """
    import requests

    address = f"{engine.api.base_url}/images/get"
    staging = file.with_name(f".{file.name}.part")
    try:
        with (
            staging.open("wb") as stream,
            engine.api.get(address, params={"names": names}, stream=True) as answer,
        ):
            answer.raise_for_status()
            for block in answer.iter_content(1 << 20):
                stream.write(block)
        staging.replace(file)
    except requests.exceptions.RequestException as error:  # before OSError, which it is one of
        raise DevenvError(
            f"the engine cannot give the images: {error}", "see which it has: devenv images list"
        ) from error
    except OSError as error:
        raise DevenvError(
            f"{file} cannot be written: {error.strerror}",
            "name a file in a folder of yours with room for all images, about 2 GB",
        ) from error
    finally:
        with suppress(OSError):
            staging.unlink(missing_ok=True)
    return file.stat().st_size


def load(engine: Engine, file: Path) -> None:
    """Loads a saved bundle into the engine. Raises DevenvError for what is no bundle."""
    import docker
    import requests

    remedy = "name a file that devenv images save has written"
    try:
        with file.open("rb") as stream:
            for line in engine.ask("load_image", stream):
                if "errorDetail" in line:
                    raise DevenvError(
                        f"{file} is no bundle of images: {line['errorDetail']['message']}", remedy
                    )
    except docker.errors.APIError as error:
        raise DevenvError(f"{file} is no bundle of images: {error.explanation}", remedy) from error
    except requests.exceptions.RequestException as error:
        raise not_running(engine.host, error) from error
    except OSError as error:
        raise DevenvError(f"{file}: {error.strerror}", remedy) from error
