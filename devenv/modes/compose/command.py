"""Docker Compose itself: the bundled one, always with the same files, environment and project."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from devenv.errors import DevenvError
from devenv.stack.compose import program

IMAGE_REMEDY = "check the network and the image's name, or build it here: devenv up compose --images build"
log = logging.getLogger(__name__)
# What Compose needs of the caller's environment: to find its engine, and credentials of registries.
# With them, what a build may be told (docs/images.md).
PASSED = (
    *("HOME", "PATH", "TMPDIR", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "SSH_AUTH_SOCK"),
    *("BASE_IMAGE", "PIP_INDEX_URL", "GOPROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)


@dataclass(frozen=True)
class Compose:
    """`docker-compose` for one instance, on the engine at `host`.

    files, env_file: none to stop and to delete: Compose goes by the labels of what it has made then, which is
        quicker, and holds where the files cannot be read by now
    """

    project: str
    host: str
    files: tuple[Path, ...] = ()
    env_file: Path | None = None

    def words(self, *arguments: str, more_files: Sequence[Path] = ()) -> list[str]:
        """The whole command line."""
        files = [word for file in (*self.files, *more_files) for word in ("--file", str(file))]
        env_file = ["--env-file", str(self.env_file)] if self.env_file else []
        project = ["--project-name", self.project]
        return [program(), *project, *files, *env_file, "--progress", "plain", *arguments]

    def environment(self) -> dict[str, str]:
        """A clean environment with the engine in it."""
        kept = {name: os.environ[name] for name in PASSED if name in os.environ}
        return {**kept, "DOCKER_HOST": self.host, "COMPOSE_MENU": "false"}

    def run(self, *arguments: str, more_files: Sequence[Path] = ()) -> str:
        """Runs it to its end; its output. Raises DevenvError with its last words where it fails."""
        command = self.words(*arguments, more_files=more_files)
        log.debug(shlex.join(command))
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            raise failed(arguments[0], done.stderr)
        return done.stdout

    def begin(
        self, *arguments: str, output: IO[str] | int, marks: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        """Starts it, with what it says going to `output`: a file, or subprocess.PIPE.

        marks: by which it is found again if whoever began it is killed
        """
        command = self.words(*arguments)
        log.debug(shlex.join(command))
        return subprocess.Popen(
            command,
            env={**self.environment(), **marks},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",  # without files it would look for some here
            # A Ctrl-C is devenv's to handle: what Compose was told to do is a matter of the next command.
            start_new_session=True,
        )


def failed(what: str, words: str) -> DevenvError:
    """Compose's last words as an error."""
    lines = [line.strip() for line in words.splitlines() if line.strip() and "level=warning" not in line]
    reason = lines[-1] if lines else "it said nothing"
    return DevenvError(f"docker-compose {what}: {reason}", _remedy(reason))


def _remedy(reason: str) -> str:
    if "no space left" in reason:
        return "make room for Docker: docker system prune"
    if "port is already allocated" in reason or "address already in use" in reason:
        return "stop what holds the port, or give the service another: [ports] in devenv.toml"
    if "/v2/" in reason:  # the address of a registry
        return IMAGE_REMEDY
    if "Cannot connect" in reason or "connection refused" in reason:
        return "start the Docker engine, then run the same command again: it goes on from here"
    if "denied" in reason or "not found" in reason or "manifest" in reason or "no such host" in reason:
        return IMAGE_REMEDY
    return "see what it runs with: devenv -v up compose"
