"""How the database is set up: version, settings, extensions, databases, and who is asked for a password."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.parity.live.postgres_sessions import pairs, session, value
from devenv.parity.live.rendering import facts, part, text
from devenv.parity.observation import Check, Meaning, Observation, Target

# Those by which a query, a client or a crash turns out otherwise; paths and addresses are a mode's own.
_SETTINGS = (
    *("TimeZone", "log_timezone", "DateStyle", "IntervalStyle", "timezone_abbreviations"),
    *("extra_float_digits", "server_encoding", "client_encoding", "lc_messages", "lc_monetary"),
    *("lc_numeric", "lc_time", "bytea_output", "standard_conforming_strings", "search_path"),
    *("default_text_search_config", "max_connections", "superuser_reserved_connections"),
    *("max_locks_per_transaction", "max_prepared_transactions", "default_transaction_isolation"),
    *("default_transaction_read_only", "transaction_timeout", "deadlock_timeout", "statement_timeout"),
    *("lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "password_encryption"),
    *("scram_iterations", "ssl", "row_security", "check_function_bodies", "fsync", "synchronous_commit"),
    *("full_page_writes", "data_checksums", "wal_level", "wal_log_hints", "archive_mode", "shared_buffers"),
    *("work_mem", "maintenance_work_mem", "effective_cache_size", "temp_buffers", "max_wal_size"),
    *("shared_preload_libraries", "session_preload_libraries", "dynamic_shared_memory_type", "jit"),
    *("autovacuum", "track_activities", "track_counts", "track_io_timing", "compute_query_id"),
    *("log_statement", "log_min_duration_statement", "log_destination", "logging_collector", "hot_standby"),
    *("max_wal_senders", "max_worker_processes", "max_parallel_workers", "random_page_cost", "io_method"),
    *("huge_pages", "unix_socket_directories", "allow_alter_system", "server_version", "block_size"),
    *("wal_segment_size",),
)
_ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"]
_OF_DATABASES = """
    SELECT array_agg(
        concat_ws(' ', datname, setrole::regrole, array_to_string(setconfig, ' ')) ORDER BY datname, setrole
    )
    FROM pg_db_role_setting JOIN pg_database AS d ON d.oid = setdatabase
"""


def _settings(target: Target) -> Iterator[Observation]:
    with session(target) as connection:
        for name in _SETTINGS:
            found = value(connection, "SELECT current_setting(%s, true)", name)
            yield from facts("postgres.setting", {name: found})
        version = value(connection, "SELECT current_setting('server_version_num')::int")
        yield Observation("postgres.version", f"{version // 10000}.{version % 10000}")
        yield Observation(
            "postgres.build",
            text(value(connection, "SELECT regexp_replace(version(), '^PostgreSQL \\S+ on ', '')")),
        )
        yield Observation("postgres.settings.of-databases", text(value(connection, _OF_DATABASES)))
        yield Observation("postgres.in-recovery", text(value(connection, "SELECT pg_is_in_recovery()")))
        zones = "SELECT count(*) FROM pg_timezone_names WHERE name = ANY (%s)"
        yield Observation("postgres.timezones", text(value(connection, zones, _ZONES)))


def _extensions(target: Target) -> Iterator[Observation]:
    with session(target) as connection:
        available = pairs(connection, "SELECT name, default_version FROM pg_available_extensions")
        yield Observation("postgres.extensions.available", text(dict(available)))
        for database in ("lakehouse", "prefect"):
            with session(target, database=database) as inside:
                found = pairs(inside, "SELECT extname, extversion FROM pg_extension")
            yield Observation(f"postgres.database.{database}.extensions", text(dict(found)))


def _databases(target: Target) -> Iterator[Observation]:
    query = """
        SELECT datname, pg_encoding_to_char(encoding), datlocprovider, datcollate, datctype, datconnlimit,
            pg_get_userbyid(datdba), datallowconn, datistemplate
        FROM pg_database
    """
    names = (
        "encoding",
        "locale-provider",
        "collate",
        "ctype",
        "connection-limit",
        "owner",
        "open",
        "template",
    )
    with session(target) as connection:
        rows = connection.execute(query).fetchall()
    yield Observation("postgres.databases", text(sorted(row[0] for row in rows)))
    for database, *values in rows:
        if not database.startswith("template"):
            yield from facts(f"postgres.database.{part(database)}", dict(zip(names, values, strict=True)))


def _access(target: Target) -> Iterator[Observation]:
    query = """
        SELECT rule_number, concat_ws(' ', type, array_to_string(database, ','),
            array_to_string(user_name, ','), address, netmask, auth_method, array_to_string(options, ','),
            error)
        FROM pg_hba_file_rules ORDER BY rule_number
    """
    with session(target) as connection:
        rules = connection.execute(query).fetchall()
    for number, rule in rules:
        yield Observation(f"postgres.access.rule-{number:02}", text(rule))
    yield Observation("postgres.access.rules", text(len(rules)))


CHECKS = (
    Check("postgres settings", "postgres", _settings),
    Check("postgres extensions", "postgres", _extensions),
    Check("postgres databases", "postgres", _databases),
    Check("postgres access rules", "postgres", _access),
)

_STACK = "compose.yaml"
_ROLES = "config/postgres/roles.sh"


def _database(name: str, what: str, why: str) -> Meaning:
    return Meaning(f"postgres.database.{{database}}.{name}", what, why, _ROLES)


MEANINGS = (
    Meaning(
        "postgres.version",
        "major and minor version that runs",
        "another one has other faults, and other plans",
        _STACK,
    ),
    Meaning(
        "postgres.build",
        "platform and compiler of the server",
        "another build may sort and round otherwise",
        _STACK,
    ),
    Meaning(
        "postgres.setting.{name}",
        "the setting as a session sees it",
        "queries, limits, durability or messages depend on it",
        _STACK,
    ),
    Meaning(
        "postgres.settings.of-databases",
        "settings that stand at a database, for all roles or one",
        "they go before those of the server",
        _ROLES,
    ),
    Meaning("postgres.in-recovery", "whether the server is a standby", "a standby takes no writes", _STACK),
    Meaning(
        "postgres.timezones",
        "how many of four well-known time zones it knows",
        "without them conversions fail",
        _STACK,
    ),
    Meaning(
        "postgres.extensions.available",
        "extensions that could be installed, with their versions",
        "a schema that needs one fails without",
        _STACK,
    ),
    Meaning("postgres.databases", "the names of all databases", "clients connect by name", _ROLES),
    _database("extensions", "its extensions, with their versions", "types and functions come with them"),
    _database("encoding", "the encoding of its text", "another one cannot hold every character"),
    _database(
        "locale-provider",
        "who sorts its text: c (libc), i (ICU), b (built in)",
        "the order of text depends on it",
    ),
    _database("collate", "the locale that sorts its text", "the order of text, and indexes, depend on it"),
    _database("ctype", "the locale that tells letters", "upper and lower case depend on it"),
    _database("connection-limit", "sessions it may have, -1 for any number", "the one too many is refused"),
    _database("owner", "the role that owns it", "the owner may do everything in it"),
    _database("open", "whether anyone may connect", "a closed database is lost to its service"),
    _database("template", "whether everyone may copy it", "a copy has all its data"),
    Meaning(
        "postgres.access.rule-{number}",
        "this rule of pg_hba.conf: who, to what, from where, by which proof",
        "one `trust` opens the database without a password",
        "images/postgres/docker-entrypoint.sh",
    ),
    Meaning(
        "postgres.access.rules",
        "how many rules there are",
        "the first that fits decides",
        "images/postgres/docker-entrypoint.sh",
    ),
)
