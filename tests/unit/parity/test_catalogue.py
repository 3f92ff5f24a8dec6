"""Every key has one meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import DevenvError, UsageError
from devenv.parity.catalogue import checks, explain, key_pattern, meaning_of, meanings
from tests.parity.project_copy import copy_of_project


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("s3.bucket.{layer}.versioning", "s3.bucket.gold.versioning", True),
        ("s3.bucket.{layer}.versioning", "s3.bucket.a.b.versioning", False),
        ("s3.bucket.{layer}.versioning", "s3xbucket.gold.versioning", False),
        ("s3.object.{path*}.digest", "s3.object.a.b/c.csv.digest", True),
        ("s3.object.{path*}.digest", "s3.object..digest", False),
    ],
)
def test_what_a_placeholder_stands_for(pattern: str, key: str, fits: bool) -> None:
    assert bool(key_pattern(pattern).fullmatch(key)) is fits


def test_a_key_of_no_meaning_is_an_error() -> None:
    with pytest.raises(DevenvError, match="means nothing"):
        meaning_of("s3.no-such-thing")


def test_a_key_that_a_person_asks_for_and_is_none_gets_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        explain("s3.spec.comand")
    assert "did you mean {service}.spec.command?" in raised.value.remedy


def test_a_pattern_can_be_explained_too() -> None:
    assert explain("{service}.spec.command") == meaning_of("s3.spec.command")


def test_every_meaning_says_what_why_and_where_from() -> None:
    for meaning in meanings():
        assert meaning.what.strip()
        assert meaning.why.strip()
        assert meaning.source.strip()
        assert meaning.key == meaning.key.strip()


def test_no_two_meanings_have_one_key() -> None:
    keys = [meaning.key for meaning in meanings()]
    assert sorted(set(keys)) == sorted(keys)


def test_every_service_of_the_stack_has_live_checks(tmp_path: Path) -> None:
    services = copy_of_project(tmp_path / "lake").static().services
    assert services - {check.service for check in checks()} == set()
    assert len(services) == 8


def test_no_two_checks_have_one_name() -> None:
    names = [check.name for check in checks()]
    assert sorted(set(names)) == sorted(names)
