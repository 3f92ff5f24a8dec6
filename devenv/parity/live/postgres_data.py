"""What the database holds: schemas, tables with columns, indexes and rows, and what Prefect keeps there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from devenv.parity.live.postgres_sessions import pairs, session, value
from devenv.parity.live.rendering import digest, facts, part, text
from devenv.parity.observation import Check, Meaning, Observation, Target

if TYPE_CHECKING:
    import psycopg

SCRATCH = "devenv_parity"  # the schema in which things are tried out
_OWN = "nspname !~ '^(pg_|information_schema)' AND nspname <> 'devenv_parity'"
_SCHEMAS = f"SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE {_OWN}"  # noqa: S608
_TABLES = f"""
    SELECT c.oid::regclass::text, relowner::regrole::text
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND {_OWN}
"""  # noqa: S608
_COLUMNS = """
    SELECT attname, concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
        'default ' || pg_get_expr(adbin, adrelid),
        'collate ' || nullif(attcollation, typcollation)::regcollation,
        '-- ' || col_description(attrelid, attnum))
    FROM pg_attribute JOIN pg_type AS t ON t.oid = atttypid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = %s::regclass
"""
_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype <> 'n'
"""
_TRIGGERS = (
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
)
_KEY = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY array_position(indkey::int2[], attnum))
    FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
    WHERE indisprimary AND indrelid = %s::regclass
"""
_SHAPE = """
    SELECT table_name, array_agg(column_name || ' ' || data_type ORDER BY column_name COLLATE "C")
    FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1
"""
_FUNCTIONS = f"""
    SELECT p.oid::regprocedure::text, concat_ws(' ',
        proowner::regrole, CASE WHEN prosecdef THEN 'security definer' END,
        left(md5(CASE WHEN prokind = 'a' THEN prosrc ELSE pg_get_functiondef(p.oid) END), 16))
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = pronamespace WHERE {_OWN}
"""  # noqa: S608
_ROW_SECURITY = f"""
    SELECT c.oid::regclass::text, array_remove(
        ARRAY[CASE WHEN relrowsecurity THEN 'enabled' END, CASE WHEN relforcerowsecurity THEN 'forced' END]
        || ARRAY(
            SELECT concat_ws(' ', policyname, permissive, cmd, 'to', array_to_string(roles, ','),
                'using ' || qual, 'check ' || with_check)
            FROM pg_policies WHERE schemaname = nspname AND tablename = relname ORDER BY 1
        ), NULL)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
    WHERE {_OWN} AND (relrowsecurity OR relforcerowsecurity
        OR EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid))
"""  # noqa: S608


def _schema(target: Target) -> Iterator[Observation]:
    with session(target) as connection:
        yield Observation("postgres.schemas", text(dict(pairs(connection, _SCHEMAS))))
        tables = pairs(connection, _TABLES)
        yield Observation("postgres.tables", text(sorted(tables)))
        for table in (spec.name for spec in target.spec.tables):
            prefix = f"postgres.table.{table}"
            columns = pairs(connection, _COLUMNS, table)
            yield Observation(f"{prefix}.owner", text(tables.get(table)))
            yield Observation(f"{prefix}.columns", text(list(columns)))
            yield from facts(f"{prefix}.column", columns)
            yield Observation(f"{prefix}.indexes", text(dict(pairs(connection, _INDEXES, table))))
            yield Observation(f"{prefix}.constraints", text(dict(pairs(connection, _CONSTRAINTS, table))))
            yield Observation(f"{prefix}.triggers", text(dict(pairs(connection, _TRIGGERS, table))))


def _code(target: Target) -> Iterator[Observation]:
    for database in ("lakehouse", "prefect"):
        with session(target, database=database) as connection:
            found = {
                "functions": dict(pairs(connection, _FUNCTIONS)),
                "row-security": dict(pairs(connection, _ROW_SECURITY)),
            }
        yield from facts(f"postgres.database.{database}", found)


def _rows(target: Target) -> Iterator[Observation]:
    with session(target) as connection:
        for table in (spec.name for spec in target.spec.tables):
            prefix = f"postgres.table.{table}"
            stored = f"FROM {table} AS stored"
            yield Observation(f"{prefix}.rows", text(value(connection, f"SELECT count(*) {stored}")))
            for column, found in _digests(connection, table, stored).items():
                yield Observation(f"{prefix}.values.{part(column)}", found)


def _digests(connection: psycopg.Connection[Any], table: str, stored: str) -> dict[str, str]:
    """A digest of each column's values, in the order of the primary key; `stored` is where they come from."""
    columns = list(pairs(connection, _COLUMNS, table))
    every = ", ".join(f'"{name}"::text' for name in columns)
    key = value(
        connection,
        _KEY,
        table,
    )
    rows = connection.execute(f"SELECT {every} {stored} ORDER BY {key or '1'}").fetchall()
    return {name: digest([row[index] for row in rows]) for index, name in enumerate(columns)}


