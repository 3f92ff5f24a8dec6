"""Makes daily candles out of shorter ones."""

from __future__ import annotations

import polars as pl

DAY_S = 86_400
SCHEMA = {
    "day": pl.Date(),
    **dict.fromkeys(("open", "high", "low", "close", "volume"), pl.Float64()),
    **dict.fromkeys(("quote_volume", "vwap", "daily_return", "volatility"), pl.Float64()),
    "candles": pl.Int32(),
}


def daily(frames: list[tuple[int, pl.DataFrame]], volatility_days: int) -> pl.DataFrame:
    """Daily candles of one symbol out of its clean ones, sorted by day, with SCHEMA's columns.

    Each frame comes with the length of its candles in seconds. A day's candle is made of those of one length:
    the one that covers most of the day, and of two that cover the same the shorter. Candles longer than a day
    make none. Only arithmetic of a fixed order is used, so that the same candles give the same bits on any
    number of cores.
    """
    usable = [
        frame.select("open_time", *("open", "high", "low", "close", "volume", "quote_volume"), length=length)
        for length, frame in frames
        if length <= DAY_S
    ]
    if not usable:
        return pl.DataFrame(schema=SCHEMA)
    candles = pl.concat([frame.with_columns(pl.col("length").cast(pl.Int64)) for frame in usable]).sort(
        "open_time", "length"
    )
    day = pl.col("open_time").dt.date()
    covered = pl.len().over(day, "length") * pl.col("length")
    best = candles.filter(covered == covered.max().over(day))
    days = (
        best.filter(pl.col("length") == pl.col("length").min().over(day))
        .group_by_dynamic("open_time", every="1d")
        .agg(
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            pl.col("volume").sum(),
            pl.when(pl.col("quote_volume").is_not_null().all()).then(pl.col("quote_volume").sum()),
            candles=pl.len().cast(pl.Int32),
        )
        .with_columns(day=pl.col("open_time").dt.date())
        .with_columns(vwap=pl.when(pl.col("volume") > 0).then(pl.col("quote_volume") / pl.col("volume")))
    )
    return _with_returns(days, volatility_days).select(*SCHEMA)


def _with_returns(days: pl.DataFrame, volatility_days: int) -> pl.DataFrame:
    """Add the return on the calendar day before, and the volatility; null where a day is missing."""
    calendar = days.select(day=pl.date_range(pl.col("day").min(), pl.col("day").max(), "1d"))
    window = [pl.col("daily_return").shift(back) for back in range(volatility_days)]
    return (
        calendar.join(days, on="day", how="left", maintain_order="left")
        .with_columns(daily_return=pl.col("close") / pl.col("close").shift(1) - 1)
        .with_columns(
            volatility=pl.when(pl.all_horizontal(value.is_not_null() for value in window)).then(
                pl.concat_list(window).list.std()
            )
        )
        .filter(pl.col("close").is_not_null())
    )
