"""Every key is flipped by a drift, or docs/parity.md says what would flip it."""

from __future__ import annotations

from tests.parity.coverage import NOT_FLIPPED, not_flipped
from tests.parity.document import BEGIN, FILE, written
from tests.parity.live_drifts import LIVE_DRIFTS
from tests.parity.static_drifts import STATIC_DRIFTS
from tests.unit.parity.made import COMMAND, measured


def test_a_key_that_no_drift_flips_is_accounted_for() -> None:
    assert sorted(meaning.key for meaning in not_flipped()) == sorted(NOT_FLIPPED)


def test_there_are_drifts_enough() -> None:
    assert len(STATIC_DRIFTS) + len(LIVE_DRIFTS) >= 60


def test_the_names_of_drifts_differ() -> None:
    for names in ([drift.name for drift in STATIC_DRIFTS], [drift.name for drift in LIVE_DRIFTS]):
        assert sorted(set(names)) == sorted(names)


def test_the_docs_count_the_observations_of_recordings() -> None:
    told = written([measured("local", {COMMAND: "a"})])
    assert "| observations | local (minio) |\n| --- | --- |\n| s3 | 1 |\n| all | 1 |\n" in told
    assert told.partition(BEGIN)[2] == written().partition(BEGIN)[2]


def test_the_catalogue_in_the_docs_is_the_one_in_the_code() -> None:
    assert FILE.read_text() == written(), "run: python -m tests.parity.document"
