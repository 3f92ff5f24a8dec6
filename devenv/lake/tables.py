"""Applies seed/sql, and tells what the tables hold."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg import Connection, sql

from devenv.lake.connection import LakeConnection, database
from devenv.lake.spec import LakeSpec, TableSpec

TableState = list[int | str | None]  # how many rows, and a digest of them that no order changes


def apply_tables(lake: LakeConnection, spec: LakeSpec) -> list[str]:
    """Apply every file of the schema in one transaction; gives which tables were made, a line each."""
    with database(lake) as connection:
        missing = [table.name for table in spec.tables if not _exists(connection, table)]
        for path in sorted(spec.sql.glob("*.sql")):
            connection.execute(path.read_bytes())
    return [f"table {name} made" for name in missing]


def table_states(lake: LakeConnection, tables: Sequence[TableSpec]) -> dict[str, TableState]:
    """What each declared table holds, by name; a table that is not there is left out."""
    states: dict[str, TableState] = {}
    with database(lake) as connection:
        for table in tables:
            if not _exists(connection, table):
                continue
            query = sql.SQL("SELECT count(*), sum(hashtextextended(stored::text, 0))::text FROM {} AS stored")
            row = connection.execute(query.format(sql.Identifier(*table.name.split(".")))).fetchone()
            states[table.name] = list(row or ())
    return states


def gold_days(lake: LakeConnection, spans: Sequence[tuple[str, str, str]]) -> int:
    """How many daily candles there are in spans of (symbol, first day, last day), each counted once."""
    query = """
        SELECT count(DISTINCT (stored.symbol, stored.day))
        FROM lakehouse.daily_candles AS stored
        JOIN unnest(%s::text[], %s::date[], %s::date[]) AS span (symbol, first, last)
        ON stored.symbol = span.symbol AND stored.day BETWEEN span.first AND span.last
    """
    with database(lake) as connection:
        row = connection.execute(query, [list(column) for column in zip(*spans, strict=True)]).fetchone()
    return int(row[0]) if row else 0


def _exists(connection: Connection, table: TableSpec) -> bool:
    row = connection.execute("SELECT to_regclass(%s)", (table.name,)).fetchone()
    return bool(row and row[0])
