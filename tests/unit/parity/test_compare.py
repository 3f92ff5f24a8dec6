"""What is a drift, and what is none."""

from __future__ import annotations

import pytest

from devenv.parity.allowed import Allowed, AllowedList
from devenv.parity.compare import Comparison, compare
from devenv.parity.measured import Failure, Measured
from tests.unit.parity.made import COMMAND, USER, measured

NOTHING = AllowedList({}, {})
LOCAL, COMPOSE = measured("local", {COMMAND: "a"}), measured("compose", {COMMAND: "b"})


def allowed(key: str = COMMAND, reason: str = "meant", **values: str) -> AllowedList:
    return AllowedList({key: Allowed(key, values, reason)}, {})


def drifts(*sides: Measured, known: AllowedList = NOTHING) -> dict[str, dict[str, str]]:
    return {drift.key: dict(drift.values) for drift in compare(sides, known).drifts}


def told(done: Comparison) -> tuple[int, int, int]:
    return len(done.drifts), len(done.allowed), len(done.stale)


def test_what_agrees_is_no_drift() -> None:
    done = compare([LOCAL, measured("compose", {COMMAND: "a"})], NOTHING)
    assert (told(done), done.compared) == ((0, 0, 0), frozenset({COMMAND}))


def test_what_differs_is_told_with_each_value() -> None:
    assert drifts(LOCAL, COMPOSE) == {COMMAND: {"local": "a", "compose": "b"}}


def test_one_of_three_that_differs_is_a_drift() -> None:
    assert drifts(LOCAL, measured("compose", {COMMAND: "a"}), measured("k3s", {COMMAND: "c"})) == {
        COMMAND: {"local": "a", "compose": "a", "k3s": "c"}
    }


def test_a_key_that_one_side_lacks_is_a_drift() -> None:
    assert drifts(LOCAL, measured("compose")) == {COMMAND: {"local": "a", "compose": "(absent)"}}


def test_a_declared_difference_is_none() -> None:
    done = compare([LOCAL, COMPOSE], allowed(local="a", compose="b"))
    assert told(done) == (0, 1, 0)
    assert done.allowed[0].note == "meant"


def test_a_declared_difference_with_another_value_is_a_drift() -> None:
    done = compare([LOCAL, COMPOSE], allowed(local="a", compose="x"))
    assert told(done) == (1, 0, 0)
    assert done.drifts[0].note == "allowed with other values: local = a, compose = x"


def test_a_declared_difference_that_is_silent_about_a_mode_is_a_drift() -> None:
    k3s = measured("k3s", {COMMAND: "b"})
    assert told(compare([LOCAL, COMPOSE, k3s], allowed(local="a", compose="b"))) == (1, 0, 0)


def test_a_declared_difference_of_a_key_that_one_side_lacks() -> None:
    known = allowed(local="a", compose="(absent)")
    assert told(compare([LOCAL, measured("compose")], known)) == (0, 1, 0)


def test_a_declared_difference_on_which_all_agree_is_stale() -> None:
    agreeing = measured("compose", {COMMAND: "a"})
    assert told(compare([LOCAL, agreeing], allowed(local="a", compose="b"))) == (0, 0, 1)


def test_a_declared_difference_of_a_key_that_nobody_has_is_stale() -> None:
    sides = [measured("local"), measured("compose")]
    assert told(compare(sides, allowed(local="a", compose="b"))) == (0, 0, 1)


def test_a_declared_difference_is_not_stale_where_its_modes_were_not_measured_together() -> None:
    sides = [measured("compose", {COMMAND: "b"}), measured("k3s", {COMMAND: "b"})]
    assert told(compare(sides, allowed(local="a", compose="b", k3s="b"))) == (0, 0, 0)


def test_a_mode_has_to_be_as_it_was_recorded_whatever_is_allowed_between_modes() -> None:
    recorded = measured("local", {COMMAND: "b"}, label="local in file")
    assert told(compare([LOCAL, recorded], allowed(local="a", compose="b"))) == (1, 0, 0)


def test_facts_of_containers_are_not_asked_of_processes() -> None:
    sides = [
        LOCAL,
        measured("compose", {COMMAND: "a", USER: "0"}),
        measured("k3s", {COMMAND: "a", USER: "1"}),
    ]
    assert drifts(*sides) == {USER: {"compose": "0", "k3s": "1"}}


def test_a_fact_that_one_mode_of_containers_lacks_is_a_drift() -> None:
    other = measured("k3s", {"s3.spec.root.tmpfs": "none"})
    assert USER in drifts(measured("compose", {USER: "0", "s3.spec.root.tmpfs": "none"}), other)


