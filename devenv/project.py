"""The project folder: where the stack file lies, and where its state is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import UsageError

STACK_FILE = "compose/compose.yaml"


@dataclass(frozen=True)
class Project:
    """A folder with compose/compose.yaml in it."""

    root: Path

    @property
    def state(self) -> Path:
        """The state folder, `.devenv`."""
        return self.root / ".devenv"

    @property
    def compose(self) -> Path:
        """The folder of the stack files."""
        return self.root / "compose"

    @property
    def secrets_file(self) -> Path:
        """The secrets, shared by the instances of this project."""
        return self.state / "secrets.env"

    @property
    def override(self) -> Path:
        """A person's own additions to the stack, as Compose reads them."""
        return self.compose / "compose.override.yaml"

    def stack_files(self, s3_engine: str) -> tuple[Path, ...]:
        """The stack files in the order in which Compose merges them."""
        files = [self.root / STACK_FILE]
        if s3_engine != "minio":
            files.append(self.compose / f"compose.{s3_engine}.yaml")
        if self.override.exists():
            files.append(self.override)
        return tuple(files)


def find_project(start: Path | None = None, environ: Mapping[str, str] = os.environ) -> Project:
    """The project that `start` lies in (DEVENV_PROJECT goes before it).

    Raises UsageError where no folder above has a stack file.
    """
    named = environ.get("DEVENV_PROJECT")
    folder = (Path(named) if named else start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / STACK_FILE).is_file() or (
            (candidate / ".devenv").is_dir() and (candidate / "compose").is_dir()
        ):
            return Project(candidate)
    raise UsageError(
        f"{folder} is in no devenv project: there is no {STACK_FILE} here or above",
        "change into the project's folder, or name it: devenv --project FOLDER",
    )
