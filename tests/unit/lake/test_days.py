"""Daily candles add up, and are the same bits whatever the order and the number of cores."""

from __future__ import annotations

import statistics
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from candles import SCHEMA
from days import daily
from parquet import by_month, by_year

START = datetime(2024, 1, 1, tzinfo=UTC)


def candles(hours: list[tuple[int, float]], quote_volume: float | None = 20.0) -> pl.DataFrame:
    """One candle for each (hour since START, price)."""
    rows: list[dict[str, Any]] = [
        {
            "open_time": START + timedelta(hours=hour),
            "open": price,
            "high": price + 1,
            "low": price - 1,
            "close": price + 0.5,
            "volume": 2.0,
            "quote_volume": quote_volume,
        }
        for hour, price in hours
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def test_a_day_is_made_of_its_hours() -> None:
    days = daily([(3600, candles([(0, 10), (5, 30), (23, 20), (24, 40)]))], 2)
    assert days.row(0) == (date(2024, 1, 1), 10, 31, 9, 20.5, 6, 60, 10, None, None, 3)
    assert days["daily_return"][1] == 40.5 / 20.5 - 1


def test_without_a_quote_volume_in_every_candle_there_is_no_vwap() -> None:
    mixed = pl.concat([candles([(0, 10)]), candles([(1, 10)], quote_volume=None)])
    assert daily([(3600, mixed)], 2).select("quote_volume", "vwap").row(0) == (None, None)


def test_a_day_without_trades_has_no_vwap() -> None:
    still = candles([(0, 10)], quote_volume=0.0).with_columns(volume=pl.lit(0.0))
    assert daily([(3600, still)], 2)["vwap"].to_list() == [None]


def test_volatility_is_the_deviation_of_the_last_returns() -> None:
    prices = [10.0, 11.0, 9.0, 12.0, 12.5]
    days = daily([(3600, candles([(24 * day, price) for day, price in enumerate(prices)]))], 3)
    returns = days["daily_return"].to_list()
    assert days["volatility"].to_list()[:3] == [None, None, None]
    assert days["volatility"][4] == pytest.approx(statistics.stdev(returns[2:]), rel=1e-12)


def test_a_missing_day_leaves_a_gap_not_a_wrong_return() -> None:
    days = daily([(3600, candles([(0, 10), (48, 20), (72, 30)]))], 2)
    assert days["day"].to_list() == [date(2024, 1, 1), date(2024, 1, 3), date(2024, 1, 4)]
    assert days["daily_return"].to_list() == [None, None, 30.5 / 20.5 - 1]
    assert days["volatility"].to_list() == [None, None, None]


def test_the_shortest_candles_that_cover_a_day_make_it() -> None:
    hourly, whole_days = candles([(hour, 10) for hour in range(24)]), candles([(0, 50), (24, 60)])
    days = daily([(86_400, whole_days), (3600, hourly)], 2)
    assert days["candles"].to_list() == [24, 1]
    assert days["open"].to_list() == [10, 60]


def test_a_stray_short_candle_does_not_stand_for_a_day() -> None:
    hourly = candles([(hour, 10) for hour in range(48)])
    minutes = candles([(24, 99)])  # the end of a download, included
    days = daily([(3600, hourly), (60, minutes)], 2)
    assert days["candles"].to_list() == [24, 24]
    assert days["open"].to_list() == [10, 10]


def test_candles_longer_than_a_day_make_none() -> None:
    assert daily([(7 * 86_400, candles([(0, 10)]))], 2).is_empty()
    assert daily([], 2).is_empty()


def test_files_are_split_by_month_and_by_year_and_the_same_bytes_each_time() -> None:
    hours = candles([(hour, 10 + hour % 7) for hour in range(0, 24 * 400, 5)])
    months, years = by_month(hours, "a"), by_year(daily([(3600, hours)], 7), "b")
    assert list(months)[:2] == [
        "a/year=2024/month=01/candles.parquet",
        "a/year=2024/month=02/candles.parquet",
    ]
    assert list(years) == ["b/year=2024/candles.parquet", "b/year=2025/candles.parquet"]
    pieces = pl.concat([hours[:100], hours[100:1000], hours[1000:]], rechunk=False)
    assert by_month(pieces, "a") == months
    assert by_year(daily([(3600, hours[1000:]), (3600, hours[:1000])], 7), "b") == years
