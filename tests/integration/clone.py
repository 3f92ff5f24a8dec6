"""A copy of the project in a folder of its own, driven by the devenv command as a person drives it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import httpx
import psycopg
from minio import Minio

from devenv.clock import Deadline
from devenv.ready import wait_until

DEVENV = Path(sys.executable).with_name("devenv")
PROJECT = Path(__file__).parents[2]
FOLDERS = ("compose", "k3s", "seed")
FILES = ("pyproject.toml", "requirements.lock", ".dockerignore")
IGNORED = ("__pycache__", "compose.override.yaml")
# A first `up` may build images.
TIMEOUT_S = 3600
# A person's own settings, and what other tools would read.
LEFT_OUT = re.compile(
    r"AWS_|PG|PREFECT_|LAKEHOUSE_|GRAFANA_|COMPOSE_|DEVENV_(?!TOOLS)|XDG_RUNTIME_DIR|PYTHON"
)


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Clone:
    """One project folder; `environ` is what its commands are given."""

    root: Path
    environ: Mapping[str, str]

    @property
    def mode(self) -> str:
        """The mode that its commands mean."""
        return self.environ.get("DEVENV_MODE", "local")

    # -- commands -----------------------------------------------------------------------------

    def devenv(self, *words: str, code: int | None = 0) -> Ended:
        """Runs a command to its end, which has to have this exit code (None: any) and show no traceback."""
        done = subprocess.run(
            [str(DEVENV), *words],
            cwd=self.root,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        told = f"devenv {' '.join(words)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert code is None or done.returncode == code, told
        assert "Traceback" not in done.stderr, told
        return Ended(done.returncode, done.stdout, done.stderr)

    def facts(self, *words: str, code: int | None = 0) -> Any:
        """What a command says with --json."""
        return json.loads(self.devenv(*words, "--json", code=code).out)

    def error(self, *words: str, code: int = 1) -> tuple[str, str]:
        """The problem and the remedy with which a command ends: its last two lines, and nothing on stdout."""
        ended = self.devenv(*words, code=code)
        *_, problem, remedy = ended.err.splitlines()
        assert problem.startswith("error: "), ended.err
        assert remedy.startswith("       "), ended.err
        assert remedy.strip(), ended.err
        assert ended.out == ""
        return problem.removeprefix("error: "), remedy.strip()

    @contextmanager
    def begun(self, *words: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
        """A running command and its standard error; it is killed at the end of the block if it still runs."""
        with subprocess.Popen(
            [str(DEVENV), *words],
            cwd=self.root,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            # Tests that run in the background of a shell have Ctrl-C ignored, and their children too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as command:
            assert command.stderr is not None
            try:
                yield command, command.stderr
            finally:
                command.kill()

    # -- what a person can know of it -----------------------------------------------------------

    @cached_property
    def name(self) -> str:
        """The instance's name."""
        return str(self.facts("status", code=None)["instance"])

    def services(self) -> dict[str, dict[str, Any]]:
        """Every service as `status` tells it."""
        return {entry["service"]: entry for entry in self.facts("status", code=None)["services"]}

    def pids(self) -> dict[str, int]:
        """The process of every service that runs."""
        return {name: entry["pid"] for name, entry in self.services().items() if entry["pid"]}

    def states(self) -> dict[str, str]:
        """The state of every service that is part of the instance."""
        states = {name: str(entry["state"]) for name, entry in self.services().items()}
        return {name: state for name, state in states.items() if state != "left out"}

    def variables(self) -> dict[str, str]:
        """What `devenv env` gives to clients."""
        variables: dict[str, str] = self.facts("env")
        return variables

    def secrets(self) -> dict[str, str]:
        """The secrets by the names that compose.yaml and lake.toml call them."""
        lines = (self.root / ".devenv" / "secrets.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if not line.startswith("#"))

    # -- clients --------------------------------------------------------------------------------

    def get(self, service: str, path: str) -> httpx.Response:
        """The answer of a service to a GET, which has to be a good one."""
        return httpx.get(
            self.services()[service]["url"] + path, timeout=30, trust_env=False
        ).raise_for_status()

    def s3(self, user: str = "lakehouse-flows") -> Minio:
        """An S3 client that acts as a user of the lake."""
        secret = {
            "lakehouse-admin": "S3_ROOT_PASSWORD",
            "lakehouse-flows": "S3_FLOWS_SECRET_KEY",
            "lakehouse-reader": "S3_READER_SECRET_KEY",
        }[user]
        address = self.services()["s3"]["url"].removeprefix("http://")
        return Minio(address, user, self.secrets()[secret], secure=False, region="us-east-1")

    def sql(self, statement: str, *values: object, role: str = "lakehouse") -> list[tuple[Any, ...]]:
        """The rows of a statement, which is committed; `values` stand for its %s."""
        secret = "POSTGRES_READER_PASSWORD" if role == "lakehouse_reader" else "POSTGRES_LAKEHOUSE_PASSWORD"
        url = self.services()["postgres"]["url"].removeprefix("postgresql://")
        host, _, port = url.partition(":")
        with psycopg.connect(
            host=host, port=int(port), user=role, password=self.secrets()[secret], dbname="lakehouse"
        ) as connection:
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []


def copy_of_project(root: Path, grafana: bool = False, mode: str = "local") -> Clone:
    """A clone in the new folder `root`, with the files that the instance is made of.

    grafana: whether it is shown the Grafana of GRAFANA_HOME, or of GRAFANA_IMAGE
    """
    root.mkdir()
    for name in FOLDERS:
        shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns(*IGNORED))
    for name in FILES:
        shutil.copy(PROJECT / name, root / name)
    temporary = root.with_suffix(".tmp")
    temporary.mkdir()
    environ = {name: value for name, value in os.environ.items() if not LEFT_OUT.match(name)}
    environ["TMPDIR"] = str(temporary)
    if mode != "local":
        environ["DEVENV_MODE"] = mode
    shown = "GRAFANA_HOME" if mode == "local" else "GRAFANA_IMAGE"
    if grafana and shown in os.environ:
        environ[shown] = os.environ[shown]
    return Clone(root, environ)


def eventually(answer: Callable[[], str | None], seconds: float = 180) -> None:
    """Waits until `answer` is None; raises with its last answer."""
    wait_until(answer, Deadline.after(seconds))