def test_a_service_that_is_left_out_is_one_drift_and_no_more() -> None:
    with_it = measured("compose", {"grafana.spec.state": "part of the platform", "grafana.spec.command": "x"})
    without = measured("local", {"grafana.spec.state": "left out"})
    assert list(drifts(with_it, without)) == ["grafana.spec.state"]


def test_a_service_that_only_one_stack_has_is_one_drift() -> None:
    with_it = measured("compose", {"grafana.spec.state": "part of the platform", "grafana.spec.command": "x"})
    assert list(drifts(with_it, measured("local"))) == ["grafana.spec.state"]


def test_what_a_failed_check_would_have_found_is_not_compared() -> None:
    working = measured("compose", {COMMAND: "a"}, ports={"s3.spec.port": "9000"})
    broken = measured("local", {COMMAND: "a"}, failed={"ports": Failure("no answer", "look")})
    assert drifts(working, broken) == {}


def test_what_was_not_compared_does_not_count() -> None:
    working = measured("compose", {COMMAND: "a", USER: "0"}, ports={"s3.spec.port": "9000"})
    broken = measured("local", {COMMAND: "a"}, failed={"ports": Failure("no answer", "look")})
    assert compare([working, broken], NOTHING).compared == {COMMAND}


def test_a_key_that_nobody_could_measure_is_not_stale() -> None:
    broken = {"spec": Failure("no answer", "look")}
    sides = [measured(mode, failed=broken) for mode in ("local", "compose")]
    assert told(compare(sides, allowed(local="a", compose="b"))) == (0, 0, 0)


def test_what_is_allowed_of_a_service_that_all_leave_out_is_not_stale() -> None:
    sides = [measured(mode, {"s3.spec.state": "left out"}) for mode in ("local", "compose")]
    assert told(compare(sides, allowed(local="a", compose="b"))) == (0, 0, 0)


def test_engines_have_a_list_of_their_own() -> None:
    known = AllowedList({}, {COMMAND: Allowed(COMMAND, {"minio": "a", "seaweedfs": "b"}, "two programs")})
    other = measured("compose", {COMMAND: "b"}, engine="seaweedfs")
    assert told(compare([LOCAL, other], known)) == (0, 1, 0)


def test_the_list_of_engines_says_nothing_where_both_have_the_same() -> None:
    known = AllowedList({}, {COMMAND: Allowed(COMMAND, {"minio": "a", "seaweedfs": "b"}, "two programs")})
    assert told(compare([LOCAL, COMPOSE], known)) == (1, 0, 0)


def test_what_differs_between_modes_of_one_engine_is_not_stale_with_two() -> None:
    known = AllowedList({COMMAND: Allowed(COMMAND, {"local": "a", "compose": "b"}, "two programs")})
    other = measured("compose", {COMMAND: "a"}, engine="seaweedfs")
    assert told(compare([LOCAL, other], known)) == (0, 0, 0)


@pytest.mark.parametrize("values", [{COMMAND: "a"}, {}], ids=["both have it", "nobody has it"])
def test_a_difference_between_engines_on_which_they_agree_is_stale(values: dict[str, str]) -> None:
    known = AllowedList({}, {COMMAND: Allowed(COMMAND, {"minio": "a", "seaweedfs": "b"}, "two programs")})
    other = measured("compose", values, engine="seaweedfs")
    assert told(compare([measured("local", values), other], known)) == (0, 0, 1)
    assert told(compare([measured("local", values), measured("compose", values)], known)) == (0, 0, 0)


def test_a_fact_of_containers_is_not_stale_where_one_mode_of_them_was_measured() -> None:
    known = AllowedList({}, {USER: Allowed(USER, {"minio": "0", "seaweedfs": "1"}, "two images")})
    for values in ({}, {USER: "0"}):
        sides = [measured("local", {}, engine="seaweedfs"), measured("compose", values)]
        assert told(compare(sides, known)) == (0, 0, 0)


def test_pulled_images_have_a_list_of_their_own() -> None:
    known = AllowedList({}, pulled={USER: Allowed(USER, {"compose": "0:0", "k3s": "1000:1000"}, "a folder")})
    values = {"compose": {USER: "0:0"}, "k3s": {USER: "1000:1000"}}
    for images, expected in (("pull", (0, 1, 0)), ("build", (1, 0, 0))):
        sides = [measured(mode, found, images=images) for mode, found in values.items()]
        assert told(compare(sides, known)) == expected


def test_drifts_come_service_by_service() -> None:
    keys = {"postgres.spec.command": "a", "postgres-exporter.spec.command": "a", "postgres.spec.version": "1"}
    found = drifts(measured("local", keys), measured("compose", dict.fromkeys(keys, "b")))
    assert list(found) == ["postgres.spec.command", "postgres.spec.version", "postgres-exporter.spec.command"]


def test_two_sides_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one would hide the other"):
        compare([LOCAL, measured("local", {COMMAND: "b"})], NOTHING)
