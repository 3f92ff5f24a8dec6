"""A platform to be changed: one of its own, or the one that DEVENV_LAB names, which is up already."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.parity.measured import Measured
from devenv.programs import find
from devenv.project import Project
from devenv.report import QuietReport
from devenv.settings import read_settings
from devenv.workflow import Session
from tests.conftest import CannotTest
from tests.integration.clone import copy_of_project
from tests.parity.lab import Lab


@pytest.fixture(scope="session")
def lab(cannot_test: CannotTest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The whole platform in local mode, seeded."""
    if named := os.environ.get("DEVENV_LAB"):
        yield _lab(Path(named))
        return
    if os.getuid() == 0:
        mapped = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--", "true"]
        if subprocess.run(mapped, capture_output=True, check=False).returncode:
            cannot_test("local", "Postgres refuses root, and this system allows no user namespaces")
    clone = copy_of_project(tmp_path_factory.mktemp("lab") / "lab", grafana=True)
    engine = "minio" if find("minio") else "seaweedfs"
    (clone.root / "devenv.toml").write_text(f's3.engine = "{engine}"\n')
    try:
        clone.devenv("up")
        yield _lab(clone.root)
    finally:
        clone.devenv("down", "--volumes", "--yes")


@pytest.fixture(scope="session")
def unchanged(lab: Lab) -> Measured:
    """What was measured before anything was changed."""
    return lab.measure("unchanged")


def _lab(root: Path) -> Lab:
    return Lab(Session(Project(root), read_settings(root), QuietReport()), "local")
