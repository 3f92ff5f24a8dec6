"""A tiny platform in a mode that runs in memory, with two live checks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv import workflow
from devenv.modes import MODES
from devenv.parity import catalogue
from devenv.report import QuietReport
from devenv.settings import read_settings
from devenv.workflow import Session
from tests.fakes import live_checks
from tests.fakes.project import write_project

SEED = Path(__file__).parents[3] / "seed"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A project whose modes are `fake` and `twin`; the former is up."""
    for name in ("fake", "twin"):
        monkeypatch.setitem(MODES, name, "tests.fakes.mode")
    monkeypatch.setattr(catalogue, "LIVE", ("tests.fakes.live_checks",))
    caches = (catalogue.meanings, catalogue.meaning_of, catalogue.patterns)
    for cache in caches:
        cache.cache_clear()
    project = write_project(tmp_path / "tiny")
    shutil.copytree(SEED, project.root / "seed")
    made = Session(project, read_settings(project.root, {}), QuietReport())
    workflow.up(made, "fake", (), False, 60)
    yield made
    live_checks.GONE.clear()
    live_checks.SIZE[:] = ["9"]
    for cache in caches:
        cache.cache_clear()
