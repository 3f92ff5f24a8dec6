"""The default sample is the same bytes everywhere, and good candles."""

from __future__ import annotations

import datetime as dt
import hashlib

from candles import KLINE_COLUMNS, parse, widest_first

from devenv.lake import sample
from devenv.lake.spec import LakeSpec, SampleSpec


def test_the_sample_is_the_same_bytes_everywhere(spec: LakeSpec) -> None:
    digests = {
        month.name: hashlib.sha256(sample.content(month)).hexdigest()[:12]
        for month in sample.months(spec.sample)
    }
    assert digests == {
        "BTCUSDT-1h-2024-01-sample.csv": "e37392bc4fd8",
        "ETHUSDT-1h-2024-01-sample.csv": "82c1e033e61d",
    }


def test_the_sample_has_no_bad_row(spec: LakeSpec) -> None:
    for month in sample.months(spec.sample):
        raw = sample.content(month)
        assert raw.splitlines()[0].decode() == ",".join(KLINE_COLUMNS)
        parsed = parse(raw, month.name)
        assert (parsed.candles.height, parsed.rejects.height, parsed.duplicates) == (744, 0, 0)


def test_a_longer_sample_is_cut_at_the_months_and_goes_on_where_it_was() -> None:
    months = sample.months(SampleSpec(("BTCUSDT",), "1h", dt.date(2024, 1, 30), 33))
    assert [(month.name, month.first.day, month.last.day) for month in months] == [
        ("BTCUSDT-1h-2024-01-sample.csv", 30, 31),
        ("BTCUSDT-1h-2024-02-sample.csv", 1, 29),
        ("BTCUSDT-1h-2024-03-sample.csv", 1, 2),
    ]
    january, february = (parse(sample.content(month), month.name).candles for month in months[:2])
    assert february["open"][0] == january["close"][-1]


def test_an_unknown_symbol_has_a_sample_of_its_own() -> None:
    one, other = sample.months(SampleSpec(("AAAUSDT", "BBBUSDT"), "1d", dt.date(2024, 1, 1), 3))
    assert sample.content(one) != sample.content(other)
    assert parse(sample.content(one), one.name).candles.height == 3


def test_the_sample_gives_way_to_real_candles(spec: LakeSpec) -> None:
    (month, *_) = sample.months(spec.sample)
    for real in ("BTCUSDT-1h-2024.csv", "BTCUSDT-1h-2024-01.csv", "BTCUSDT-1h-all.csv", "candles.csv"):
        assert sorted((real, month.name), key=widest_first) == [month.name, real]
