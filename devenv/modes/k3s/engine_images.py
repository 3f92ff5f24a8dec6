"""The stack's images on the Docker engine, from where the cluster's node gets them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devenv.instance import Instance
from devenv.modes.base import Progress
from devenv.modes.compose import images
from devenv.modes.compose.command import Compose
from devenv.modes.compose.engine import Engine
from devenv.modes.k3s.node_images import content_name
from devenv.secrets import Secrets
from devenv.stack.model import Stack
from devenv.state import write_private


@dataclass(frozen=True)
class EngineImages:
    """What `stack` runs; variables and secrets are what Compose needs to pull or build it."""

    instance: Instance
    stack: Stack
    engine: Engine
    variables: Mapping[str, str]
    secrets: Secrets

    def obtain(self, progress: Progress) -> None:
        """Builds or pulls what the engine lacks. Raises DevenvError for what cannot be had."""
        missing = [image for image in self.all() if image.id is None]
        if not missing:
            return
        values = {**self.variables, **self.secrets}
        file = self.instance.folder / "images.env"
        write_private(file, "".join(f"{name}='{value}'\n" for name, value in sorted(values.items())))
        engine = str(self.instance.s3_engine)
        files = self.instance.project.stack_files(engine)
        compose = Compose(self.stack.name, self.engine.host, files, file)
        built = [image for image in missing if image.built]
        images.build(compose, images.build_files(self.instance.project, engine), built, progress)
        images.pull(compose, [image for image in missing if not image.built], progress)

    def all(self) -> list[images.Image]:
        """Every image of the stack."""
        buildable = images.build_variables(self.instance.project, str(self.instance.s3_engine))
        return images.stack_images(self.stack, self.engine, buildable)

    def names(self, services: Sequence[str]) -> dict[str, str]:
        """Image of each of the services -> the name that the node has it under.

        An image that the engine has lost since it was loaded keeps its name.
        """
        file = self.instance.folder / "cache" / "images.json"
        try:
            known: dict[str, str] = json.loads(file.read_text())
        except (OSError, ValueError):
            known = {}
        found = dict(known)
        for image in {self.stack.services[name].image for name in self.stack.services}:
            if identity := self.engine.image_id(image):
                found[image] = content_name(image, identity)
        if found != known:
            write_private(file, json.dumps(found))
        wanted = {self.stack.services[name].image for name in services}
        return {image: found.get(image, image) for image in sorted(wanted)}
