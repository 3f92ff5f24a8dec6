"""Files of made-up candles, and the daily candles that they have to become, computed with no dataframe."""

from __future__ import annotations

import datetime as dt
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HEADER = "open_time,open,high,low,close,volume,quote_volume"
HOUR_MS = 3_600_000
YEAR = 2021
HOURS = 8_760
VOLATILITY_DAYS = 7


@dataclass(frozen=True)
class Candle:
    """One hour: `day` is of UTC."""

    time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float

    @property
    def day(self) -> dt.date:
        return dt.datetime.fromtimestamp(self.time_ms / 1000, dt.UTC).date()

    def row(self) -> str:
        values = (self.open, self.high, self.low, self.close, self.volume, self.quote_volume)
        return f"{self.time_ms},{','.join(map(repr, values))}"


def walk(seed: int) -> list[Candle]:
    """The 8,760 hours of 2021, as a random walk."""
    draw = random.Random(seed)  # noqa: S311  a sample, no secret
    start = int(dt.datetime(YEAR, 1, 1, tzinfo=dt.UTC).timestamp() * 1000)
    candles, price = [], 1000.0
    for hour in range(HOURS):
        opened, price = price, round(price * (1 + draw.uniform(-0.02, 0.02)), 2)
        high = round(max(opened, price) * (1 + draw.uniform(0, 0.01)), 2)
        low = round(min(opened, price) * (1 - draw.uniform(0, 0.01)), 2)
        volume = 0.0 if 24 <= hour < 48 else round(draw.uniform(1, 500), 5)  # nothing was traded on a day
        quote = round(volume * (opened + price) / 2, 5)
        candles.append(Candle(start + hour * HOUR_MS, opened, high, low, price, volume, quote))
    return candles


def write(file: Path, rows: list[str]) -> Path:
    """A CSV with a header."""
    file.write_text("\n".join([HEADER, *rows, ""]))
    return file


@dataclass(frozen=True)
class Day:
    """A daily candle; None where a value is not known."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    vwap: float | None
    daily_return: float | None
    volatility: float | None
    candles: int


def days(candles: list[Candle]) -> dict[dt.date, Day]:
    """The daily candles of hourly ones; no calendar day may be missing between the first and the last."""
    grouped: dict[dt.date, list[Candle]] = {}
    for candle in candles:
        grouped.setdefault(candle.day, []).append(candle)
    made: dict[dt.date, Day] = {}
    returns: list[float] = []
    for day, hours in sorted(grouped.items()):
        before = made.get(day - dt.timedelta(days=1))
        change = hours[-1].close / before.close - 1 if before else None
        returns += [] if change is None else [change]
        volume = sum(hour.volume for hour in hours)
        made[day] = Day(
            hours[0].open,
            max(hour.high for hour in hours),
            min(hour.low for hour in hours),
            hours[-1].close,
            volume,
            sum(hour.quote_volume for hour in hours) / volume if volume else None,
            change,
            statistics.stdev(returns[-VOLATILITY_DAYS:]) if len(returns) >= VOLATILITY_DAYS else None,
            len(hours),
        )
    return made


Breakage = Callable[[list[str]], list[str]]
# What is done to a good row's fields (open_time, open, high, low, close, volume, quote_volume), and the
# words that the reason has to begin with.
BREAKAGES: tuple[tuple[Breakage, str], ...] = (
    (lambda row: row[:6], "6 columns"),
    (lambda row: [*row, "1"], "8 columns"),
    (lambda _: ["no candle"], "1 columns"),
    (lambda row: ["then", *row[1:]], "open_time is not a number"),
    (lambda row: ["", *row[1:]], "open_time is not a number"),
    (lambda row: ["12", *row[1:]], "open_time is no time"),
    (lambda row: [str(int(row[0]) // 1000), *row[1:]], "open_time is no time"),
    (lambda row: [str(int(row[0]) + 366 * 24 * HOUR_MS), *row[1:]], "open_time is outside"),
    (lambda row: [row[0], "much", *row[2:]], "open is not a number"),
    (lambda row: [*row[:2], "", *row[3:]], "high is not a number"),
    (lambda row: [*row[:3], "NaN", *row[4:]], "low is not finite"),
    (lambda row: [*row[:4], "inf", *row[5:]], "close is not finite"),
    (lambda row: [*row[:5], "-1", row[6]], "volume is negative"),
    (lambda row: [*row[:6], "-0.5"], "quote_volume is negative"),
    (lambda row: [*row[:6], "some"], "quote_volume is not a number"),
    (lambda row: [row[0], "-5", *row[2:]], "open is negative"),
    (lambda row: [*row[:3], "0", *row[4:]], "low is zero"),
    (lambda row: [*row[:2], row[3], row[2], *row[4:]], "high is below low"),
    (lambda row: [row[0], str(float(row[2]) + 1), *row[2:]], "open is outside"),
    (lambda row: [*row[:4], str(float(row[3]) - 1), *row[5:]], "close is outside"),
)


def broken(candles: list[Candle]) -> tuple[list[str], list[Candle], list[tuple[int, str]]]:
    """The rows of a file with one bad row of each kind; its good candles; (line, reason) of the bad ones."""
    chosen = {100 + 400 * number: breakage for number, breakage in enumerate(BREAKAGES)}
    rows, good, bad = [], [], []
    for index, candle in enumerate(candles):
        if index in chosen:
            spoil, reason = chosen[index]
            rows.append(",".join(spoil(candle.row().split(","))))
            bad.append((index + 2, reason))  # lines count from 1, and the first is the header
        else:
            rows.append(candle.row())
            good.append(candle)
    return rows, good, bad
