"""The lake of a running platform: a person's own candles, the flows, the buckets and who may do what."""

from __future__ import annotations

import datetime as dt
import io
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from minio.error import S3Error

from tests.integration.candle_files import Candle, Day, broken, days, walk, write
from tests.integration.clone import Clone, eventually
from tests.integration.observed import LAYERS, rows, versions

pytestmark = pytest.mark.real

READ_GOLD = """
import sys, polars
gold = polars.read_parquet(f"s3://{sys.argv[1]}/daily_candles/symbol={sys.argv[2]}/**/*.parquet").sort("day")
columns = ("day", "open", "high", "low", "close", "volume", "vwap", "daily_return", "volatility", "candles")
print(gold.select(columns).write_json())
"""


@dataclass(frozen=True)
class Loaded:
    """A file that was loaded, and what is to come of it."""

    file: Path
    facts: dict[str, Any]
    good: list[Candle]
    bad: list[tuple[int, str]]


@pytest.fixture(scope="module")
def year(platform: Clone, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """A year of hours with nothing wrong."""
    candles = walk(seed=1)
    file = tmp_path_factory.mktemp("candles") / "TESTUSDT-1h-2021.csv"
    write(file, [candle.row() for candle in candles])
    return Loaded(file, platform.facts("seed", "--from", str(file)), candles, [])


@pytest.fixture(scope="module")
def rough_year(platform: Clone, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Another, with twenty bad rows."""
    lines, good, bad = broken(walk(seed=2))
    file = write(tmp_path_factory.mktemp("candles") / "ROUGHUSDT-1h-2021.csv", lines)
    return Loaded(file, platform.facts("seed", "--from", str(file)), good, bad)


def test_a_year_of_hours_is_loaded_whole(year: Loaded) -> None:
    assert (year.facts["files"], year.facts["rows_loaded"], year.facts["gold_days"]) == (1, 8760, 365)
    assert (year.facts["rows_rejected"], year.facts["rejected"]) == (0, [])


def test_gold_in_postgres_is_what_the_hours_give(platform: Clone, year: Loaded) -> None:
    assert_same(gold_rows(platform, "TESTUSDT"), days(year.good))


def test_gold_in_the_lake_is_read_with_the_environment_of_a_client(platform: Clone, year: Loaded) -> None:
    assert_same(gold_objects(platform, "TESTUSDT"), days(year.good))


def test_loading_the_same_file_again_writes_nothing(platform: Clone, year: Loaded) -> None:
    before = versions(platform), rows(platform)
    facts = platform.facts("seed", "--from", str(year.file))
    assert (facts["changed"], facts["objects_written"]) == (False, 0)
    assert (facts["rows_loaded"], facts["gold_days"]) == (8760, 365)
    assert (versions(platform), rows(platform)) == before


def test_bad_rows_are_listed_with_line_and_reason(rough_year: Loaded) -> None:
    facts = rough_year.facts
    assert (facts["rows_loaded"], facts["rows_rejected"], facts["gold_days"]) == (8740, 20, 365)
    told = {(file, line): reason for file, line, reason in facts["rejected"]}
    assert list(told) == [(rough_year.file.name, line) for line, _ in rough_year.bad]
    for (_, reason), line in zip(rough_year.bad, told.values(), strict=True):
        assert line.startswith(reason)


def test_bad_rows_are_kept_beside_their_file(platform: Clone, rough_year: Loaded) -> None:
    bronze = platform.variables()["LAKEHOUSE_BRONZE"]
    (found,) = platform.s3().list_objects(
        bronze, "_rejected/candles/symbol=ROUGHUSDT/interval=1h/", recursive=True
    )
    kept = platform.s3().get_object(bronze, str(found.object_name)).read().decode().splitlines()
    lines = rough_year.file.read_text().splitlines()
    assert [(row["line"], row["row"]) for row in map(json.loads, kept)] == [
        (line, lines[line - 1]) for line, _ in rough_year.bad
    ]


def test_gold_is_made_of_the_good_rows_alone(platform: Clone, rough_year: Loaded) -> None:
    assert_same(gold_rows(platform, "ROUGHUSDT"), days(rough_year.good))
    assert_same(gold_objects(platform, "ROUGHUSDT"), days(rough_year.good))


def test_bad_rows_are_told_a_person_a_line_each(platform: Clone, rough_year: Loaded) -> None:
    told = platform.devenv("seed", "--from", str(rough_year.file)).out
    for line, reason in rough_year.bad:
        assert f"{rough_year.file.name}:{line}: rejected: {reason}" in told


def test_the_flows_ran_in_prefect_to_their_ends(platform: Clone, year: Loaded) -> None:
    api = platform.variables()["PREFECT_API_URL"]
    ids = [run["id"] for run in year.facts["flow_runs"]]
    runs = httpx.post(f"{api}/flow_runs/filter", json={"flow_runs": {"id": {"any_": ids}}}, trust_env=False)
    assert [run["state_name"] for run in runs.json()] == ["Completed", "Completed"]


def test_both_deployments_are_scheduled_in_utc(platform: Clone) -> None:
    found = httpx.post(
        f"{platform.variables()['PREFECT_API_URL']}/deployments/filter", json={}, trust_env=False
    )
    schedules = {
        deployment["name"]: [
            (item["schedule"]["cron"], item["schedule"]["timezone"], item["active"])
            for item in deployment["schedules"]
        ]
        for deployment in found.json()
    }
    assert schedules == {
        "clean-candles": [("0 2 * * *", "UTC", True)],
        "daily-candles": [("0 3 * * *", "UTC", True)],
    }


def test_buckets_have_versioning_and_one_rule_each(platform: Clone) -> None:
    client = platform.s3("lakehouse-admin")
    found = {}
    for name in (bucket.name for bucket in client.list_buckets()):
        lifecycle = client.get_bucket_lifecycle(name)
        assert lifecycle is not None
        kept = [
            rule.noncurrent_version_expiration and rule.noncurrent_version_expiration.noncurrent_days
            for rule in lifecycle.rules
        ]
        found[name] = client.get_bucket_versioning(name).status, kept
    assert found == {
        "crypto-lakehouse-bronze-dev": ("Enabled", [30]),
        "crypto-lakehouse-silver-dev": ("Enabled", [30]),
        "crypto-lakehouse-gold-dev": ("Enabled", [90]),
    }


def test_the_reader_reads_silver_and_gold_and_writes_nowhere(platform: Clone) -> None:
    reader, variables = platform.s3("lakehouse-reader"), platform.variables()
    bronze, silver, gold = (variables[f"LAKEHOUSE_{layer.upper()}"] for layer in LAYERS)
    for bucket in (silver, gold):
        first = next(iter(reader.list_objects(bucket, recursive=True)))
        assert reader.get_object(bucket, str(first.object_name)).read(4)
    key = next(iter(platform.s3().list_objects(bronze, "candles/", recursive=True))).object_name
    assert denied(lambda: reader.get_object(bronze, str(key)))
    assert denied(lambda: list(reader.list_objects(bronze, recursive=True)))
    for bucket in (bronze, silver, gold):
        assert denied(lambda bucket=bucket: reader.put_object(bucket, "mine", io.BytesIO(b"x"), 1))
    assert denied(lambda: reader.remove_object(gold, str(first.object_name)))


def test_the_flows_write_objects_and_delete_no_bucket(platform: Clone) -> None:
    flows, gold = platform.s3(), platform.variables()["LAKEHOUSE_GOLD"]
    flows.put_object(gold, "mine", io.BytesIO(b"x"), 1)
    flows.remove_object(gold, "mine")
    assert denied(lambda: flows.remove_bucket(gold))
    assert denied(lambda: flows.make_bucket("another"))
    assert platform.s3("lakehouse-admin").bucket_exists(gold)


def test_the_reader_of_postgres_cannot_write(platform: Clone) -> None:
    assert platform.sql("SELECT count(*) > 0 FROM lakehouse.daily_candles", role="lakehouse_reader") == [
        (True,)
    ]
    for statement in (
        "INSERT INTO lakehouse.daily_candles SELECT * FROM lakehouse.daily_candles",
        "DELETE FROM lakehouse.daily_candles",
        "CREATE TABLE mine (one int)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            platform.sql(statement, role="lakehouse_reader")


def test_an_edited_flow_runs_without_a_restart_of_the_worker(
    platform: Clone, request: pytest.FixtureRequest
) -> None:
    flow = platform.root / "seed" / "flows" / "daily.py"
    code, line = flow.read_text(), "%s: %d days, "
    assert line in code, "the flow says something else now: edit another of its lines here"
    worker = platform.services()["prefect-worker"]
    api = platform.variables()["PREFECT_API_URL"]
    with httpx.Client(base_url=api, timeout=30, trust_env=False) as prefect:
        deployment = prefect.get("/deployments/name/daily-candles/daily-candles").json()["id"]
        request.addfinalizer(lambda: flow.write_text(code))
        flow.write_text(code.replace(line, f"edited just now: {line}"))
        run = prefect.post(f"/deployments/{deployment}/create_flow_run", json={}).json()["id"]

        def completed() -> str | None:
            state = str(prefect.get(f"/flow_runs/{run}").json()["state_type"])
            return None if state == "COMPLETED" else state

        def logged() -> str | None:
            wanted = {"logs": {"flow_run_id": {"any_": [run]}}}
            told = [entry["message"] for entry in prefect.post("/logs/filter", json=wanted).json()]
            return None if any("edited just now: BTCUSDT: 31 days" in line for line in told) else str(told)

        eventually(completed)
        eventually(logged)
    assert platform.services()["prefect-worker"] == worker


def gold_rows(clone: Clone, symbol: str) -> dict[dt.date, Day]:
    """A symbol's daily candles in Postgres, as the reader sees them."""
    found = clone.sql(
        "SELECT day, open, high, low, close, volume, vwap, daily_return, volatility, candles"
        " FROM lakehouse.daily_candles WHERE symbol = %s ORDER BY day",
        symbol,
        role="lakehouse_reader",
    )
    return {row[0]: Day(*row[1:]) for row in found}


def gold_objects(clone: Clone, symbol: str) -> dict[dt.date, Day]:
    """A symbol's daily candles in the lake, as a client's dataframe reads them."""
    gold = clone.variables()["LAKEHOUSE_GOLD"]
    told = clone.devenv("run", "--", sys.executable, "-c", READ_GOLD, gold, symbol).out
    return {dt.date.fromisoformat(row.pop("day")): Day(**row) for row in json.loads(told)}


def assert_same(found: dict[dt.date, Day], expected: dict[dt.date, Day]) -> None:
    """The same days with the same values, but for the rounding of sums."""
    assert list(found) == list(expected)
    for day, candle in expected.items():
        for name, value in asdict(candle).items():
            same = value if value is None else pytest.approx(value, rel=1e-9, abs=1e-12)
            assert asdict(found[day])[name] == same, (day, name)


def denied(call: Any) -> bool:
    """Whether S3 refuses it for want of a right."""
    with pytest.raises(S3Error) as refused:
        call()
    return refused.value.code == "AccessDenied"
