"""The flow from silver to gold: daily candles, as Parquet in the lake and as rows in Postgres."""

from __future__ import annotations

import re
import time
from typing import Any
from uuid import UUID

import database
import lake
import polars as pl
from days import DAY_S, daily
from minio import Minio
from parquet import by_year
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client

_CLEAN_KEY = re.compile(rf"{lake.CANDLES}symbol=([A-Z0-9]+)/interval=([0-9]+)([smhd])/.*\.parquet")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": DAY_S}


@flow
def daily_candles(
    symbols: list[str] | None = None, volatility_days: int = 7, after: str | None = None
) -> list[dict[str, Any]]:
    """Make the daily candles of every symbol, or of some; what has not changed is left alone.

    `volatility_days` is how many daily returns a day's volatility looks back on, its own included, at least
    2. `after` is the id of a flow run to wait for: a run that is asked for together with the one that
    makes its input starts sooner than one that is asked for when that has ended.
    """
    if after:
        wait_for_run(after)
    client = lake.connect()
    done = lake.listing(client, "gold", lake.LINEAGE)
    gold = lake.listing(client, "gold", lake.DAILY_CANDLES)
    stored = database.stored_rows()
    summary = []
    for symbol, inputs in clean_files(client, done).items():
        if symbols is not None and symbol not in symbols:
            continue
        name = f"symbol={symbol}"
        digest = lake.inputs_digest(inputs, volatility_days)
        there = {key: etag for key, etag in gold.items() if key.startswith(f"{lake.DAILY_CANDLES}{name}/")}
        record = lake.lineage(client, "gold", name, done)
        unchanged = record.get("inputs") == digest and record.get("outputs") == there
        if not unchanged or record.get("rows") != stored.get(symbol):
            record = make_daily(symbol, inputs, there, digest, volatility_days)
            unchanged = False
        summary.append({"symbol": symbol, "days": record["days"], "made now": not unchanged})
    create_table_artifact(key="daily-candles", table=summary, description="Daily candles in gold")
    return summary


def wait_for_run(run_id: str) -> None:
    """Wait until a flow run has ended. Raises RuntimeError where it did not complete."""
    with get_client(sync_client=True) as prefect:
        while True:
            state = prefect.read_flow_run(UUID(run_id)).state
            if state is not None and state.is_final():
                break
            time.sleep(0.1)
    if not state.is_completed():
        raise RuntimeError(f"flow run {run_id} ended as {state.name}")


def clean_files(client: Minio, done: dict[str, str]) -> dict[str, dict[str, str]]:
    """The ETags of each symbol's clean files, by key; none for a symbol that had some once."""
    symbols: dict[str, dict[str, str]] = {
        key.removeprefix(f"{lake.LINEAGE}symbol=").removesuffix(".json"): {} for key in sorted(done)
    }
    for key, etag in lake.listing(client, "silver", lake.CANDLES).items():
        if match := _CLEAN_KEY.fullmatch(key):
            symbols.setdefault(match[1], {})[key] = etag
    return dict(sorted(symbols.items()))


@task(retries=3, retry_delay_seconds=[1, 3, 9], retry_condition_fn=lake.transient)
def make_daily(
    symbol: str, inputs: dict[str, str], there: dict[str, str], digest: str, volatility_days: int
) -> dict[str, Any]:
    """Write one symbol's daily candles, remove what no clean file makes any more."""
    client, name = lake.connect(), f"symbol={symbol}"
    days = daily([(interval_s(key), _read(client, key)) for key in inputs], volatility_days)
    outputs: dict[str, str] = {}
    written = 0
    for target, content in by_year(days, f"{lake.DAILY_CANDLES}{name}").items():
        outputs[target], new = lake.put(client, "gold", target, content, "application/vnd.apache.parquet")
        written += new
    for key in there.keys() - outputs.keys():
        lake.remove(client, "gold", key)
    changed, rows = database.store(symbol, days)
    record = {"inputs": digest, "outputs": outputs, "days": days.height, "rows": rows}
    if inputs:
        lake.record_lineage(client, "gold", name, record)
    else:
        lake.remove(client, "gold", lake.lineage_key(name))
    get_run_logger().info(
        "%s: %d days, %d objects written, %d rows changed", symbol, days.height, written, changed
    )
    return record


def interval_s(key: str) -> int:
    """The length in seconds of the candles in a clean file."""
    match = _CLEAN_KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"{key} is not the key of clean candles")
    return int(match[2]) * _SECONDS[match[3]]


def _read(client: Minio, key: str) -> pl.DataFrame:
    return pl.read_parquet(lake.read(client, "silver", key))
