"""The report that goes with a bug: all that helps, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv import doctor
from devenv.project import Project
from devenv.report import QuietReport
from devenv.secrets import read_secrets
from devenv.settings import read_settings
from devenv.settle import settle
from devenv.workflow import Session
from tests.fakes.project import write_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(tmp_path / "tiny")


def session(project: Project) -> Session:
    return Session(project, read_settings(project.root, {}), QuietReport())


def test_the_report_has_the_ends_of_the_logs_with_no_secret_in_them(project: Project) -> None:
    instance = settle(project, "local", read_settings(project.root, {}))
    secrets = read_secrets(project.secrets_file)
    instance.logs.mkdir(parents=True)
    (instance.logs / "api.log").write_text(f"connecting with {secrets['POSTGRES_PASSWORD']}\n")
    text = doctor.full_report(session(project))
    assert "connecting with <POSTGRES_PASSWORD>" in text
    assert [name for name, value in secrets.items() if value in text] == []


def test_the_report_does_not_tell_where_the_project_lies(project: Project) -> None:
    settle(project, "local", read_settings(project.root, {}))
    assert str(project.root) not in doctor.full_report(session(project))


def test_the_report_is_made_where_nothing_was_ever_up(project: Project) -> None:
    assert doctor.full_report(session(project)).startswith("# devenv ")


def test_a_broken_stack_is_one_check_and_not_the_end_of_the_others(project: Project) -> None:
    settle(project, "local", read_settings(project.root, {}))
    (project.compose / "compose.yaml").write_text("services: [")
    checks = doctor.run(session(project))
    assert [check for check in checks if check.state == "wrong" and "compose.yaml" in check.detail]
    assert [check for check in checks if check.name == "memory"]