def _prefect(target: Target) -> Iterator[Observation]:
    with session(target, database="prefect") as connection:
        shape = pairs(connection, _SHAPE)
        indexes = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'"
        yield from facts(
            "postgres.prefect",
            {
                "migration": value(connection, "SELECT version_num FROM alembic_version"),
                "tables": len(shape),
                "columns": digest(dict(shape)),
                "indexes": value(connection, indexes),
                "owner": value(
                    connection,
                    "SELECT array_agg(DISTINCT tableowner) FROM pg_tables WHERE schemaname = 'public'",
                ),
            },
        )


CHECKS = (
    Check("postgres schema", "postgres", _schema),
    Check("postgres code", "postgres", _code),
    Check("postgres rows", "postgres", _rows),
    Check("postgres prefect", "postgres", _prefect),
)

_SQL = "seed/sql"


def _table(name: str, what: str, why: str, source: str = _SQL) -> Meaning:
    return Meaning(f"postgres.table.{{schema}}.{{table}}.{name}", what, why, source)


MEANINGS = (
    Meaning(
        "postgres.schemas",
        "the schemas of the lake's database, with their owners",
        "tables are found by schema",
        _SQL,
    ),
    Meaning(
        "postgres.tables",
        "tables and views of the lake's database",
        "a table too few stops a dashboard",
        _SQL,
    ),
    Meaning(
        "postgres.database.{database}.functions",
        "its functions with their owners, whether they run with the owner's rights, and a digest of the code",
        "a function may do what its owner may, for whoever calls it",
        _SQL,
    ),
    Meaning(
        "postgres.database.{database}.row-security",
        "its tables with row policies, whether these hold, and what they say",
        "a reader misses the rows that a policy hides, and nothing tells it so",
        _SQL,
    ),
    _table("owner", "the role that owns the table", "only the owner may change it"),
    _table("columns", "its columns in their order", "`SELECT *` and COPY depend on the order"),
    _table(
        "column.{column}",
        "the column's type, default and comment, and whether it may be null",
        "clients are written for these types",
    ),
    _table("indexes", "its indexes", "a query without its index is slow"),
    _table("constraints", "what its rows must fulfil", "without them a flow can spoil the table"),
    _table("triggers", "what runs when a row changes", "nothing is to change rows behind the flows' back"),
    _table("rows", "how many rows it has after the seed", "rows lost or doubled on the way", "lake.toml"),
    _table(
        "values.{column}",
        "a digest of the column's values in the order of the key",
        "the same candles have to make the same numbers, to the last bit",
        "lake.toml",
    ),
    Meaning(
        "postgres.prefect.migration",
        "the last migration of Prefect's own tables",
        "another Prefect made them",
        "compose.yaml",
    ),
    Meaning(
        "postgres.prefect.tables", "how many tables Prefect has", "another Prefect made them", "compose.yaml"
    ),
    Meaning(
        "postgres.prefect.columns",
        "a digest of all their columns and types",
        "another Prefect made them",
        "compose.yaml",
    ),
    Meaning(
        "postgres.prefect.indexes", "how many indexes they have", "Prefect is slow without", "compose.yaml"
    ),
    Meaning(
        "postgres.prefect.owner", "the roles that own them", "migrations fail for any other", "compose.yaml"
    ),
)
