"""How the database behaves: text, times, numbers, errors, sessions, and transactions that conflict."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from devenv.parity.live.postgres_data import SCRATCH
from devenv.parity.live.postgres_sessions import connected, outcome, session, value
from devenv.parity.live.rendering import facts, text
from devenv.parity.observation import Check, Meaning, Observation, Target

_WORDS = (
    "b",
    "B",
    "a",
    "A",
    "Z",
    "z",
    "10",
    "9",
    "_",
    "a b",
    "ab",
    "\u00e4",
    "\u00c4",
    "\u00df",
    "ss",
    "\u00e9",
    "e",
    "\u4e2d",
)
_TEXT = {
    "order": "SELECT string_agg(w, ' ' ORDER BY w) FROM unnest(%s::text[]) AS w",
    "upper": "SELECT upper('straße äé \u0131')",
    "lower": "SELECT lower('ÄÉ İI')",
    "initcap": "SELECT initcap('äther über')",
    "case-blind": "SELECT 'Ä' ILIKE 'ä'",
    "letters": "SELECT 'ä' ~ '^[[:alpha:]]$'",
    "equal-forms": "SELECT U&'\\00e4' = U&'a\\0308'",
    "length": "SELECT length('äß中')",
    "bytes": "SELECT octet_length('äß中')",
    "digest": "SELECT md5('äß中')",
    "hash": "SELECT hashtextextended('BTCUSDT', 0)",
    "full-text": "SELECT to_tsvector('the candles of traded days')::text",
    "escape": "SELECT 'a\\b'",
}
_TIME = {
    "timestamptz": "SELECT timestamptz '2024-03-31 03:30:00+02'::text",
    "timestamp-is-in": "SELECT (timestamp '2024-07-01 12:00')::timestamptz::text",
    "date-order": "SELECT date '01/02/2024'::text",
    "interval": "SELECT (interval '1 month 36 hours')::text",
    "summer-time": "SELECT (timestamptz '2024-03-31 01:30Z' AT TIME ZONE 'Europe/Berlin')::text",
    "day-of": "SELECT date_trunc('day', timestamptz '2024-01-01 23:30-05')::text",
    "month-name": "SELECT to_char(date '2024-03-01', 'TMMonth TMDay')",
    "now-is-utc": "SELECT extract(timezone FROM now())::int",
}
_NUMBERS = {
    "float": "SELECT (0.1::float8 + 0.2::float8)::text",
    "float-4": "SELECT 0.1::float4::text",
    "round-half": "SELECT round(2.5::float8)::text || ' ' || round(2.5)::text",
    "money": "SELECT to_char(1234567.891, 'L9G999G999D99')",
    "bytea": "SELECT '\\x6465'::bytea::text",
    "stddev": "SELECT stddev_samp(x)::text FROM unnest(ARRAY[0.1, 0.7, 1.3, 2.2]::float8[]) AS x",
    "exp": "SELECT exp(1::float8)::text || ' ' || ln(10::float8)::text",
    "json": """SELECT '{"b": 1.10, "a": null}'::jsonb::text""",
}
_PREPARED = "devenv-parity"
_ERRORS = {
    "division-by-zero": "SELECT 1 / 0",
    "syntax": "SELEC 1",
    "no-such-table": "SELECT FROM missing",
    "no-such-column": "SELECT missing",
    "not-a-number": "SELECT 'x'::int",
    "not-a-date": "SELECT '2024-02-30'::date",
    "too-large": "SELECT 2147483648::int",
    "too-long": "CREATE TEMPORARY TABLE short (s varchar(1)); INSERT INTO short VALUES ('ab')",
    "null": "INSERT INTO lakehouse.daily_candles (symbol) VALUES (NULL)",
    "twice": "INSERT INTO lakehouse.daily_candles SELECT * FROM lakehouse.daily_candles LIMIT 1",
    "statement-timeout": "SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)",
    "prepared-transaction": f"PREPARE TRANSACTION '{_PREPARED}'",
    "bad-encoding": "SELECT convert_from('\\xff', 'UTF8')",
    "read-only": "SET TRANSACTION READ ONLY; CREATE TABLE devenv_parity_tried ()",
}
_AT_ONCE = 20


def _queries(target: Target) -> Iterator[Observation]:
    with session(target, "lakehouse") as connection:
        for topic, queries in {"text": _TEXT, "time": _TIME, "numbers": _NUMBERS}.items():
            found: dict[str, Any] = {}
            for name, query in queries.items():
                found[name] = value(connection, query, *([list(_WORDS)] if "%s" in query else []))
            yield from facts(f"postgres.behaviour.{topic}", found)
        _end_prepared(connection)
        try:
            failed = {name: outcome(connection, statement) for name, statement in _ERRORS.items()}
        finally:
            _end_prepared(connection)
        yield from facts("postgres.behaviour.error", failed)


def _end_prepared(connection: Any) -> None:
    """A transaction that could be prepared outlives its session, and a restart of the server."""
    if value(connection, "SELECT 1 FROM pg_prepared_xacts WHERE gid = %s", _PREPARED):
        connection.execute(f"ROLLBACK PREPARED '{_PREPARED}'")


def _sessions(target: Target) -> Iterator[Observation]:
    yield from facts(
        "postgres.session",
        {
            "wrong-password": connected(target, "lakehouse", password="wrong"),  # noqa: S106
            "unknown-role": connected(target, "nobody_of_this_name", password="wrong"),  # noqa: S106
            "unknown-database": connected(target, database="missing"),
            "replication": connected(target, "lakehouse", replication="database"),
            "tls": _tls(target),
        },
    )
    with ExitStack() as stack:
        sessions = [stack.enter_context(session(target, "lakehouse")) for _ in range(_AT_ONCE)]
        found = [value(one, "SELECT 1") for one in sessions]
        yield Observation("postgres.session.at-once", text(sum(found)))
        yield from facts(
            "postgres.session",
            {
                "encrypted": sessions[0].pgconn.ssl_in_use,
                "password-asked-for": sessions[0].pgconn.used_password,
            },
        )


def _tls(target: Target) -> str:
    import psycopg

    try:
        session(target, sslmode="require").close()
    except psycopg.OperationalError as error:
        return "refused" if "SSL" in str(error) else str(error)
    return "spoken"


def _conflicts(target: Target) -> Iterator[Observation]:
    """In a schema of its own, which is gone afterwards."""
    with session(target) as cleaner, session(target) as first, session(target) as second:
        cleaner.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE")
        try:
            cleaner.execute(f"CREATE SCHEMA {SCRATCH}")
            cleaner.execute(f"CREATE TABLE {SCRATCH}.counters AS SELECT 1 AS id, 0 AS count")
            for level in ("read committed", "repeatable read", "serializable"):
                found = _lost_update(first, second, level)
                yield from facts("postgres.behaviour.conflict", {level.replace(" ", "-"): found})
            yield from facts(
                "postgres.behaviour.conflict",
                {"no-wait": _no_wait(first, second), "deadlock": _deadlock(first, second)},
            )
        finally:
            for one in (first, second):
                one.rollback()
            cleaner.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE")


_COUNT = f"UPDATE {SCRATCH}.counters SET count = count + 1"  # noqa: S608


def _lost_update(first: Any, second: Any, level: str) -> str:
    """What comes of an update in a transaction that began before another one changed the row."""
    second.execute(f"BEGIN ISOLATION LEVEL {level}")
    second.execute(f"SELECT FROM {SCRATCH}.counters")
    first.execute(_COUNT)
    found = outcome(second, _COUNT)
    second.execute("ROLLBACK")
    return found


def _no_wait(first: Any, second: Any) -> str:
    first.execute("BEGIN")
    first.execute(_COUNT)
    found = outcome(second, f"SELECT FROM {SCRATCH}.counters FOR UPDATE NOWAIT")
    first.execute("ROLLBACK")
    return found


def _deadlock(first: Any, second: Any) -> list[str]:
    """Two sessions wait for each other's lock: what comes of both."""
    keys = (7_368_431, 7_368_432)
    for one, key in zip((first, second), keys, strict=True):
        one.execute("BEGIN")
        one.execute("SET LOCAL deadlock_timeout = '20ms'")
        one.execute(f"SELECT pg_advisory_xact_lock({key})")
    found: list[str] = []

    def wait() -> None:
        found.append(outcome(second, f"SELECT pg_advisory_xact_lock({keys[0]})"))
        second.execute("ROLLBACK")

    other = threading.Thread(target=wait)
    other.start()
    found.append(outcome(first, f"SELECT pg_advisory_xact_lock({keys[1]})"))
    first.execute("ROLLBACK")
    other.join()
    return sorted(found)


CHECKS = (
    Check("postgres queries", "postgres", _queries),
    Check("postgres sessions", "postgres", _sessions),
    Check("postgres conflicts", "postgres", _conflicts),
)

_SOURCE = "compose.yaml"


def _behaviour(topic: str, what: str, why: str) -> Meaning:
    return Meaning(f"postgres.behaviour.{topic}.{{case}}", what, why, _SOURCE)


MEANINGS = (
    _behaviour(
        "text",
        "how text is sorted, compared, and turned to upper and lower case",
        "another locale sorts otherwise, and breaks indexes that were made under the first",
    ),
    _behaviour("time", "how times are read and written", "candles belong to UTC days"),
    _behaviour(
        "numbers",
        "how numbers are added, rounded and written",
        "the same candles have to make the same numbers",
    ),
    _behaviour("error", "the code of such an error", "clients decide by the code"),
    _behaviour(
        "conflict",
        "what comes of such a conflict of two transactions",
        "flows run side by side, and try again at certain codes",
    ),
    Meaning(
        "postgres.session.{case}",
        "whether such a session can be had, or the server's reason",
        "a password has to be asked for, and enough sessions have to be there",
        _SOURCE,
    ),
)
