"""A copy of the project whose files a drift may change, and what a mode would run of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.modes import open_mode
from devenv.modes.compose.engine import Engine
from devenv.modes.k3s import K3sMode
from devenv.parity.measure import static_facts
from devenv.parity.measured import Measured
from devenv.project import Project
from devenv.report import QuietReport
from devenv.settings import read_settings
from devenv.settle import settle
from devenv.workflow import Session

ROOT = Path(__file__).parents[2]


class EngineWithoutImages(Engine):
    """Names the images on a cluster's node as the stack does, with no engine to ask."""

    def image_id(self, name: str) -> str | None:
        return None


@dataclass(frozen=True)
class Copy:
    """One project folder."""

    root: Path

    def override(self, service: str, **entry: Any) -> None:
        """Has compose.override.yaml change a service; JSON is YAML, too."""
        file = self.root / "compose" / "compose.override.yaml"
        file.write_text(json.dumps({"services": {service: entry}}))

    def edit(self, name: str, old: str, new: str) -> None:
        """Replaces a text that stands once in the file."""
        file = self.root / name
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        file.write_text(text.replace(old, new))

    def static(self, mode_name: str = "compose") -> Measured:
        """The static facts of a mode."""
        project = Project(self.root)
        session = Session(project, read_settings(self.root, {}), QuietReport())
        mode = open_mode(settle(project, mode_name, session.settings), session.settings)
        if isinstance(mode, K3sMode):
            mode.engine = EngineWithoutImages("unix:///nowhere")
        facts = {one.key: one.value for one in static_facts(session, mode)}
        images = mode.instance.images
        label = f"{mode_name} in {self.root}"
        return Measured(label, mode_name, "", "minio", "dev", images, {"spec": facts}, {})


def copy_of_project(root: Path) -> Copy:
    """A copy in the new folder `root`."""
    ignored = shutil.ignore_patterns("compose.override.yaml", "__pycache__")
    for folder in ("compose", "k3s", "seed"):
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    (root / "devenv.toml").write_text('s3.engine = "minio"\n')
    return Copy(root)
