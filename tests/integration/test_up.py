"""`up` brings the whole platform up, seeded, and changes nothing where all is well."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.integration.clone import Clone
from tests.integration.conftest import FirstUp
from tests.integration.observed import bound, processes, rows, sockets, versions

pytestmark = pytest.mark.real

OPTIONAL = {"prometheus", "alertmanager", "postgres-exporter", "grafana"}
ALWAYS = {"s3", "postgres", "prefect-server", "prefect-worker"}
READY = {
    "prefect-server": "/api/ready",
    "prefect-worker": "/health",
    "prometheus": "/-/ready",
    "alertmanager": "/-/ready",
    "postgres-exporter": "/metrics",
    "grafana": "/api/health",
}


def test_up_on_a_fresh_clone_makes_every_service_ready(platform: Clone) -> None:
    states = platform.states()
    assert set(states.values()) == {"ready"}
    assert ALWAYS <= set(states) <= ALWAYS | OPTIONAL


def test_up_tells_its_facts_as_json(first_up: FirstUp) -> None:
    clone, facts = first_up
    assert facts["instance"] == clone.name
    assert facts["mode"] == clone.mode
    assert facts["changed"] is True
    assert set(facts["endpoints"]) == set(clone.states())
    assert set(facts["endpoints"]) | set(facts["left_out"]) == ALWAYS | OPTIONAL
    assert {run["deployment"] for run in facts["seed"]["flow_runs"]} == {"clean-candles", "daily-candles"}


def test_a_service_is_left_out_only_with_its_reason(first_up: FirstUp) -> None:
    clone, facts = first_up
    told = {name: entry["detail"] for name, entry in clone.services().items() if entry["state"] == "left out"}
    assert told == facts["left_out"]
    assert all(told.values())


def test_up_seeds_the_sample(first_up: FirstUp) -> None:
    clone, facts = first_up
    seed = facts["seed"]
    assert (seed["files"], seed["rows_loaded"], seed["rows_rejected"], seed["gold_days"]) == (2, 1488, 0, 62)
    assert clone.sql(
        "SELECT symbol, count(*), min(day)::text, max(day)::text, sum(candles) FROM lakehouse.daily_candles"
        " WHERE symbol IN ('BTCUSDT', 'ETHUSDT') GROUP BY symbol ORDER BY symbol"
    ) == [("BTCUSDT", 31, "2024-01-01", "2024-01-31", 744), ("ETHUSDT", 31, "2024-01-01", "2024-01-31", 744)]


def test_every_endpoint_answers(platform: Clone) -> None:
    services = platform.services()
    for name in set(platform.states()) & set(READY):
        answer = httpx.get(services[name]["url"] + READY[name], timeout=30, trust_env=False)
        assert answer.status_code == httpx.codes.OK, (name, answer.text)
    assert platform.s3().bucket_exists(platform.variables()["LAKEHOUSE_GOLD"])
    assert platform.sql("SELECT 1") == [(1,)]


def test_every_socket_is_on_the_loopback_address(local_platform: Clone) -> None:
    assert len(processes(local_platform)) > len(local_platform.pids())
    addresses = bound(local_platform)
    assert len(addresses) >= len(local_platform.pids())
    # MinIO, told to take 127.0.0.1, takes ::1 too.
    assert {address for address, _ in addresses} <= {"127.0.0.1", "::1"}


def test_no_socket_file_lets_other_users_in(local_platform: Clone) -> None:
    found = sockets(local_platform)
    assert [file for file in found if file.stat().st_mode & 0o002 and not _is_private(file.parent)] == []


def test_the_second_up_changes_nothing_and_says_so(platform: Clone) -> None:
    before = platform.pids(), versions(platform), rows(platform)
    ended = platform.devenv("up")
    assert "nothing changed" in ended.out
    assert ended.err == ""
    assert platform.facts("up")["changed"] is False
    assert (platform.pids(), versions(platform), rows(platform)) == before


def test_the_second_seed_writes_nothing_and_says_so(platform: Clone) -> None:
    before = versions(platform), rows(platform)
    assert "nothing changed" in platform.devenv("seed").out
    assert platform.facts("seed")["objects_written"] == 0
    assert (versions(platform), rows(platform)) == before


def test_plan_of_a_running_platform_keeps_every_service(platform: Clone) -> None:
    plan = platform.facts("up", "--plan")
    assert {change["action"] for change in plan} <= {"keep", "leave out"}
    assert {change["service"] for change in plan} == ALWAYS | OPTIONAL


def _is_private(folder: Path) -> bool:
    return folder.stat().st_mode & 0o077 == 0
