"""What is printed."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

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
    assert show.summary(OUTCOME) == "4 keys of local, compose: 1 differ, 1 more are allowed to"


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
    cases = {case.get("name"): case for case in suite}
    assert len(cases) == 5
    failure = cases[COMMAND].find("failure")
    assert failure is not None
    assert failure.text == "local: a|b\ncompose: c"
    assert cases[VERSION].find("failure") is None


def test_a_value_cannot_break_the_table_of_markdown() -> None:
    text = show.as_markdown(OUTCOME, where)
    assert f"| s3 | {COMMAND} | a\\|b | c | compose.yaml:15 |" in text
    assert "- **not measured**: x broke" in text


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
