"""Writes daily candles into Postgres: the rows that differ, and no others.

LAKEHOUSE_DATABASE_URL, in the worker's environment, says where.
"""

from __future__ import annotations

import os

import polars as pl
import psycopg
from days import SCHEMA

COLUMNS = ("symbol", *SCHEMA)

_STORED = """
    SELECT symbol, count(*), sum(hashtextextended(stored::text, 0))::text
    FROM lakehouse.daily_candles AS stored
    GROUP BY symbol
"""
_LIST = ", ".join(COLUMNS)
_DELETE = """
    DELETE FROM lakehouse.daily_candles AS stored
    WHERE stored.symbol = %s AND NOT EXISTS (SELECT FROM incoming WHERE incoming.day = stored.day)
"""
_UPSERT = f"""
    INSERT INTO lakehouse.daily_candles AS stored ({_LIST})
    SELECT {_LIST} FROM incoming
    ON CONFLICT (symbol, day) DO UPDATE
    SET ({", ".join(SCHEMA)}) = ({", ".join(f"excluded.{name}" for name in SCHEMA)})
    WHERE ({", ".join(f"stored.{name}" for name in SCHEMA)})
        IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in SCHEMA)})
"""  # noqa: S608  names of columns, all from this file

StoredRows = list[int | str]  # how many, and a digest of them that no order changes


def stored_rows() -> dict[str, StoredRows]:
    """What the table holds of each symbol."""
    with _connect() as connection:
        return {symbol: [count, digest] for symbol, count, digest in connection.execute(_STORED)}


def store(symbol: str, days: pl.DataFrame) -> tuple[int, StoredRows | None]:
    """Make a symbol's rows the given ones; gives how many changed, and what the table holds of it now."""
    with _connect() as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('lakehouse.daily_candles'))")
        connection.execute("CREATE TEMPORARY TABLE incoming (LIKE lakehouse.daily_candles) ON COMMIT DROP")
        with connection.cursor() as cursor, cursor.copy(f"COPY incoming ({_LIST}) FROM STDIN") as copy:
            for row in days.select(*SCHEMA).iter_rows():
                copy.write_row((symbol, *row))
        changed = connection.execute(_DELETE, (symbol,)).rowcount
        changed += connection.execute(_UPSERT).rowcount
        stored = {name: [count, digest] for name, count, digest in connection.execute(_STORED)}
        return changed, stored.get(symbol)


def _connect() -> psycopg.Connection:
    return psycopg.connect(os.environ["LAKEHOUSE_DATABASE_URL"], connect_timeout=10)
