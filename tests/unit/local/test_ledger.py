"""What was started, kept for a later command."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devenv.modes.local.ledger import Ledger, Started

ONE = Started(1, 10.5, "a")


def test_a_later_command_reads_what_an_earlier_one_recorded(tmp_path: Path) -> None:
    Ledger(tmp_path / "l.json").record("db", ONE)
    assert Ledger(tmp_path / "l.json").read() == {"db": ONE}


def test_nothing_was_started_where_there_is_no_ledger(tmp_path: Path) -> None:
    assert Ledger(tmp_path / "l.json").read() == {}


def test_a_stopped_service_is_taken_out(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    ledger.record("db", ONE)
    ledger.record("api", ONE)
    ledger.record("db", None)
    assert set(ledger.read()) == {"api"}


def test_a_service_that_was_never_started_can_be_stopped(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    ledger.record("db", None)
    assert ledger.read() == {}


def test_a_cleared_ledger_is_gone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    ledger.record("db", ONE)
    ledger.clear()
    ledger.clear()
    assert list(tmp_path.iterdir()) == []


def test_no_record_of_many_threads_is_lost(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.json")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ledger.record(f"s{number}", ONE), range(24)))
    assert len(ledger.read()) == 24
