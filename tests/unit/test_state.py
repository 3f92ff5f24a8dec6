"""Files of the state folder: whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from devenv.errors import DevenvError
from devenv.state import read_state, write_private, write_state


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "x.json"


def test_what_was_written_is_read(file: Path) -> None:
    write_state(file, {"a": [1, "é"]})
    assert read_state(file) == {"a": [1, "é"]}


def test_no_file_is_an_empty_state(file: Path) -> None:
    assert read_state(file) == {}


def test_only_their_owner_can_read_the_files(file: Path) -> None:
    write_state(file, {})
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("text", ["", "{", "\x00"])
def test_a_damaged_file_is_refused_with_its_remedy(file: Path, text: str) -> None:
    write_private(file, text)
    with pytest.raises(DevenvError, match=f"{file} is damaged") as caught:
        read_state(file)
    assert f"rm {file}" in caught.value.remedy


@pytest.mark.parametrize("text", ['{"schema": 99}', '{"schema": "1"}', "{}", "[]"])
def test_a_file_of_another_schema_is_refused(file: Path, text: str) -> None:
    write_private(file, text)
    with pytest.raises(DevenvError, match="knows up to 1"):
        read_state(file)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(file: Path) -> None:
    write_state(file, {"a": 1})
    with pytest.raises(TypeError):
        write_state(file, {"a": object()})
    with pytest.raises(UnicodeEncodeError):
        write_private(file, "\ud800")
    assert read_state(file) == {"a": 1}
    assert list(file.parent.iterdir()) == [file]


def test_a_reader_sees_the_old_file_or_the_new_one(file: Path) -> None:
    write_state(file, {"text": "a" * 100_000})

    def write() -> None:
        for letter in "bcdefgh":
            write_state(file, {"text": letter * 100_000})

    writing = threading.Thread(target=write)
    writing.start()
    seen = set()
    while writing.is_alive():
        text = read_state(file)["text"]
        seen.add((len(set(text)), len(text)))
    writing.join()
    assert seen <= {(1, 100_000)}
