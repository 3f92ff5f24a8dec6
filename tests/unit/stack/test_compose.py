"""The stack files themselves, read by the real Compose."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from devenv.errors import StackError
from devenv.project import Project
from devenv.secrets import tokens
from devenv.stack.compose import load
from devenv.stack.model import Stack
from tests.fakes.project import override, write_project

ROOT = Path(__file__).parents[3]
PLATFORM = {
    "alertmanager",
    "grafana",
    "postgres",
    "postgres-exporter",
    "prefect-server",
    "prefect-worker",
    "prometheus",
    "s3",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(tmp_path / "tiny")


def read(project: Project, **variables: str) -> Stack:
    return load(project.stack_files("minio"), {**tokens(), **variables}, project.state / "cache")


def commands(caplog: pytest.LogCaptureFixture) -> int:
    """How often Compose was run, as `devenv -v` shows it; from now on."""
    count = sum("docker-compose" in record.getMessage() for record in caplog.records)
    caplog.clear()
    return count


@pytest.mark.parametrize(("engine", "program"), [("minio", "minio"), ("seaweedfs", "weed")])
def test_the_platform_loads_with_either_engine(engine: str, program: str, tmp_path: Path) -> None:
    files = [ROOT / "compose" / "compose.yaml"]
    if engine != "minio":
        files.append(ROOT / "compose" / f"compose.{engine}.yaml")
    stack = load(files, tokens(), tmp_path)
    assert set(stack.services) == PLATFORM
    assert stack.services["s3"].local.program == program
    assert stack.services["s3"].entrypoint == (program,)


def test_the_platform_keeps_secrets_as_tokens(tmp_path: Path) -> None:
    stack = load([ROOT / "compose" / "compose.yaml"], tokens(), tmp_path)
    assert stack.services["postgres"].environment["POSTGRES_PASSWORD"] == "@secret:POSTGRES_PASSWORD@"


def test_variables_move_a_service(project: Project) -> None:
    assert read(project, STORE_PORT="31999").services["store"].ports[0].published == 31999


def test_the_callers_own_environment_is_not_looked_at(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_PORT", "31998")
    assert read(project).services["store"].ports[0].published != 31998


def test_what_compose_said_is_asked_once(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    first = read(project)
    assert commands(caplog) == 1
    assert read(project) == first
    assert commands(caplog) == 0


def test_other_variables_are_asked_for_anew(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    read(project)
    read(project, STORE_PORT="31999")
    assert commands(caplog) == 2


def test_an_edit_is_seen(project: Project) -> None:
    read(project)
    file = project.compose / "compose.yaml"
    file.write_text(file.read_text().replace("NAME: api", "NAME: other"))
    assert read(project).services["api"].environment["NAME"] == "other"


def test_an_edit_of_a_file_that_the_stack_refers_to_is_seen(project: Project) -> None:
    more = project.compose / "more.yaml"
    override(project, "api", {"extends": {"file": "more.yaml", "service": "base"}})
    more.write_text("services: {base: {environment: {COLOUR: blue}}}\n")
    assert read(project).services["api"].environment["COLOUR"] == "blue"
    more.write_text("services: {base: {environment: {COLOUR: red}}}\n")
    assert read(project).services["api"].environment["COLOUR"] == "red"


def test_a_damaged_cache_is_made_anew(project: Project) -> None:
    first = read(project)
    for file in (project.state / "cache").iterdir():
        file.write_text("{")
    assert read(project) == first


def test_the_override_file_changes_a_service(project: Project) -> None:
    override(project, "api", {"environment": {"COLOUR": "blue"}})
    environment = read(project).services["api"].environment
    assert (environment["COLOUR"], environment["NAME"]) == ("blue", "api")


def test_broken_yaml_is_named_with_its_file_and_line(project: Project) -> None:
    file = project.compose / "compose.yaml"
    file.write_text("services:\n  api: [\n")
    with pytest.raises(StackError, match=r"compose\.yaml: .*L3\.C1") as caught:
        read(project)
    assert caught.value.remedy == f"mend {file}, or put it back with git checkout"


def test_a_broken_override_is_the_file_that_is_named(project: Project) -> None:
    project.override.write_text("services: [")
    with pytest.raises(StackError) as caught:
        read(project)
    assert "compose.override.yaml" in caught.value.remedy


def test_composes_own_words_tell_what_is_wrong(project: Project) -> None:
    override(project, "api", {"stop_grace_period": "soon"})
    with pytest.raises(StackError, match="soon"):
        read(project)


def test_a_variable_that_is_missing_is_named(project: Project) -> None:
    with pytest.raises(StackError, match="S3_ROOT_PASSWORD"):
        load(project.stack_files("minio"), {}, project.state / "cache")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"compose\.yaml is not there") as caught:
        load([tmp_path / "compose.yaml"], {}, tmp_path)
    assert caught.value.remedy == "restore it: git checkout compose.yaml"


def test_a_key_that_not_every_mode_has_is_refused_from_an_override_too(project: Project) -> None:
    override(project, "api", {"network_mode": "host", "networks": None})
    with pytest.raises(StackError):
        read(project)
