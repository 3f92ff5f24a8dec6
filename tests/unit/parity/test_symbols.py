"""Addresses as symbols, and only where they are the right ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from devenv.modes.described import describe_service
from devenv.parity.symbols import Symbols, symbols_of
from tests.fakes.stacks import entry, stack

TINY = stack({"web": entry(8000), "db": entry(5432)})
CONTAINERS = {name: describe_service(TINY, service, Path("/P")) for name, service in TINY.services.items()}
HERE = {
    "WEB_PORT": "20001",
    "WEB_ADDRESS": "127.0.0.1:20001",
    "WEB_LISTEN_HOST": "127.0.0.1",
    "WEB_LISTEN_PORT": "20001",
}


def told(symbols: Symbols, word: str, template: str) -> str:
    """`template` has the names of variables in braces, as the stack file has them."""
    for name, mark in symbols.marks.items():
        template = template.replace(f"{{{name}}}", mark)
    return symbols.told(word, [template])


@pytest.fixture
def containers() -> Symbols:
    return symbols_of(CONTAINERS)


@pytest.fixture
def processes() -> Symbols:
    return symbols_of({**CONTAINERS, "web": replace(CONTAINERS["web"], variables=HERE)})


def test_the_same_word_is_the_same_symbol_in_every_mode(containers: Symbols, processes: Symbols) -> None:
    template = "url=http://{WEB_ADDRESS}/x,listen={WEB_LISTEN_HOST}:{WEB_LISTEN_PORT}"
    there = told(containers, "url=http://web:8000/x,listen=0.0.0.0:8000", template)
    here = told(processes, "url=http://127.0.0.1:20001/x,listen=127.0.0.1:20001", template)
    assert there == here == "url=http://endpoint:web/x,listen=${WEB_LISTEN_HOST}:${WEB_LISTEN_PORT}"


def test_every_address_has_two_names(containers: Symbols) -> None:
    assert told(containers, "*", "{WEB_LISTEN_HOST}") == "${WEB_LISTEN_HOST}"
    assert told(containers, "127.0.0.1", "{WEB_LISTEN_HOST}") == "127.0.0.1"


def test_a_published_port_is_told_from_one_that_is_listened_on(processes: Symbols) -> None:
    assert told(processes, "20001", "{WEB_PORT}") == "${WEB_PORT}"
    assert told(processes, "20001", "{WEB_LISTEN_PORT}") == "${WEB_LISTEN_PORT}"


@pytest.mark.parametrize(
    ("word", "template"),
    [
        ("db:5433", "{DB_ADDRESS}"),
        ("web:8000", "{DB_ADDRESS}"),
        ("db:54321", "{DB_ADDRESS}"),
        ("db:5432", "db:5432"),  # written down: right in this mode alone
        ("0.0.0.0:8000", "127.0.0.1:{WEB_LISTEN_PORT}"),
    ],
)
def test_any_other_word_stands_as_it_is(containers: Symbols, word: str, template: str) -> None:
    assert told(containers, word, template) == word


def test_characters_of_patterns_mean_themselves(containers: Symbols) -> None:
    assert told(containers, "a+b(web:8000)", "a+b({WEB_ADDRESS})") == "a+b(endpoint:web)"
    assert told(containers, "aab(web:8000)", "a+b({WEB_ADDRESS})") == "aab(web:8000)"
