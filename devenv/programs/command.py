"""Run a command that gets a program: its output is kept, its failure is left to the caller."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    """How a command ended; `output` has both of its streams."""

    words: tuple[str, ...]
    code: int
    output: str

    @property
    def cause(self) -> str:
        """The line that says why it failed: the last that is marked as an error, or the last of all."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        marked = [line for line in lines if line.startswith(("E: ", "W: Failed", "ERROR: ", "go: "))]
        return (marked or lines or [f"{self.words[0]} ended with {self.code}"])[-1]


def run(words: list[str], environ: Mapping[str, str], folder: Path) -> Ended:
    """Run `words` in `folder`; a program that is not there ends with 127."""
    try:
        done = subprocess.run(
            words,
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        return Ended(tuple(words), 127, str(error))
    return Ended(tuple(words), done.returncode, done.stdout)
