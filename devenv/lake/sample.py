"""Makes the default sample: candles of a seeded random walk, the same bytes on every machine and Python."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

from devenv.lake.spec import INTERVALS, SampleSpec

VERSION = 1  # raise it when the bytes change
_FIRST_PRICE_CENTS = {"BTCUSDT": 4_228_358, "ETHUSDT": 228_201}


@dataclass(frozen=True)
class SampleMonth:
    """The part of one symbol's sample that lies in one month: `first` to `last` are days, both included."""

    symbol: str
    interval: str
    start: dt.date  # of the whole walk
    first: dt.date
    last: dt.date

    @property
    def name(self) -> str:
        """The file's name, such as BTCUSDT-1h-2024-01-sample.csv: no archive of real candles is called that,
        and as it tells no range of time, it gives way to any file that has the same candles."""
        return f"{self.symbol}-{self.interval}-{self.first:%Y-%m}-sample.csv"


def months(sample: SampleSpec) -> tuple[SampleMonth, ...]:
    """The files of a sample, by symbol and month."""
    end = sample.start + dt.timedelta(days=sample.days)
    found = []
    for symbol in sample.symbols:
        first = sample.start
        while first < end:
            following = (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
            last = min(following, end) - dt.timedelta(days=1)
            found.append(SampleMonth(symbol, sample.interval, sample.start, first, last))
            first = following
    return tuple(found)


def content(month: SampleMonth) -> bytes:
    """The file: Binance's 12 columns with a header, times in milliseconds UTC.

    Only whole numbers are drawn and computed with: what floating point would round, platforms may round
    differently.
    """
    header = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore"
    )
    first, end = _ms(month.first), _ms(month.last + dt.timedelta(days=1))
    rows = [row for open_time, row in _walk(month, end) if open_time >= first]
    return "\n".join((header, *rows, "")).encode()


def _walk(month: SampleMonth, end_ms: int) -> Iterator[tuple[int, str]]:
    """The candles from the start of the sample, so that each month begins where the one before ended."""
    seed = int.from_bytes(hashlib.sha256(f"{month.symbol}:{month.interval}:{VERSION}".encode()).digest())
    draw = random.Random(seed)  # noqa: S311  a sample, no secret; random() is stable across versions

    def below(limit: int) -> int:
        return int(draw.random() * (1 << 32)) * limit >> 32

    step_ms = INTERVALS[month.interval] * 1000
    price = _FIRST_PRICE_CENTS.get(month.symbol, 1_000 + below(1_000_000))
    for open_time in range(_ms(month.start), end_ms, step_ms):
        opened, spread = price, max(price // 250, 2)
        price = max(price + sum(below(2 * spread + 1) - spread for _ in range(3)), 100)
        high = max(opened, price) + below(spread)
        low = max(min(opened, price) - below(spread), 1)
        volume = 1_000_000 + below(400_000_000)  # in units of 0.00001
        bought = volume * (40 + below(21)) // 100
        average = (opened + price + high + low) // 4
        yield (
            open_time,
            ",".join(
                (
                    str(open_time),
                    *(_decimal(value, 2) for value in (opened, high, low, price)),
                    _decimal(volume, 5),
                    str(open_time + step_ms - 1),
                    _decimal(volume * average, 7),
                    str(1_000 + below(50_000)),
                    _decimal(bought, 5),
                    _decimal(bought * average, 7),
                    "0",
                )
            ),
        )


def _decimal(value: int, places: int) -> str:
    whole, part = divmod(value, 10**places)
    return f"{whole}.{part:0{places}}"


def _ms(day: dt.date) -> int:
    return (day - dt.date(1970, 1, 1)).days * 86_400_000
