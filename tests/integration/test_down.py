"""`down` leaves nothing on the machine, and takes the data only when told to."""

from __future__ import annotations

import io

import pytest

from tests.integration.clone import Clone
from tests.integration.conftest import NewClone
from tests.integration.observed import leaving_nothing, rows, versions

pytestmark = pytest.mark.real


def test_down_leaves_nothing_and_keeps_the_data(breakable: Clone) -> None:
    before = rows(breakable), versions(breakable)
    with leaving_nothing(breakable):
        told = breakable.devenv("down").out
    assert "its data are kept" in told
    assert set(breakable.states().values()) == {"stopped"}
    breakable.devenv("up", "--no-seed")
    assert (rows(breakable), versions(breakable)) == before


def test_down_of_what_is_down_changes_nothing(new_clone: NewClone) -> None:
    clone = new_clone("never")
    assert "nothing was running" in clone.devenv("down").out
    assert not (clone.root / ".devenv").exists()


def test_deleting_the_data_needs_a_yes(new_clone: NewClone) -> None:
    clone = new_clone("asked")
    clone.devenv("up", "local", "s3", "postgres")
    clone.sql("CREATE TABLE mine AS SELECT 1 AS one")
    clone.s3("lakehouse-admin").make_bucket("mine")
    clone.s3("lakehouse-admin").put_object("mine", "object", io.BytesIO(b"content"), 7)

    problem, remedy = clone.error("down", "--volumes", code=2)
    assert "--yes" in problem
    assert "--help" in remedy
    assert clone.states()["s3"] == clone.states()["postgres"] == "ready"

    clone.devenv("down")
    clone.devenv("up", "local", "s3", "postgres")
    assert clone.sql("SELECT one FROM mine") == [(1,)]
    assert clone.s3("lakehouse-admin").get_object("mine", "object").read() == b"content"

    with leaving_nothing(clone):
        assert "its data are deleted" in clone.devenv("down", "--volumes", "--yes").out
    clone.devenv("up", "local", "s3", "postgres")
    assert clone.sql("SELECT to_regclass('mine')") == [(None,)]
    assert clone.s3("lakehouse-admin").list_buckets() == []
