"""Values and keys are one line, and the same for the same fact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.endpoints import Endpoint
from devenv.parity.live.rendering import dialled, digest, facts, part, path, symbolic, text
from devenv.parity.observation import Observation, Target
from tests.unit.parity.live.conftest import target


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "none"),
        ("", "none"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        ([], "[]"),
        ("two\n  lines", "two lines"),
        ({"b": 1, "a": [None, "ä"]}, '{"a":[null,"ä"],"b":1}'),
    ],
)
def test_how_a_value_is_told(value: Any, told: str) -> None:
    assert text(value) == told


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_a_value_is_always_one_line_that_says_something(value: Any) -> None:
    assert len(text(value).splitlines()) <= 1


@given(st.text(min_size=1))
def test_a_part_of_a_key_has_no_dots_spaces_or_capitals(name: str) -> None:
    assert not set(part(name)) & set(". \n")
    assert part(name) == part(name).lower()


def test_a_path_in_a_key_keeps_its_dots() -> None:
    assert path("candles/symbol=BTCUSDT/2024-01.csv") == "candles/symbol=btcusdt/2024-01.csv"


def test_a_digest_changes_with_the_value_and_not_with_the_order_of_names() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_a_digest_changes_with_white_space() -> None:
    assert digest(["a  b"]) != digest(["a b"])
    assert digest("a\n") != digest("a")


def test_facts_are_observations_below_a_prefix() -> None:
    assert list(facts("s3.bucket", {"Object Lock": None})) == [Observation("s3.bucket.object_lock", "none")]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("http://127.0.0.1:29000/api", "http://endpoint:postgres/api"),
        ("localhost:29000", "endpoint:postgres"),
        ("postgres:5432", "endpoint:postgres"),
        ("postgres:54321", "postgres:54321"),
        ("my-postgres:5432", "my-postgres:5432"),
        ("127.0.0.1:290001", "127.0.0.1:290001"),
        ("10.127.0.0.1:29000", "10.127.0.0.1:29000"),
        ("127.0.0.1:5432", "127.0.0.1:5432"),
    ],
)
def test_known_addresses_are_symbols_and_others_stand(said: str, told: str) -> None:
    assert symbolic(in_containers(), said) == told


def test_what_a_service_dials_is_a_symbol_only_where_it_is_reached_by_it() -> None:
    known = in_containers()
    assert dialled(known, "http://postgres:5432/api") == "http://endpoint:postgres/api"
    assert dialled(known, "http://localhost:29000/api") == "http://localhost:29000/api"


def in_containers() -> Target:
    known = target(postgres=Endpoint("postgres", "postgresql", "127.0.0.1", 29000))
    return replace(known, inside={"postgres:5432": "postgres"})
