"""The record of every instance of this user."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv import registry
from devenv.registry import Entry


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def entry(tmp_path: Path, name: str = "lake-local") -> Entry:
    project = tmp_path / name
    (project / ".devenv" / "local").mkdir(parents=True, exist_ok=True)
    return Entry(name, "local", project, {"s3": 9000})


def test_nothing_is_on_record_at_first() -> None:
    assert registry.entries() == []


def test_an_instance_on_record_is_found(tmp_path: Path) -> None:
    registry.record(entry(tmp_path))
    assert registry.entries() == [entry(tmp_path)]


def test_a_newer_record_takes_the_place_of_the_older(tmp_path: Path) -> None:
    registry.record(entry(tmp_path))
    newer = Entry("lake-local", "local", tmp_path / "lake-local", {"s3": 20_000})
    registry.record(newer)
    assert registry.entries() == [newer]


def test_an_instance_whose_folder_is_gone_is_not_counted(tmp_path: Path) -> None:
    registry.record(entry(tmp_path))
    (tmp_path / "lake-local" / ".devenv" / "local").rmdir()
    assert registry.entries() == []


def test_a_forgotten_instance_is_gone(tmp_path: Path) -> None:
    registry.record(entry(tmp_path))
    registry.record(entry(tmp_path, "other-local"))
    registry.forget("lake-local")
    registry.forget("never-there")
    assert [found.name for found in registry.entries()] == ["other-local"]


def test_the_registry_is_in_the_home_where_nothing_else_is_said() -> None:
    assert registry.folder({}) == Path.home() / ".local" / "state" / "devenv" / "instances"


def test_a_clone_that_waits_for_its_turn_gets_it(tmp_path: Path) -> None:
    with registry.locked():
        registry.record(entry(tmp_path))
    with registry.locked():
        assert registry.entries()
