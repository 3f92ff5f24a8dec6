"""The flow from bronze to silver: raw candle files become typed, sorted Parquet without duplicates."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

import lake
import polars as pl
from candles import SCHEMA, latest, parse, widest_first
from minio import Minio
from parquet import by_month
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact

_RAW_KEY = re.compile(rf"{lake.CANDLES}(symbol=([A-Z0-9]+)/interval=([0-9]+[smhd]))/[^/]+")


@dataclass(frozen=True)
class RawFile:
    """What became of a raw file: rows kept and put aside; `first` and `last` are days, None without rows."""

    rows: int
    rejected: int
    duplicates: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class Dataset:
    """The raw files of one symbol and interval (ETags by key), and what was made of them last time."""

    name: str  # symbol=BTCUSDT/interval=1h
    files: dict[str, str]
    outputs: dict[str, str]
    rejected: dict[str, str]


@flow
def clean_candles(symbols: list[str] | None = None) -> list[dict[str, Any]]:
    """Clean every raw file in the lake, or those of some symbols; what has not changed is left alone."""
    client = lake.connect()
    done = lake.listing(client, "silver", lake.LINEAGE)
    summary = []
    for dataset in datasets(client, symbols, done):
        inputs = lake.inputs_digest(dataset.files)
        record = lake.lineage(client, "silver", dataset.name, done)
        unchanged = record.get("inputs") == inputs and record.get("outputs") == {
            **dataset.outputs,
            **dataset.rejected,
        }
        if not unchanged:
            record = clean_dataset(dataset, inputs)
        summary.append(_summary(dataset, record, not unchanged))
    create_table_artifact(key="clean-candles", table=summary, description="Raw candle files made clean")
    return summary


def datasets(client: Minio, symbols: list[str] | None, done: dict[str, str]) -> list[Dataset]:
    """The datasets with raw files, and those that had some once: their outputs go."""
    raw = lake.listing(client, "bronze", lake.CANDLES)
    silver = lake.listing(client, "silver", lake.CANDLES)
    rejected = lake.listing(client, "bronze", lake.REJECTED + lake.CANDLES)
    files: dict[str, dict[str, str]] = {
        key.removeprefix(lake.LINEAGE).removesuffix(".json"): {} for key in sorted(done)
    }
    for key, etag in raw.items():
        if match := _RAW_KEY.fullmatch(key):
            files.setdefault(match[1], {})[key] = etag
        else:
            get_run_logger().warning("%s is not below symbol=.../interval=.../: left alone", key)
    return [
        Dataset(
            name,
            dataset_files,
            _below(silver, f"{lake.CANDLES}{name}/"),
            _below(rejected, f"{lake.REJECTED}{lake.CANDLES}{name}/"),
        )
        for name, dataset_files in sorted(files.items())
        if symbols is None or name.split("/")[0].removeprefix("symbol=") in symbols
    ]


@task(retries=3, retry_delay_seconds=[1, 3, 9], retry_condition_fn=lake.transient)
def clean_dataset(dataset: Dataset, inputs: str) -> dict[str, Any]:
    """Write the dataset's Parquet and its files' bad rows, remove what no raw file makes any more."""
    client, log = lake.connect(), get_run_logger()
    outputs: dict[str, str] = {}
    written = 0
    files: dict[str, RawFile] = {}
    frames = [pl.DataFrame(schema=SCHEMA)]
    for key in sorted(dataset.files, key=widest_first):
        parsed = parse(lake.read(client, "bronze", key), key)
        frames.append(parsed.candles)
        days = parsed.candles["open_time"].dt.date()
        first, last = (str(days[0]), str(days[-1])) if len(days) else (None, None)
        files[key] = RawFile(len(days), parsed.rejects.height, parsed.duplicates, first, last)
        if not parsed.rejects.is_empty():
            log.warning("%s: %d bad rows put aside", key, parsed.rejects.height)
            target = f"{lake.REJECTED}{key}.jsonl"
            content = parsed.rejects.write_ndjson().encode()
            outputs[target], new = lake.put(client, "bronze", target, content, "application/x-ndjson")
            written += new
    candles = latest(pl.concat(frames))
    for target, content in by_month(candles, f"{lake.CANDLES}{dataset.name}").items():
        outputs[target], new = lake.put(client, "silver", target, content, "application/vnd.apache.parquet")
        written += new
    for layer, there in (("silver", dataset.outputs), ("bronze", dataset.rejected)):
        for key in there.keys() - outputs.keys():
            lake.remove(client, layer, key)
    record = {
        "inputs": inputs,
        "outputs": outputs,
        "files": {key: asdict(file) for key, file in sorted(files.items())},
    }
    if dataset.files:
        lake.record_lineage(client, "silver", dataset.name, record)
    else:
        lake.remove(client, "silver", lake.lineage_key(dataset.name))
    log.info("%s: %d files, %d objects written", dataset.name, len(files), written)
    return record


def _below(keys: dict[str, str], prefix: str) -> dict[str, str]:
    return {key: etag for key, etag in keys.items() if key.startswith(prefix)}


def _summary(dataset: Dataset, record: dict[str, Any], changed: bool) -> dict[str, Any]:
    files = record["files"].values()
    return {
        "dataset": dataset.name,
        "files": len(files),
        **{count: sum(file[count] for file in files) for count in ("rows", "rejected", "duplicates")},
        "cleaned now": changed,
    }
