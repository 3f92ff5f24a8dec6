"""Drifts in Postgres: a statement, and the one that takes it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parity.drift import Drift
from tests.parity.lab import Lab, LiveChange, reversible

RELOAD = "SELECT pg_reload_conf()"
READER = "lakehouse_reader"
TABLE = "lakehouse.daily_candles"


def _sql(*statements: str, undo: tuple[str, ...], database: str = "lakehouse") -> LiveChange:
    def run(lab: Lab, each: tuple[str, ...]) -> None:
        for statement in each:
            lab.sql(statement, database)

    return reversible(lambda lab: run(lab, statements), lambda lab: run(lab, undo))


def _granted(what: str, to: str) -> LiveChange:
    return _sql(f"GRANT {what} TO {to}", undo=(f"REVOKE {what} FROM {to}",))


def _revoked(what: str, of: str) -> LiveChange:
    return _sql(f"REVOKE {what} FROM {of}", undo=(f"GRANT {what} TO {of}",))


def _setting(name: str, value: str) -> LiveChange:
    return _sql(f"ALTER SYSTEM SET {name} = '{value}'", RELOAD, undo=(f"ALTER SYSTEM RESET {name}", RELOAD))


def _role(change: str, undo: str) -> LiveChange:
    """Of the role that reads the gold tables."""
    return _sql(f"ALTER ROLE {READER} {change}", undo=(f"ALTER ROLE {READER} {undo}",))


def _table(change: str, undo: str) -> LiveChange:
    return _sql(f"ALTER TABLE {TABLE} {change}", undo=(f"ALTER TABLE {TABLE} {undo}",))


def _made(what: str, how: str = "", database: str = "lakehouse") -> LiveChange:
    return _sql(f"CREATE {what} {how}", undo=(f"DROP {what}",), database=database)


@contextmanager
def _longer_hashing(lab: Lab) -> Iterator[None]:
    """The same password, hashed with another number of iterations."""
    secret = lab.lake.secrets["POSTGRES_MONITOR_PASSWORD"]
    try:
        lab.sql(f"SET scram_iterations = 5000; ALTER ROLE monitor PASSWORD '{secret}'")
        yield
    finally:
        lab.sql(f"ALTER ROLE monitor PASSWORD '{secret}'")


@contextmanager
def _open_from_anywhere(lab: Lab) -> Iterator[None]:
    """A rule more in pg_hba.conf, which lies on this machine in local mode."""
    file = Path(str(lab.sql("SHOW hba_file")[0][0]))
    before = file.read_text()
    try:
        file.write_text(f"{before}host all all samenet trust\n")
        lab.sql(RELOAD)
        yield
    finally:
        file.write_text(before)
        lab.sql(RELOAD)


# Grants are listed for each role, and tried out.
GRANTS = "postgres.role.{}.grants-in-lakehouse"
ROLE = f"postgres.role.{READER}"
REACH = f"postgres.reach.{READER}"
KEY = f"postgres.table.{TABLE}"
DRIFTS: tuple[Drift[LiveChange], ...] = (
    # -- settings --------------------------------------------------------------------------------
    Drift(
        "a database in another time zone",
        _sql(
            "ALTER DATABASE lakehouse SET timezone = 'Europe/Berlin'",
            undo=("ALTER DATABASE lakehouse RESET timezone",),
        ),
        (
            "postgres.settings.of-databases",
            "postgres.setting.timezone",
            "postgres.behaviour.time.timestamptz",
        ),
        ("postgres.behaviour.time.*",),
    ),
    Drift(
        "numbers written otherwise",
        _sql(
            "ALTER DATABASE lakehouse SET bytea_output = 'escape'",
            undo=("ALTER DATABASE lakehouse RESET bytea_output",),
        ),
        (
            "postgres.settings.of-databases",
            "postgres.setting.bytea_output",
            "postgres.behaviour.numbers.bytea",
        ),
    ),
    Drift(
        "another isolation of transactions",
        _sql(
            "ALTER DATABASE lakehouse SET default_transaction_isolation = 'serializable'",
            undo=("ALTER DATABASE lakehouse RESET default_transaction_isolation",),
        ),
        ("postgres.settings.of-databases", "postgres.setting.default_transaction_isolation"),
        ("postgres.behaviour.conflict.*",),
    ),
    Drift("another setting", _setting("work_mem", "8MB"), ("postgres.setting.work_mem",)),
    Drift(
        "statements that are logged", _setting("log_statement", "all"), ("postgres.setting.log_statement",)
    ),
    Drift(
        "an access rule more",
        _open_from_anywhere,
        ("postgres.access.rules", "postgres.access.rule-08"),
    ),
    # -- databases -------------------------------------------------------------------------------
    Drift(
        "a database more",
        _made("DATABASE extra"),
        ("postgres.databases", "postgres-exporter.sees-databases"),
        ("postgres.database.extra.*",),
    ),
    Drift(
        "an extension more",
        _made("EXTENSION pg_trgm"),
        ("postgres.database.lakehouse.extensions", "postgres.database.lakehouse.functions"),
        (GRANTS.format("public"),),
    ),
    Drift(
        "fewer connections to a database",
        _sql(
            "ALTER DATABASE lakehouse CONNECTION LIMIT 50",
            undo=("ALTER DATABASE lakehouse CONNECTION LIMIT -1",),
        ),
        ("postgres.database.lakehouse.connection-limit",),
    ),
    Drift(
        "a database that everyone may copy",
        _sql("ALTER DATABASE postgres IS_TEMPLATE true", undo=("ALTER DATABASE postgres IS_TEMPLATE false",)),
        ("postgres.database.postgres.template",),
    ),
    Drift(
        "a database that is closed",
        _sql(
            "ALTER DATABASE postgres ALLOW_CONNECTIONS false",
            undo=("ALTER DATABASE postgres ALLOW_CONNECTIONS true",),
        ),
        ("postgres.database.postgres.open", f"postgres.reach.{READER}.connect-postgres"),
        ("postgres.reach.*.connect-postgres",),
    ),
    Drift(
        "a database of another owner",
        _sql("ALTER DATABASE prefect OWNER TO postgres", undo=("ALTER DATABASE prefect OWNER TO prefect",)),
        ("postgres.database.prefect.owner",),
        ("postgres.reach.*", "postgres.role.*"),
    ),
    # -- roles and grants --------------------------------------------------------------------------
    Drift(
        "a role more",
        _made("ROLE extra"),
        ("postgres.roles",),
        ("postgres.role.extra.*", "postgres.reach.extra.*"),
    ),
    Drift(
        "a role with a dot in its name",
        _made('ROLE "extra.reader"'),
        ("postgres.roles",),
        ("postgres.role.extra_reader.*",),
    ),
    Drift("a role that may make databases", _role("CREATEDB", "NOCREATEDB"), (f"{ROLE}.create-database",)),
    Drift(
        "a role that may make roles",
        _role("CREATEROLE", "NOCREATEROLE"),
        (f"{ROLE}.create-role", f"{REACH}.create-role"),
    ),
    Drift(
        "a role that no rule holds for",
        _role("SUPERUSER", "NOSUPERUSER"),
        (
            f"{ROLE}.superuser",
            f"{REACH}.read-passwords",
            f"{REACH}.become-superuser",
            f"{REACH}.create-schema",
        ),
        (f"{REACH}.*",),
    ),
    Drift("a role that may copy the server", _role("REPLICATION", "NOREPLICATION"), (f"{ROLE}.replication",)),
    Drift(
        "a role that row policies spare", _role("BYPASSRLS", "NOBYPASSRLS"), (f"{ROLE}.bypass-row-security",)
    ),
    Drift("a role without its groups' rights", _role("NOINHERIT", "INHERIT"), (f"{ROLE}.inherit",)),
    Drift(
        "a role with few sessions",
        _role("CONNECTION LIMIT 50", "CONNECTION LIMIT -1"),
        (f"{ROLE}.connection-limit",),
    ),
    Drift(
        "a password that ends",
        _sql(
            f"ALTER ROLE {READER} VALID UNTIL '2100-01-01'",
            undo=(f"UPDATE pg_authid SET rolvaliduntil = NULL WHERE rolname = '{READER}'",),  # noqa: S608
        ),
        (f"{ROLE}.valid-until",),
    ),
    Drift(
        "a role with a setting of its own",
        _role("SET statement_timeout = '60s'", "RESET statement_timeout"),
        (f"{ROLE}.settings",),
    ),
    Drift("a password hashed otherwise", _longer_hashing, ("postgres.role.monitor.password",)),
    Drift(
        "a role with one grant more",
        _granted(f"INSERT ON {TABLE}", READER),
        (GRANTS.format(READER), f"{REACH}.insert"),
    ),
    Drift(
        "a role with one grant less",
        _revoked(f"SELECT ON {TABLE}", READER),
        (GRANTS.format(READER), f"{REACH}.select"),
    ),
    Drift(
        "a role with a grant on one column",
        _granted(f"UPDATE (volume) ON {TABLE}", READER),
        (GRANTS.format(READER), f"{REACH}.update"),
    ),
    Drift(
        "a function that not everyone may call",
        _sql(
            "REVOKE EXECUTE ON FUNCTION show_limit() FROM public",
            undo=("GRANT EXECUTE ON FUNCTION show_limit() TO public",),
            database="prefect",
        ),
        ("postgres.role.public.grants-in-prefect",),
    ),
    Drift(
        "a setting that a role may change",
        _granted("SET ON PARAMETER log_statement", READER),
        ("postgres.parameter-grants",),
    ),
    Drift(
        "a database that is open to one more",
        _granted("CONNECT ON DATABASE lakehouse", "prefect"),
        (GRANTS.format("prefect"), "postgres.reach.prefect.connect-lakehouse"),
        ("postgres.reach.prefect.*",),
    ),
    Drift(
        "a grant to a group",
        _granted(f"SELECT ON {TABLE}", "pg_monitor"),
        ("postgres.database.lakehouse.other-grantees",),
        ("postgres.reach.monitor.*",),
    ),
    Drift(
        "a role that reads all statistics no more",
        _revoked("pg_monitor", "monitor"),
        ("postgres.role.monitor.memberships",),
        ("postgres.reach.monitor.*",),
    ),
    Drift(
        "a role that may pass its group on",
        _sql(
            "GRANT pg_monitor TO monitor WITH ADMIN OPTION",
            undo=("REVOKE ADMIN OPTION FOR pg_monitor FROM monitor",),
        ),
        ("postgres.role.monitor.memberships",),
    ),
    # -- tables ------------------------------------------------------------------------------------
    Drift("a schema more", _made("SCHEMA extra"), ("postgres.schemas",)),
    Drift(
        "a table more",
        _made("TABLE lakehouse.extra", "(day date)"),
        ("postgres.tables",),
        ("postgres.table.lakehouse.extra.*", "postgres.role.*"),
    ),
    Drift(
        "a column more",
        _table("ADD COLUMN extra integer", "DROP COLUMN extra"),
        (f"{KEY}.columns", f"{KEY}.column.extra"),
        (f"{KEY}.values.extra",),
    ),
    Drift(
        "a column that may be null",
        _table("ALTER COLUMN volume DROP NOT NULL", "ALTER COLUMN volume SET NOT NULL"),
        (f"{KEY}.column.volume",),
        (f"{KEY}.constraints",),
    ),
    Drift(
        "a table of another owner",
        _table("OWNER TO postgres", "OWNER TO lakehouse"),
        (f"{KEY}.owner",),
        ("postgres.reach.*", "postgres.role.*", "postgres.behaviour.error.*"),
    ),
    Drift(
        "an index more",
        _sql(f"CREATE INDEX extra ON {TABLE} (day)", undo=("DROP INDEX lakehouse.extra",)),
        (f"{KEY}.indexes",),
    ),
    Drift(
        "a constraint more",
        _table("ADD CONSTRAINT extra CHECK (candles > 0)", "DROP CONSTRAINT extra"),
        (f"{KEY}.constraints",),
    ),
    Drift(
        "a trigger more",
        _sql(
            f"CREATE TRIGGER extra BEFORE UPDATE ON {TABLE} FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            undo=(f"DROP TRIGGER extra ON {TABLE}",),
        ),
        (f"{KEY}.triggers",),
    ),
    Drift(
        "a function more",
        _made("FUNCTION lakehouse.extra()", "RETURNS integer SECURITY DEFINER RETURN 1"),
        ("postgres.database.lakehouse.functions", GRANTS.format("public")),
    ),
    Drift(
        "rows that a policy hides",
        _sql(
            f"CREATE POLICY extra ON {TABLE} TO {READER} USING (false)",
            f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY",
            undo=(
                f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY",
                f"DROP POLICY extra ON {TABLE}",
            ),
        ),
        ("postgres.database.lakehouse.row-security",),
    ),
    Drift(
        "a row more",
        _sql(
            f"INSERT INTO {TABLE} VALUES ('EXTRA', '2024-01-01', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)",  # noqa: S608
            undo=(f"DELETE FROM {TABLE} WHERE symbol = 'EXTRA'",),  # noqa: S608
        ),
        (f"{KEY}.rows", f"{KEY}.values.symbol"),
        (f"{KEY}.values.*",),
    ),
    Drift(
        "another value in one row",
        _sql(
            f"UPDATE {TABLE} SET close = close * 2 WHERE day = '2024-01-05' AND symbol = 'BTCUSDT'",  # noqa: S608
            undo=(f"UPDATE {TABLE} SET close = close / 2 WHERE day = '2024-01-05' AND symbol = 'BTCUSDT'",),  # noqa: S608
        ),
        (f"{KEY}.values.close",),
    ),
    # -- Prefect's own ------------------------------------------------------------------------------
    Drift(
        "another migration of Prefect",
        _sql(
            "UPDATE alembic_version SET version_num = 'x' || version_num",
            undo=("UPDATE alembic_version SET version_num = substr(version_num, 2)",),
            database="prefect",
        ),
        ("postgres.prefect.migration",),
    ),
    Drift(
        "a table more of Prefect",
        _made("TABLE extra", "(id integer PRIMARY KEY)", database="prefect"),
        (
            "postgres.prefect.tables",
            "postgres.prefect.columns",
            "postgres.prefect.indexes",
            "postgres.prefect.owner",
        ),
    ),
)
