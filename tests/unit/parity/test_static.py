"""The whole stack in local mode and in containers: described in two ways, and the same platform."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.modes import open_mode
from devenv.modes.local import LocalMode
from devenv.modes.local.describing import describe
from devenv.parity.allowed import read_allowed
from devenv.parity.compare import Comparison, compare
from devenv.parity.measured import Measured
from devenv.project import Project
from devenv.settings import read_settings
from devenv.settle import settle
from tests.parity.project_copy import Copy, copy_of_project

ASKED = "http://127.0.0.1:9000/minio/health/cluster"
PROGRAMS = ("minio", "prometheus", "alertmanager", "postgres_exporter")


def program(folder: Path, name: str) -> None:
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    (folder / "bin" / name).write_text("#!/bin/sh\n")
    (folder / "bin" / name).chmod(0o755)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """A project on a machine that has every program."""
    for name in PROGRAMS:
        program(tmp_path / "machine", name)
    program(tmp_path / "grafana", "grafana")
    monkeypatch.setenv("PATH", f"{tmp_path / 'machine' / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("GRAFANA_HOME", str(tmp_path / "grafana"))
    monkeypatch.setenv("DEVENV_TOOLS", str(tmp_path / "tools"))
    return copy_of_project(tmp_path / "lake")


def compared(*sides: Measured) -> Comparison:
    return compare([*sides], read_allowed())


def test_the_modes_run_the_same_but_for_what_is_declared(copy: Copy) -> None:
    done = compared(copy.static("local"), copy.static("compose"), copy.static("k3s"))
    assert done.drifts == ()
    assert [entry.key for entry in done.stale if ".spec." in entry.key] == []


def test_every_service_has_its_facts_in_every_mode(copy: Copy) -> None:
    for mode, least in (("local", 10), ("compose", 20), ("k3s", 20)):
        one = copy.static(mode)
        assert len(one.services) == 8
        assert min(one.groups().values()) >= least


def test_no_path_or_port_of_the_machine_is_observed(copy: Copy, tmp_path: Path) -> None:
    text = " ".join(copy.static("local").observations.values())
    assert str(tmp_path) not in text
    assert "127.0.0.1:2" not in text


def test_a_program_that_is_not_there_is_one_difference_and_what_follows_from_it(
    copy: Copy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRAFANA_HOME", str(tmp_path / "nowhere"))
    done = compared(copy.static("local"), copy.static("compose"))
    assert [drift.key for drift in done.drifts] == [
        "grafana.spec.state",
        "prometheus.spec.config./etc/prometheus/prometheus.yml",  # which has one target less
    ]


def test_a_drift_of_the_translation_itself_is_found(copy: Copy) -> None:
    copy.override("s3", **{"x-local": {"program": "minio", "command": ["server", "/data"]}})
    done = compared(copy.static("local"), copy.static("compose"))
    assert [drift.key for drift in done.drifts] == ["s3.spec.command"]


def test_odd_names_of_variables_are_facts_of_their_own(copy: Copy) -> None:
    odd = {"HTTP_PROXY": "a", "http_proxy": "b", "Log.Level": "c"}
    copy.override("s3", environment=odd)
    found = copy.static().observations
    names = ("HTTP_PROXY", "http_proxy", "log.level")
    assert [found[f"s3.spec.environment.{name}"] for name in names] == ["a", "b", "c"]


def test_a_password_in_a_command_or_a_health_check_is_covered(copy: Copy) -> None:
    words = ["--password", "hunter2", "--key-secret=hunter2", "redis://:hunter2@redis"]
    copy.override("s3", command=["server", *words], healthcheck={"test": ["CMD", "curl", *words, ASKED]})
    found = copy.static().observations
    assert "hunter2" not in " ".join(found.values())
    assert "--password scrypt:" in found["s3.spec.command"]
    assert "--password scrypt:" in found["s3.spec.health.test"]


def test_a_volume_of_local_mode_is_the_one_that_is_made_for_its_process(copy: Copy) -> None:
    project = Project(copy.root)
    settings = read_settings(copy.root, {})
    mode = open_mode(settle(project, "local", settings), settings)
    assert isinstance(mode, LocalMode)
    process = mode.processes["s3"]
    for folders, volume in ((process.folders, "volume s3-data"), ((), "folder .devenv/local/data/s3-data")):
        told = describe(mode.stack, mode.instance, {"s3": replace(process, folders=folders)})
        assert told["s3"].volumes == {"/data": volume}
