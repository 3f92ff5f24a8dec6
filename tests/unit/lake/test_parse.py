"""A raw file gives its good rows, and each bad row with its line and a reason; nothing makes it fail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from candles import EARLIEST, LATEST, parse, time_range
from hypothesis import given
from hypothesis import strategies as st

HEADER = "open_time,open,high,low,close,volume"
HOUR_MS = 3_600_000
JANUARY_MS = 1_609_459_200_000  # 2021-01-01
GOOD = f"{JANUARY_MS},10,12,9,11,5"


def rejects(*rows: str, name: str = "BTCUSDT-1h-2021.csv") -> list[tuple[int, str]]:
    parsed = parse("\n".join((HEADER, *rows)).encode(), name)
    return list(parsed.rejects.select("line", "reason").iter_rows())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{JANUARY_MS},10,12,9,11", "5 columns, expected 6"),
        (f"{JANUARY_MS},10,12,9,11,5,6", "7 columns, expected 6"),
        ("garbage", "1 columns, expected 6"),
        (f"{JANUARY_MS},ten,12,9,11,5", "open is not a number"),
        (f"{JANUARY_MS},10,12,9,,5", "close is not a number"),
        (f"{JANUARY_MS}.5,10,12,9,11,5", "open_time is not a number"),
        (f"{JANUARY_MS},10,12,9,11,NaN", "volume is not finite"),
        (f"{JANUARY_MS},10,inf,9,11,5", "high is not finite"),
        (f"{JANUARY_MS},10,1e999,9,11,5", "high is not finite"),
        (f"{JANUARY_MS},10,12,-9,11,5", "low is negative"),
        (f"{JANUARY_MS},10,12,9,11,-5", "volume is negative"),
        (f"{JANUARY_MS},0,0,0,0,0", "open is zero"),
        (f"{JANUARY_MS},10,9,12,11,5", "high is below low"),
        (f"{JANUARY_MS},8,12,9,11,5", "open is outside low to high"),
        (f"{JANUARY_MS},10,12,9,13,5", "close is outside low to high"),
        (f"{JANUARY_MS // 1000},10,12,9,11,5", "open_time is no time from 2009 to 2099 in ms or us"),
        (f"{JANUARY_MS - 1},10,12,9,11,5", "open_time is outside 2021-01-01 to 2021-12-31"),
        ("1640995200000,10,12,9,11,5", "open_time is outside 2021-01-01 to 2021-12-31"),
    ],
)
def test_a_bad_row_is_put_aside_with_its_line_and_a_reason(row: str, reason: str) -> None:
    assert rejects(GOOD, row) == [(3, reason)]


def test_lines_are_counted_as_an_editor_does() -> None:
    assert [line for line, _ in rejects("", GOOD, "bad", " ", "bad")] == [4, 6]


def test_a_bad_row_keeps_its_raw_text() -> None:
    parsed = parse(f'{HEADER}\r\n"x", y ,é\r\n'.encode(), "x.csv")
    assert parsed.rejects["row"].to_list() == ['"x", y ,é']


def test_windows_line_ends_byte_order_mark_and_blank_lines_do_not_matter() -> None:
    parsed = parse(f"\ufeff{HEADER}\r\n\r\n{GOOD}\r\n\r\n".encode(), "BTCUSDT-1h-2021.csv")
    assert (parsed.candles.height, parsed.rejects.height) == (1, 0)


def test_of_the_rows_with_one_time_the_last_good_one_wins() -> None:
    rows = (GOOD, f"{JANUARY_MS},10,12,9,12,7", f"{JANUARY_MS},10,12,9,99,8")
    parsed = parse("\n".join((HEADER, *rows)).encode(), "BTCUSDT-1h-2021.csv")
    assert parsed.candles["volume"].to_list() == [7]
    assert (parsed.duplicates, parsed.rejects.height) == (1, 1)


def test_microseconds_and_milliseconds_are_told_apart() -> None:
    parsed = parse(f"{HEADER}\n{GOOD}\n{(JANUARY_MS + HOUR_MS) * 1000},1,2,1,2,3".encode(), "a.csv")
    assert parsed.candles["open_time"].to_list() == [
        datetime(2021, 1, 1, hour, tzinfo=UTC) for hour in (0, 1)
    ]


@pytest.mark.parametrize("header", ["", "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
                                    "taker_buy_volume,taker_buy_quote_volume,ignore\n"])  # fmt: skip
def test_binances_twelve_columns_are_read_with_and_without_a_header(header: str) -> None:
    row = f"{JANUARY_MS},10,12,9,11,5,{JANUARY_MS + HOUR_MS - 1},55.5,7,2,22.2,0"
    parsed = parse((header + row).encode(), "BTCUSDT-1h-2021-01.csv")
    assert parsed.rejects.is_empty()
    assert parsed.candles.row(0)[1:] == (10, 12, 9, 11, 5, 55.5, 7, 2, 22.2)


def test_a_header_may_name_the_columns_in_any_order() -> None:
    parsed = parse(f"volume,close,low,high,open,open_time\n5,11,9,12,10,{JANUARY_MS}".encode(), "a.csv")
    assert parsed.candles.row(0)[1:6] == (10, 12, 9, 11, 5)


def test_a_header_without_a_needed_column_makes_every_row_bad() -> None:
    parsed = parse(b"open_time,open\n1,2\n3,4", "a.csv")
    assert parsed.rejects["reason"].to_list() == ["the header has no column high"] * 2


@pytest.mark.parametrize("content", [b"", b"\n\r\n", b"\xef\xbb\xbf", HEADER.encode()])
def test_a_file_without_rows_is_empty_not_wrong(content: bytes) -> None:
    parsed = parse(content, "a.csv")
    assert parsed.candles.is_empty()
    assert parsed.rejects.is_empty()


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("BTCUSDT-1h-2021.csv", datetime(2021, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)),
        ("BTCUSDT-1h-2021-12.csv", datetime(2021, 12, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)),
        ("BTCUSDT-1d-2020-02-29.csv", datetime(2020, 2, 29, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC)),
        ("BTCUSDT-1h-2021-13.csv", EARLIEST, LATEST),
        ("BTCUSDT-1h-9999.csv", EARLIEST, LATEST),
        ("BTCUSDT-1h.csv", EARLIEST, LATEST),
        ("a/b=c/BTCUSDT-1h-2021-03.csv", datetime(2021, 3, 1, tzinfo=UTC), datetime(2021, 4, 1, tzinfo=UTC)),
    ],
)
def test_the_range_of_a_file_is_in_its_name(name: str, start: datetime, end: datetime) -> None:
    assert time_range(name) == (start, end)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_parser_fail(content: bytes) -> None:
    parse(content, "BTCUSDT-1h-2021.csv")


@given(st.lists(st.sampled_from(("good", "bad", "blank")), max_size=40))
def test_every_row_is_either_loaded_replaced_or_put_aside(kinds: list[str]) -> None:
    texts = {"good": GOOD, "bad": "bad", "blank": ""}
    parsed = parse("\n".join((HEADER, *(texts[kind] for kind in kinds))).encode(), "a.csv")
    assert parsed.candles.height + parsed.duplicates == kinds.count("good")
    assert parsed.rejects["line"].to_list() == [n for n, kind in enumerate(kinds, 2) if kind == "bad"]


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(1, 1e6)), max_size=40))
def test_what_is_loaded_is_sorted_unique_and_exact(rows: list[tuple[int, float]]) -> None:
    lines = [
        f"{JANUARY_MS + hour * HOUR_MS},{price!r},{price!r},{price!r},{price!r},1" for hour, price in rows
    ]
    candles = parse("\n".join((HEADER, *lines)).encode(), "a.csv").candles
    times = [int(moment.timestamp() * 1000 - JANUARY_MS) // HOUR_MS for moment in candles["open_time"]]
    assert dict(zip(times, candles["close"].to_list(), strict=True)) == dict(sorted(dict(rows).items()))
    assert times == sorted(set(times))
