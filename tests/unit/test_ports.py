"""Which ports an instance is given."""

from __future__ import annotations

import socket
from collections.abc import Collection
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import PreflightError
from devenv.ports import FALLBACK, Wanted, choose, is_free

S3, DB = Wanted("s3", 9000), Wanted("db", 5432)


def chosen(
    *wanted: Wanted,
    known: dict[str, int] | None = None,
    taken: Collection[int] = (),
    busy: Collection[int] = (),
    seed: int = 0,
) -> dict[str, int]:
    return choose(wanted, known or {}, taken, lambda port: port not in busy, seed)


def test_the_well_known_ports_are_used_where_they_are_free() -> None:
    assert chosen(S3, DB) == {"s3": 9000, "db": 5432}


def test_a_port_on_which_somebody_listens_is_passed_over() -> None:
    assert chosen(S3, busy=[9000, 20_000]) == {"s3": 20_001}


def test_a_port_that_another_instance_has_on_record_is_passed_over() -> None:
    assert chosen(S3, taken=[9000]) == {"s3": 20_000}


def test_a_known_port_stays_even_while_somebody_listens_on_it() -> None:
    assert chosen(S3, known={"s3": 23_456}, busy=[23_456]) == {"s3": 23_456}


def test_a_port_that_a_person_chose_is_used_as_it_is() -> None:
    fixed = Wanted("s3", 1234, fixed=True)
    assert chosen(fixed, known={"s3": 23_456}, taken=[1234], busy=[1234]) == {"s3": 1234}


def test_no_other_service_gets_a_port_that_a_person_chose() -> None:
    assert chosen(S3, Wanted("db", 9000, fixed=True)) == {"s3": 20_000, "db": 9000}


def test_instances_begin_at_different_ports() -> None:
    assert chosen(S3, taken=[9000], seed=7) == {"s3": 20_007}


def test_the_search_goes_once_around() -> None:
    last = len(FALLBACK) - 1
    assert chosen(S3, taken=[9000, FALLBACK[-1]], seed=last) == {"s3": 20_000}


def test_it_is_said_when_no_port_is_left() -> None:
    with pytest.raises(PreflightError, match="no port from 20000 to 31999 is free"):
        choose([S3], {}, [], lambda port: False, 0)


@given(
    st.lists(st.integers(1024, 1040), max_size=12), st.sets(st.integers(1024, 1040)), st.integers(0, 1 << 32)
)
def test_no_two_services_share_a_port(preferred: list[int], taken: set[int], seed: int) -> None:
    wanted = [Wanted(str(number), port) for number, port in enumerate(preferred)]
    found = choose(wanted, {}, taken, lambda port: True, seed)
    assert len(set(found.values())) == len(wanted)
    assert not taken & set(found.values())


def test_a_port_is_free_until_somebody_listens_on_it() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_a_port_above_another_is_chosen_with_it() -> None:
    wanted = [Wanted("admin", 23_646), Wanted("grpc", 33_646, above="admin")]
    free = {23_646, 33_646}.__contains__
    assert choose(wanted, {}, (), free, 0) == {"admin": 23_646, "grpc": 33_646}
    taken_above = choose(wanted, {}, (33_646,), lambda port: True, 5)
    assert taken_above["grpc"] == taken_above["admin"] + 10_000 != 33_646
