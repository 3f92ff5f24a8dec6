"""Writes frames as Parquet, in a file for each month or year; the same frame gives the same bytes."""

from __future__ import annotations

import io

import polars as pl


def by_month(candles: pl.DataFrame, prefix: str) -> dict[str, bytes]:
    """The Parquet file of each month, by key below a prefix; the rows are sorted by open_time."""
    months = candles.with_columns(
        year=pl.col("open_time").dt.year(), month=pl.col("open_time").dt.month()
    ).partition_by("year", "month", as_dict=True, include_key=False, maintain_order=True)
    return {
        f"{prefix}/year={year}/month={month:02}/candles.parquet": _encoded(frame)
        for (year, month), frame in months.items()
    }


def by_year(days: pl.DataFrame, prefix: str) -> dict[str, bytes]:
    """The Parquet file of each year, by key below a prefix; the rows are sorted by day."""
    years = days.with_columns(year=pl.col("day").dt.year()).partition_by(
        "year", as_dict=True, include_key=False, maintain_order=True
    )
    return {f"{prefix}/year={year}/candles.parquet": _encoded(frame) for (year,), frame in years.items()}


def _encoded(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.rechunk().write_parquet(content, compression="zstd", statistics=True)
    return content.getvalue()
