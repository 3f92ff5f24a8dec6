"""Reads one raw candle file: its good rows as a frame, its bad rows each with a line number and a reason.

Two layouts are understood: the 12 columns of Binance's public kline archives, with or without a header
(https://github.com/binance/binance-public-data), and a CSV whose header names at least open_time, open,
high, low, close and volume. Times are milliseconds or microseconds since 1970, UTC, told by magnitude.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

KLINE_COLUMNS = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)
PRICES = ("open", "high", "low", "close")
REQUIRED = ("open_time", *PRICES, "volume")
AMOUNTS = ("volume", "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume")
SCHEMA = {
    "open_time": pl.Datetime("us", "UTC"),
    **dict.fromkeys((*PRICES, "volume"), pl.Float64()),
    "quote_volume": pl.Float64(),
    "count": pl.Int64(),
    "taker_buy_volume": pl.Float64(),
    "taker_buy_quote_volume": pl.Float64(),
}
REJECT_SCHEMA = {"line": pl.Int64(), "reason": pl.String(), "row": pl.String()}

# No candle is older than Bitcoin's first block (3 January 2009), and none can be of the next century.
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

_RANGE = re.compile(r"-(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:\.[A-Za-z]+)*$")


@dataclass(frozen=True)
class ParsedFile:
    """What one raw file holds.

    `candles` has SCHEMA's columns, sorted by open_time, one row for each time; `rejects` has the columns
    line (counted from 1), reason and row (the raw line), sorted by line; `duplicates` counts the good rows
    that a later row of the same file with the same open_time replaced.
    """

    candles: pl.DataFrame
    rejects: pl.DataFrame
    duplicates: int


def time_range(name: str) -> tuple[datetime, datetime]:
    """The first moment of the year, month or day in a file's name, and the first moment after it.

    A name without one, or with one that is no date, gives the bounds of any sane candle.
    """
    match = _RANGE.search(name)
    if match is None:
        return EARLIEST, LATEST
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        start = datetime(year or 0, month or 1, day or 1, tzinfo=UTC)
        if day:
            return start, start + timedelta(days=1)
        if month:
            return start, start + timedelta(days=calendar.monthrange(start.year, month)[1])
        return start, start.replace(year=start.year + 1)
    except (ValueError, OverflowError):
        return EARLIEST, LATEST


def widest_first(name: str) -> tuple[float, str]:
    """The order of files: of two with the same candle, the one of the narrower range comes last, and wins."""
    start, end = time_range(name)
    return -(end - start).total_seconds(), name


def parse(content: bytes, name: str) -> ParsedFile:
    """Split a raw file into good rows and bad ones; no content makes it raise.

    `name` is the file's name: the year, month or day in it bounds the times that are good.
    """
    rows = _numbered_rows(content)
    if rows.is_empty():
        return ParsedFile(pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=REJECT_SCHEMA), 0)
    columns, rows = _columns(rows)
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        rejects = rows.with_columns(reason=pl.lit(f"the header has no column {missing[0]}"))
        return ParsedFile(pl.DataFrame(schema=SCHEMA), rejects.select(*REJECT_SCHEMA), 0)
    judged = _judge(_typed(rows, columns), columns, time_range(name))
    good = judged.filter(pl.col("reason").is_null())
    candles = latest(good.select(_silver(columns)))
    rejects = judged.filter(pl.col("reason").is_not_null()).select(*REJECT_SCHEMA)
    return ParsedFile(candles, rejects, good.height - candles.height)


def latest(candles: pl.DataFrame) -> pl.DataFrame:
    """One candle for each open_time, the last in the order given, sorted by open_time."""
    return candles.unique(subset="open_time", keep="last", maintain_order=True).sort("open_time")


def _numbered_rows(content: bytes) -> pl.DataFrame:
    """The lines that are not blank, with the numbers that an editor shows."""
    lines = content.decode("utf-8", errors="replace").removeprefix("\ufeff").split("\n")
    rows = pl.DataFrame({"row": lines}, schema={"row": pl.String()}).with_row_index("line", offset=1)
    return rows.with_columns(
        line=pl.col("line").cast(pl.Int64), row=pl.col("row").str.strip_suffix("\r")
    ).filter(pl.col("row").str.strip_chars() != "")


def _columns(rows: pl.DataFrame) -> tuple[tuple[str, ...], pl.DataFrame]:
    """The names of the columns, and the rows without the header."""
    first = [field.strip(' "').lower() for field in rows["row"][0].split(",")]
    if "open_time" in first:
        return tuple(first), rows.slice(1)
    return KLINE_COLUMNS, rows


def _typed(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Each row with its fields as numbers, null where a field is none, and with how many fields it has."""
    fields = rows.with_columns(fields=pl.col("row").str.split(",")).with_columns(
        width=pl.col("fields").list.len()
    )
    texts = {
        name: pl.col("fields").list.get(index, null_on_oob=True).str.strip_chars(' "')
        for index, name in enumerate(columns)
        if name in (*REQUIRED, *AMOUNTS)
    }
    numbers = {
        name: text.cast(pl.Int64 if name in ("open_time", "count") else pl.Float64, strict=False)
        for name, text in texts.items()
    }
    return fields.with_columns(**numbers).drop("fields")


def _judge(rows: pl.DataFrame, columns: tuple[str, ...], within: tuple[datetime, datetime]) -> pl.DataFrame:
    """Add `reason`, null for a good row, and turn open_time into a time."""
    amounts = [name for name in AMOUNTS if name in columns]
    real = [name for name in (*PRICES, *amounts) if name != "count"]
    earliest, latest_ms = _milliseconds(EARLIEST), _milliseconds(LATEST)
    raw = pl.col("open_time")
    rows = rows.with_columns(
        time=pl.when(raw.is_between(earliest, latest_ms, closed="left"))
        .then(raw * 1000)
        .when(raw.is_between(earliest * 1000, latest_ms * 1000, closed="left"))
        .then(raw)
        .cast(pl.Datetime("us", "UTC"))
    )
    start, end = within
    checks: list[tuple[pl.Expr, pl.Expr]] = [
        (pl.col("width") != len(columns), pl.format(f"{{}} columns, expected {len(columns)}", "width")),
        *(
            (pl.col(name).is_null(), pl.lit(f"{name} is not a number"))
            for name in ("open_time", *PRICES, *amounts)
        ),
        *((~pl.col(name).is_finite(), pl.lit(f"{name} is not finite")) for name in real),
        *((pl.col(name) < 0, pl.lit(f"{name} is negative")) for name in (*PRICES, *amounts)),
        *((pl.col(name) == 0, pl.lit(f"{name} is zero")) for name in PRICES),
        (pl.col("high") < pl.col("low"), pl.lit("high is below low")),
        *(
            (~pl.col(name).is_between("low", "high"), pl.lit(f"{name} is outside low to high"))
            for name in ("open", "close")
        ),
        (pl.col("time").is_null(), pl.lit("open_time is no time from 2009 to 2099 in ms or us")),
        (
            ~pl.col("time").is_between(start, end, closed="left"),
            pl.lit(f"open_time is outside {start:%Y-%m-%d} to {end - timedelta(days=1):%Y-%m-%d}"),
        ),
    ]
    return rows.with_columns(
        reason=pl.coalesce(pl.when(wrong).then(reason) for wrong, reason in checks),
        open_time=pl.col("time"),
    )


def _silver(columns: tuple[str, ...]) -> list[pl.Expr]:
    """SCHEMA's columns, null where the file has no such column."""
    return [
        (pl.col(name) if name in columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in SCHEMA.items()
    ]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
