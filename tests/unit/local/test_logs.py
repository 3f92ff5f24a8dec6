"""The services' log files, at their end and as they grow."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devenv.modes.local.logs import KEPT_BYTES, follow, rotate, tail

# What is followed has no end: a line that never comes would be waited for.
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


def append(file: Path, text: str) -> None:
    with file.open("a") as stream:
        stream.write(text)


def test_the_tail_of_no_file_is_empty(file: Path) -> None:
    assert tail(file, 5) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("abc é", max_size=5), max_size=20), st.integers(0, 25))
def test_the_tail_is_the_last_lines(file: Path, lines: list[str], count: int) -> None:
    file.write_text("".join(f"{line}\n" for line in lines))
    assert tail(file, count) == lines[max(0, len(lines) - count) :]


def test_the_tail_of_a_large_file_reaches_over_its_blocks(file: Path) -> None:
    lines = [f"{number} {'x' * 200}" for number in range(2000)]
    file.write_text("\n".join(lines) + "\n")
    assert tail(file, 1500) == lines[500:]


def test_a_line_that_is_not_finished_is_part_of_the_tail(file: Path) -> None:
    file.write_text("one\ntwo")
    assert tail(file, 1) == ["two"]


def test_bytes_that_are_no_text_do_not_hide_the_rest(file: Path) -> None:
    file.write_bytes(b"ok\n\xff\xfe\n")
    assert tail(file, 2) == ["ok", "\N{REPLACEMENT CHARACTER}" * 2]


def test_follow_begins_with_the_tail_and_goes_on_with_what_is_written(file: Path) -> None:
    append(file, "old\nlast\n")
    lines = follow({"web": file}, 1)
    assert next(lines) == ("web", "last")
    append(file, "new\n")
    assert next(lines) == ("web", "new")


def test_follow_waits_for_the_end_of_a_line(file: Path) -> None:
    append(file, "first\n")
    lines = follow({"web": file}, 1)
    next(lines)
    append(file, "be")
    append(file, "gun\nhalf")
    assert next(lines) == ("web", "begun")


def test_follow_goes_on_in_a_file_that_was_begun_anew(file: Path) -> None:
    append(file, "a long first line\n")
    lines = follow({"web": file}, 1)
    next(lines)
    file.write_text("anew\n")
    assert next(lines) == ("web", "anew")


def test_follow_takes_in_a_file_that_is_not_there_yet(file: Path, tmp_path: Path) -> None:
    append(file, "first\n")
    lines = follow({"web": file, "db": tmp_path / "db.log"}, 1)
    assert next(lines) == ("web", "first")
    append(tmp_path / "db.log", "hello\n")
    assert next(lines) == ("db", "hello")


def test_a_log_that_has_grown_too_large_is_set_aside(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(KEPT_BYTES + 1)
    rotate(file)
    assert not file.exists()
    assert file.with_suffix(".log.1").stat().st_size == KEPT_BYTES + 1


def test_a_small_log_stays(file: Path) -> None:
    append(file, "x\n")
    rotate(file)
    assert tail(file, 1) == ["x"]


def test_a_log_that_is_not_there_needs_no_rotation(file: Path) -> None:
    rotate(file)
    assert not file.exists()
