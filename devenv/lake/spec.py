"""Reads seed/lake.toml: what the lake is declared to be, as frozen dataclasses."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.errors import LakeError
from devenv.lake.toml_table import Table

LAYERS = ("bronze", "silver", "gold")
SYMBOL = re.compile(r"[A-Z0-9]{2,20}")
INTERVALS = {  # in seconds, under the names that Binance gives them
    "1s": 1,
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "2h": 7200,
    "4h": 14400,
    "6h": 21600,
    "8h": 28800,
    "12h": 43200,
    "1d": 86400,
}


@dataclass(frozen=True)
class BucketSpec:
    """One layer's bucket; noncurrent versions are deleted after `noncurrent_days`."""

    layer: str
    versioning: bool
    noncurrent_days: int

    def name(self, environment: str) -> str:
        """The bucket's name in an environment."""
        return bucket_name(self.layer, environment)


@dataclass(frozen=True)
class UserSpec:
    """An S3 user: the secret that is its key, and the layers whose objects it may read and list, or write."""

    name: str
    secret: str
    read: tuple[str, ...]
    write: tuple[str, ...]


@dataclass(frozen=True)
class DatasetSpec:
    """The objects below one prefix of a layer."""

    name: str
    layer: str
    prefix: str


@dataclass(frozen=True)
class TableSpec:
    """A Postgres table, as schema.name, and the file in sql/ that makes it."""

    name: str
    sql: str


@dataclass(frozen=True)
class DeploymentSpec:
    """A flow that the worker runs on a schedule, and when `seed` asks; `entrypoint` is file:function."""

    name: str
    entrypoint: str
    cron: str
    parameters: Mapping[str, Any]

    @property
    def flow(self) -> str:
        """The flow's name, as Prefect derives it from the function."""
        return self.entrypoint.partition(":")[2].replace("_", "-")


@dataclass(frozen=True)
class SampleSpec:
    """The default sample: `days` days of candles of each symbol."""

    symbols: tuple[str, ...]
    interval: str
    start: dt.date
    days: int


@dataclass(frozen=True)
class LakeSpec:
    """The declared lake. `path` is lake.toml; flows/ and sql/ are beside it."""

    path: Path
    buckets: tuple[BucketSpec, ...]
    users: tuple[UserSpec, ...]
    datasets: tuple[DatasetSpec, ...]
    tables: tuple[TableSpec, ...]
    work_pool: str
    timezone: str
    deployments: tuple[DeploymentSpec, ...]
    sample: SampleSpec

    @property
    def flows(self) -> Path:
        """The folder of the flows."""
        return self.path.parent / "flows"

    @property
    def sql(self) -> Path:
        """The folder of the schema."""
        return self.path.parent / "sql"


def bucket_name(layer: str, environment: str) -> str:
    """The name of a layer's bucket in an environment."""
    return f"crypto-lakehouse-{layer}-{environment}"


def load_spec(path: Path) -> LakeSpec:
    """Read and check a lake.toml.

    Raises LakeError, with the file, the line where it is known, the key and what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LakeError(f"{path}: {error.strerror}", "restore the file, or run inside the project") from None
    except UnicodeDecodeError:
        raise LakeError(f"{path}: not UTF-8 text", "save the file as UTF-8") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LakeError(f"{path}: not TOML: {error}", "correct that line") from None
    top = Table(path, text, (), data)
    flows = top.table("flows")
    spec = LakeSpec(
        path=path,
        buckets=_buckets(top),
        users=top.each("users", _user),
        datasets=top.each("datasets", _dataset),
        tables=top.each("tables", _table),
        work_pool=flows.text("work_pool"),
        timezone=flows.text("timezone", r"[A-Za-z_]+(/[A-Za-z_+-]+)*", "a time zone such as UTC"),
        deployments=top.each("deployments", _deployment),
        sample=_sample(top.table("sample")),
    )
    flows.close()
    top.close()
    return spec


def _buckets(top: Table) -> tuple[BucketSpec, ...]:
    buckets = top.table("buckets")
    specs = []
    for layer in LAYERS:
        table = buckets.table(layer)
        specs.append(BucketSpec(layer, table.boolean("versioning"), table.whole("noncurrent_days", 1, 3650)))
        table.close()
    buckets.close()
    return tuple(specs)


def _user(name: str, table: Table) -> UserSpec:
    secret = table.text("secret", r"[A-Z][A-Z0-9_]*", "the name of a secret, in capitals")
    return UserSpec(name, secret, table.several_of("read", LAYERS), table.several_of("write", LAYERS))


def _dataset(name: str, table: Table) -> DatasetSpec:
    prefix = table.text("prefix", r"([\w.=-]+/)+", "a prefix such as candles/")
    return DatasetSpec(name, table.one_of("layer", LAYERS), prefix)


def _table(name: str, table: Table) -> TableSpec:
    sql = table.text("sql", r"[\w.-]+\.sql", "the name of a file in sql/")
    if not (table.path.parent / "sql" / sql).is_file():
        table.fail("sql", "the name of a file in sql/", sql)
    if not re.fullmatch(r"[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*", name):
        table.fail("sql", "a table called schema.name, in small letters", name)
    return TableSpec(name, sql)


def _deployment(name: str, table: Table) -> DeploymentSpec:
    expected = "a file in flows/ and a function, such as clean.py:clean_candles"
    entrypoint = table.text("entrypoint", r"[\w.-]+\.py:[A-Za-z_]\w*", expected)
    if not (table.path.parent / "flows" / entrypoint.partition(":")[0]).is_file():
        table.fail("entrypoint", expected, entrypoint)
    cron = table.text("cron", r"\S+( \S+){4}", "five fields of cron, such as 0 2 * * *")
    return DeploymentSpec(name, entrypoint, cron, table.mapping("parameters"))


def _sample(table: Table) -> SampleSpec:
    sample = SampleSpec(
        table.texts("symbols", SYMBOL.pattern, "symbols such as BTCUSDT, each once"),
        table.one_of("interval", tuple(INTERVALS)),
        table.date("start"),
        table.whole("days", 1, 366),
    )
    if not 2009 < sample.start.year < 2099:
        table.fail("start", "a date from 2010 to 2098", str(sample.start))
    table.close()
    return sample
