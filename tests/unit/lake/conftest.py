"""The project's own lake.toml, and its flows' pure modules importable as the worker imports them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from devenv.lake.spec import LakeSpec, load_spec

SEED = Path(__file__).parents[3] / "seed"
sys.path.insert(0, str(SEED / "flows"))


@pytest.fixture
def spec() -> LakeSpec:
    return load_spec(SEED / "lake.toml")


@pytest.fixture
def seed_copy(tmp_path: Path) -> Path:
    """A copy of seed/ to change; gives its lake.toml."""
    ignore = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(SEED, tmp_path / "seed", ignore=ignore)) / "lake.toml"
