"""Recordings: written and read back, and every way in which one can be unusable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from devenv.errors import DevenvError
from devenv.parity.measured import Failure, read_recording, write_recording
from tests.unit.parity.made import COMMAND, measured


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "parity" / "local.json"


def changed(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_what_was_recorded_is_read_back(file: Path) -> None:
    one = measured("local", {COMMAND: "a"}, failed={"s3": Failure("gone", "look")})
    write_recording(one, file)
    back = read_recording(file)
    assert (back.observations, back.failed, back.mode, back.time) == (
        one.observations,
        one.failed,
        "local",
        one.time,
    )
    assert back.label == f"local in {file}"


def test_only_its_owner_can_read_it(file: Path) -> None:
    write_recording(measured(), file)
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 99}, "has schema 99"),
        ({"devenv": "0.0.1"}, "was recorded by devenv 0.0.1"),
        ({"observations": None}, "is damaged"),
        ({"failed": {"x": {"wrong": 1}}}, "is damaged"),
        ({"mode": None, "observations": {"spec": 5}}, "is damaged"),
        ({"mode": None}, "is damaged: TypeError mode is null, not text"),
        ({"observations": {"spec": {COMMAND: None}}}, f"is damaged: TypeError {COMMAND} is null, not text"),
        ({"observations": {"spec": {"s3.nothing": "a"}}}, "is damaged: observation s3.nothing means nothing"),
        ({"failed": {"x": {"problem": 1, "remedy": "look"}}}, "problem is 1, not text"),
    ],
)
def test_a_recording_that_cannot_be_used_is_named(file: Path, change: dict[str, Any], said: str) -> None:
    write_recording(measured(), file)
    changed(file, **change)
    with pytest.raises(DevenvError, match=said) as raised:
        read_recording(file)
    assert str(file) in raised.value.problem
    assert raised.value.remedy == "record it anew: devenv parity MODE --record"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no recording, or a damaged one"),
        (b'{"schema": 1', "damaged"),
        (b"[]", "no recording"),
        (b"\xff\xfe", "damaged"),
    ],
)
def test_what_is_no_recording_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(content)
    with pytest.raises(DevenvError, match=said):
        read_recording(file)


def test_a_recording_that_is_not_there_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="is not there"):
        read_recording(tmp_path / "none.json")
    with pytest.raises(DevenvError, match="Is a directory"):
        read_recording(tmp_path)
