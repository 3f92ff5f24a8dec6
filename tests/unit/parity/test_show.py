"""What is printed."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from devenv.errors import DevenvError
from devenv.parity import show
from devenv.parity.allowed import Allowed, AllowedList
from devenv.parity.compare import compare
from devenv.parity.measured import Failure
from devenv.parity.run import Outcome
from tests.unit.parity.made import COMMAND, USER, measured

VERSION = "postgres.spec.version"
LOCAL = measured(
    "local",
    {COMMAND: "a|b", VERSION: "18.6", "s3.spec.port": "1"},
    failed={"x": Failure("x broke", "mend it")},
)
COMPOSE = measured("compose", {COMMAND: "c", VERSION: "18.5", "s3.spec.port": "1", USER: "0"})
KNOWN = AllowedList({VERSION: Allowed(VERSION, {"local": "18.6", "compose": "18.5"}, "meant")}, {})
OUTCOME = Outcome((LOCAL, COMPOSE), (), compare([LOCAL, COMPOSE], KNOWN), ())


def where(key: str) -> str:
    return f"compose.yaml:{len(key)}"


def test_the_summary_counts() -> None:
    assert show.summary(OUTCOME) == "3 keys of local, compose: 1 differ, 1 more are allowed to"


def test_a_row_has_service_key_values_and_source() -> None:
    assert OUTCOME.comparison is not None
    assert show.rows(OUTCOME.comparison, where) == [("s3", COMMAND, "a|b", "c", "compose.yaml:15")]


def test_json_has_everything() -> None:
    told = json.loads(json.dumps(show.as_json(OUTCOME, where)))
    assert told["drifts"] == [
        {
            "key": COMMAND,
            "service": "s3",
            "values": {"local": "a|b", "compose": "c"},
            "note": "",
            "where": "compose.yaml:15",
        }
    ]
    assert [entry["note"] for entry in told["allowed"]] == ["meant"]
    assert told["measured"][0]["failed"] == {"x": {"problem": "x broke", "remedy": "mend it"}}
    assert told["measured"][1]["observations"][USER] == "0"


def test_junit_has_a_case_for_every_key_and_a_failure_for_every_drift() -> None:
    suite = ElementTree.fromstring(show.as_junit(OUTCOME, where))  # noqa: S314 (our own)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "1")
    assert suite.get("skipped") == "1"
    cases = {case.get("name"): case for case in suite}
    assert len(cases) == 5
    failure = cases[COMMAND].find("failure")
    assert failure is not None
    assert failure.text == "local: a|b\ncompose: c"
    assert list(cases[VERSION]) == []
    assert [key for key, case in cases.items() if case.find("skipped") is not None] == [USER]
    assert cases["x of local"].find("error") is not None


def test_a_value_cannot_break_the_table_of_markdown() -> None:
    text = show.as_markdown(OUTCOME, where)
    assert f"| s3 | {COMMAND} | a\\|b | c | compose.yaml:15 |" in text
    assert "- **not measured**: x broke" in text


def test_what_cannot_be_told_of_a_recording_or_ended_the_run_is_an_error_of_junit() -> None:
    outcome = Outcome((COMPOSE,), (LOCAL,), None, (), DevenvError("k3s does not start", "look"))
    suite = ElementTree.fromstring(show.as_junit(outcome, where))  # noqa: S314 (our own)
    problems = [error.get("message") for error in suite.iter("error")]
    assert problems == ["x broke", "k3s does not start"]
    assert "- **not measured**: k3s does not start" in show.as_markdown(outcome, where)


ODD = {
    "backslash and pipe": "a\\|b",
    "markup": "<b>&amp;*x* `y` [z](http://w)</b>",
    "control characters": "a\r\nb\x1b[31mc\x00",
    "no characters of XML": "\ud800\ufffe\u2028",
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_values_break_neither_junit_nor_markdown(value: str) -> None:
    sides = (
        measured("local", {COMMAND: value}, label=f"local in {value}"),
        measured("compose", {COMMAND: "c"}),
    )
    outcome = Outcome(sides, (), compare(sides, KNOWN), ())
    suite = ElementTree.fromstring(show.as_junit(outcome, where).encode())  # noqa: S314 (our own)
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert show.visible(value) in str(failure.text)
    text = show.as_markdown(outcome, where)
    text.encode()
    assert not set("\r\x1b\x00\u2028") & set(text)
    row = next(line for line in text.splitlines() if line.startswith("| s3 | "))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 6
    assert "<b>" not in row


def test_an_allowed_difference_that_lacks_a_mode_keeps_the_table() -> None:
    known = AllowedList(
        {
            VERSION: Allowed(VERSION, {"local": "1", "compose": "2", "k3s": "2"}, "older"),
            USER: Allowed(USER, {"compose": "0", "k3s": "1"}, "a folder"),
        }
    )
    sides = (
        measured("local", {VERSION: "1"}),
        measured("compose", {VERSION: "2", USER: "0"}),
        measured("k3s", {VERSION: "2", USER: "1"}),
    )
    text = show.as_markdown(Outcome(sides, (), compare(sides, known), ()), where)
    assert "| key | local | compose | k3s | reason |" in text
    assert f"| {VERSION} | 1 | 2 | 2 | older |" in text
    assert f"| {USER} | (not compared) | 0 | 1 | a folder |" in text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["x" * 90 + "1", "x" * 90 + "2"], [f"…{'x' * 12}1", f"…{'x' * 12}2"]),
        (["1" + "x" * 90, "2" + "x" * 90], [f"1{'x' * 12}…", f"2{'x' * 12}…"]),
        (["x" * 90, "x" * 91], [f"…{'x' * 12}", f"…{'x' * 13}"]),
        (["y" * 200, "z" * 200], ["y" * 71 + "…", "z" * 71 + "…"]),
        (["", "z" * 200], ["", "z" * 71 + "…"]),
    ],
)
def test_of_long_values_the_part_that_differs_is_shown(values: list[str], expected: list[str]) -> None:
    assert show.shortened(values) == expected
