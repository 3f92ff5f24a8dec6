"""How a command ends: its two lines and its exit code."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from pathlib import Path

import click
import pytest

from devenv.ending import run
from devenv.errors import (
    DevenvError,
    DriftFound,
    LockedError,
    PreflightError,
    ReaderGone,
    ServiceFailed,
    StackError,
    ToolMissing,
    UsageError,
)


@pytest.fixture(autouse=True)
def _no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["devenv"])


def ends(error: BaseException | None, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    @click.command()
    def command() -> None:
        if error is not None:
            raise error

    code = run(command)
    said = capsys.readouterr()
    assert said.out == ""
    return code, said.err.splitlines()


def test_a_reader_who_has_gone_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(ReaderGone(), capsys) == (0, [])


def test_success_is_0_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(None, capsys) == (0, [])


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (DevenvError, 1),
        (StackError, 1),
        (PreflightError, 1),
        (LockedError, 1),
        (ToolMissing, 1),
        (ServiceFailed, 1),
        (UsageError, 2),
        (DriftFound, 4),
    ],
)
def test_an_expected_error_is_two_lines(
    kind: type[DevenvError], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(kind("it is wrong", "do this"), capsys) == (code, ["error: it is wrong", "       do this"])


def test_a_service_that_failed_shows_its_last_lines_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(ServiceFailed("it ended", "read", "one\ntwo"), capsys) == (
        1,
        ["  | one", "  | two", "error: it ended", "       read"],
    )


def test_a_wrong_command_line_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = ends(click.UsageError("no such option: --x"), capsys)
    assert (code, lines) == (2, ["error: no such option: --x", "       see: devenv --help"])


def test_an_interrupt_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = ends(KeyboardInterrupt(), capsys)
    assert code == 130
    assert lines[-2:] == [
        "interrupted: what was started keeps running",
        "       go on: devenv up; stop it: devenv down",
    ]


def test_no_as_an_answer_is_130_and_says_that_nothing_was_changed(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = ends(click.Abort(), capsys)
    assert (code, lines[0]) == (130, "aborted: nothing was changed")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_cannot_be_written_is_an_expected_error(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = ends(OSError(number, os.strerror(number), "/p/.devenv/x"), capsys)
    assert code == 1
    assert lines[0] == f"error: /p/.devenv/x: {os.strerror(number)}"
    assert len(lines) == 2


@pytest.mark.parametrize("error", [ValueError("odd"), OSError(errno.EXDEV, "odd")])
def test_a_bug_is_3_with_its_traceback_in_a_file(
    error: Exception, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code, lines = ends(error, capsys)
    assert code == 3
    assert lines[0].startswith(f"error: this is a bug in devenv: {type(error).__name__}: ")
    (file,) = tmp_path.iterdir()
    assert str(file) in lines[1]
    assert "Traceback (most recent call last)" in file.read_text()
    assert len(lines) == 2


def test_a_bug_with_no_room_for_its_file_is_still_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    code, lines = ends(ValueError("odd"), capsys)
    assert code == 3
    assert any("Traceback" in line for line in lines)


@pytest.mark.parametrize(("given", "code"), [(7, 7), (0, 0), (None, 1), ("text", 1)])
def test_a_commands_own_exit_code_is_kept(
    given: int | str | None, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(SystemExit(given), capsys)[0] == code


def test_the_tree_of_errors_tells_the_exit_codes() -> None:
    from devenv import errors

    assert errors.__doc__
    for name, code in re.findall(r"(\w+)\s+(\d)   ", errors.__doc__):
        assert vars(errors)[name].exit_code == int(code), name
