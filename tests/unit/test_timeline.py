"""When each service was started and ready, in a file."""

from __future__ import annotations

from pathlib import Path

from devenv.modes.base import Event
from devenv.state import read_state
from devenv.timeline import Timeline


def test_starts_and_readiness_are_kept(tmp_path: Path) -> None:
    timeline = Timeline(tmp_path / "t.json")
    timeline.add(Event("s3", "starting", 0.12345))
    timeline.add(Event("s3", "ready", 1.5))
    timeline.add(Event("grafana", "left out", 0.0))
    timeline.save()
    kept = read_state(tmp_path / "t.json")
    assert kept["services"] == {"s3": {"starting": 0.123, "ready": 1.5}}
    assert kept["at"] > 0


def test_an_up_that_starts_nothing_leaves_the_last_timeline(tmp_path: Path) -> None:
    first = Timeline(tmp_path / "t.json")
    first.add(Event("s3", "ready", 1.5))
    first.save()
    second = Timeline(tmp_path / "t.json")
    second.add(Event("s3", "unchanged", 0.1))
    second.save()
    assert read_state(tmp_path / "t.json")["services"] == {"s3": {"ready": 1.5}}
