"""A project folder for one measurement: a fresh copy of this one's stack, which leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devenv.instance import load_instance
from devenv.modes.local import LocalMode, open_mode
from devenv.project import Project
from devenv.settings import read_settings

SOURCE = Path(__file__).resolve().parent.parent
# A person's settings are not the platform's.
PERSONAL = ("DEVENV_PROJECT", "DEVENV_ENVIRONMENT", "DEVENV_MODE", "DEVENV_TIMEOUT")
TIMEOUT_S = 600


@dataclass(frozen=True)
class PlatformCopy:
    """The copy, and the environment in which devenv is run on it."""

    project: Project
    environment: Mapping[str, str]

    def devenv(self, *words: str) -> str:
        """Runs a devenv command; returns its progress. Raises SystemExit with that when it fails."""
        command = [str(Path(sys.executable).with_name("devenv")), *words]
        done = subprocess.run(
            command,
            cwd=self.project.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(f"devenv {' '.join(words)} exits with {done.returncode}:\n{done.stderr}")
        return done.stderr

    def mode(self) -> LocalMode:
        """Local mode as the last `up` has left it."""
        settings = read_settings(self.project.root, self.environment)
        return open_mode(load_instance(self.project, "local"), settings)

    def forget_data(self) -> None:
        """Has the next start begin from nothing."""
        shutil.rmtree(load_instance(self.project, "local").data, ignore_errors=True)


@contextmanager
def platform_copy(mode: str = "local") -> Iterator[PlatformCopy]:
    """A copy in a temporary folder, down (in `mode`) and deleted in the end, also after an interrupt."""
    folder = Path(tempfile.mkdtemp(prefix="devenv-bench-"))
    root = folder / "bench"
    for name in ("compose", "k3s", "seed"):
        ignored = shutil.ignore_patterns("compose.override.yaml", "__pycache__")
        shutil.copytree(SOURCE / name, root / name, ignore=ignored)
    for name in ("requirements.lock", ".dockerignore"):  # what images are built from
        shutil.copy(SOURCE / name, root / name)
    environment = {key: value for key, value in os.environ.items() if key not in PERSONAL}
    environment["XDG_STATE_HOME"] = str(folder / "state")
    copy = PlatformCopy(Project(root), environment)
    try:
        yield copy
    finally:
        # An impatient second Ctrl-C must not leave the platform running.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            copy.devenv("down", mode, "--volumes", "--yes")
            shutil.rmtree(folder)
        finally:
            signal.signal(signal.SIGINT, before)
