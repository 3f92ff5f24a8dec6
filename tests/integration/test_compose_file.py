"""compose/compose.yaml stands alone: Compose brings it up with an env file, and devenv has no part in it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import httpx
import psycopg
import pytest
import yaml
from testcontainers.compose import DockerCompose

from devenv.modes.compose.engine import find_engine
from devenv.stack.compose import program
from tests.fakes.project import free_port
from tests.integration.clone import copy_of_project
from tests.integration.conftest import no_engine
from tests.integration.labelled import labelled

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

# What each service answers with 200.
PAGES = {
    "s3": "/minio/health/cluster",
    "prefect-server": "/api/health",
    "prefect-worker": "/health",
    "alertmanager": "/-/ready",
    "prometheus": "/-/ready",
    "postgres-exporter": "/metrics",
    "grafana": "/api/health",
}


@dataclass(frozen=True)
class File:
    """The stack file in `folder`, and the variables that it is given."""

    folder: Path
    variables: dict[str, str]

    @property
    def services(self) -> list[str]:
        """Their names."""
        return list(yaml.safe_load((self.folder / "compose.yaml").read_text())["services"])

    def port(self, service: str) -> int:
        """Where it is reached."""
        return int(self.variables[f"{service.upper().replace('-', '_')}_PORT"])


@pytest.fixture
def file(tmp_path: Path, cannot_test: Callable[[str, str], NoReturn]) -> Iterator[File]:
    """The file with free ports, made-up secrets, and the images that are built here."""
    clone = copy_of_project(tmp_path / "alone", grafana=True, mode="compose")
    folder = clone.root / "compose"
    text = (folder / "compose.yaml").read_text()
    variables = {name: secrets.token_hex(16) for name in re.findall(r"\$\{(\w+):\?", text)}
    variables |= {name: str(free_port()) for name in re.findall(r"127\.0\.0\.1:\$\{(\w+_PORT):-", text)}
    variables |= yaml.safe_load((folder / "compose.build.yaml").read_text())["x-variables"]
    variables["COMPOSE_PROJECT_NAME"] = f"alone-{secrets.token_hex(3)}"
    images = {**dict(re.findall(r"\$\{(\w+_IMAGE):-([^}]+)\}", text)), **variables, **clone.environ}
    if reason := no_engine():
        cannot_test("compose", reason)
    for name in re.findall(r"\$\{(\w+_IMAGE):-", text):
        if find_engine().image_id(images[name]) is None:
            cannot_test("compose", f"the engine has no image {images[name]}")
    (clone.root / "alone.env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    yield File(folder, variables)
    assert labelled(variables["COMPOSE_PROJECT_NAME"]) == []


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """What testcontainers takes for docker: the bundled Compose, which is no plugin."""
    script = tmp_path / "docker"
    script.write_text(f'#!/bin/sh\nshift\nexec {program()} "$@"\n')
    script.chmod(0o700)
    return script


def test_the_stack_file_needs_no_devenv(file: File, docker: Path) -> None:
    compose = DockerCompose(
        context=file.folder,
        compose_file_name="compose.yaml",
        env_file=str(file.folder.parent / "alone.env"),
        docker_command_path=str(docker),
    )
    with compose:
        assert {entry.Health for entry in compose.get_containers()} == {"healthy"}
        assert {*PAGES, "postgres"} == set(file.services)
        for service, page in PAGES.items():
            httpx.get(f"http://127.0.0.1:{file.port(service)}{page}", trust_env=False).raise_for_status()
        with psycopg.connect(
            host="127.0.0.1",
            port=file.port("postgres"),
            user="lakehouse",
            password=file.variables["POSTGRES_LAKEHOUSE_PASSWORD"],
            dbname="lakehouse",
        ) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
