"""What is printed: progress on standard error, facts on standard output."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from devenv import report
from devenv.modes.base import Event, Problem
from devenv.report import LogPrinter, PlainReport, QuietReport, Report, open_report


def speak(to: Report) -> None:
    to.step(3, 6, "start lake-local")
    to.line("nothing to prepare")
    to.event(Event("s3", "starting", 0.04))
    to.event(Event("s3", "ready", 1.26))
    to.event(Event("grafana", "left out", 0.0, "there are no dashboards"))
    to.warn(Problem("the disk is nearly full", "make room", warning=True))
    to.close()


def test_plain_output_has_a_line_for_everything() -> None:
    stream = io.StringIO()
    speak(PlainReport(stream))
    assert stream.getvalue() == (
        "[3/6] start lake-local\n"
        "      nothing to prepare\n"
        "      s3: starting after 0.0 s\n"
        "      s3: ready after 1.3 s\n"
        "      grafana: left out after 0.0 s (there are no dashboards)\n"
        "warning: the disk is nearly full\n"
        "         make room\n"
    )


def test_quiet_output_has_warnings_alone() -> None:
    stream = io.StringIO()
    speak(QuietReport(stream))
    assert stream.getvalue() == "warning: the disk is nearly full\n         make room\n"


@pytest.mark.parametrize(
    ("quiet", "as_json", "kind"),
    [(False, False, PlainReport), (True, False, QuietReport), (False, True, QuietReport)],
)
def test_a_pipe_gets_plain_output_unless_asked_to_be_quiet(
    quiet: bool, as_json: bool, kind: type[Report], capsys: pytest.CaptureFixture[str]
) -> None:
    assert type(open_report(quiet, as_json)) is kind


def test_progress_keeps_out_of_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    speak(open_report(quiet=False, as_json=False))
    said = capsys.readouterr()
    assert said.out == ""
    assert "[3/6] start lake-local" in said.err


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    report.print_json({"path": Path("/x"), "none": None, "list": (1, 2)})
    assert json.loads(capsys.readouterr().out) == {"path": "/x", "none": None, "list": [1, 2]}


def test_a_table_in_a_pipe_has_a_row_a_line_and_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 150
    report.print_table(("SERVICE", "STATE"), [("s3", "ready"), (long, "[red]failed")], {"ready": "green"})
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line.split() for line in lines] == [["SERVICE", "STATE"], ["s3", "ready"], [long, "[red]failed"]]


def test_lines_of_services_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    printer = LogPrinter(["s3", "postgres"])
    printer.line("s3", "[up]")
    printer.line("postgres", "ready")
    assert capsys.readouterr().out == "s3       | [up]\npostgres | ready\n"
