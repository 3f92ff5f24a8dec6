"""Sessions of the database as each of its roles, and what it says when it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from devenv.parity.observation import Target

if TYPE_CHECKING:
    import psycopg

# role -> the secret that is its password
ROLES = {
    "postgres": "POSTGRES_PASSWORD",
    "prefect": "POSTGRES_PREFECT_PASSWORD",
    "lakehouse": "POSTGRES_LAKEHOUSE_PASSWORD",
    "lakehouse_reader": "POSTGRES_READER_PASSWORD",
    "monitor": "POSTGRES_MONITOR_PASSWORD",
}
DONE = "done"


def session(
    target: Target, role: str = "postgres", database: str = "lakehouse", **options: Any
) -> psycopg.Connection[tuple[Any, ...]]:
    """A session in which each statement is a transaction of its own; to be closed by the caller."""
    import psycopg

    endpoint = target.endpoints["postgres"]
    known = {
        "host": endpoint.host,
        "port": endpoint.port,
        "user": role,
        "dbname": database,
        "password": target.secrets[ROLES[role]] if role in ROLES else "",
        "connect_timeout": 10,
        "application_name": "devenv parity",
    }
    return psycopg.connect(**{**known, **options}, autocommit=True)


def connected(target: Target, role: str = "postgres", database: str = "lakehouse", **options: Any) -> str:
    """Whether a session can be had, or why not in the server's words."""
    import psycopg

    try:
        session(target, role, database, **options).close()
    except psycopg.OperationalError as error:
        return " ".join(str(error).rpartition(": FATAL:")[2].splitlines()[0].split())
    return DONE


def outcome(connection: psycopg.Connection[Any], statement: str) -> str:
    """Whether a statement is done, or the code and name of its error (`42501 InsufficientPrivilege`).

    Whatever it changed is taken back.
    """
    import psycopg

    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.Error as error:
        return f"{error.sqlstate} {type(error).__name__}"
    return DONE


def value(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> Any:
    """The first column of the first row, None where there is none."""
    row = connection.execute(query, parameters or None).fetchone()
    return row[0] if row else None


def pairs(connection: psycopg.Connection[Any], query: str, *parameters: Any) -> Mapping[str, Any]:
    """The second column by the first."""
    return {str(name): found for name, found in connection.execute(query, parameters or None)}
