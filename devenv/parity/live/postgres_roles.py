"""The database's roles: what they are, what they were granted, and what each may do, found by trying it."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.parity.live.postgres_sessions import ROLES, connected, outcome, pairs, session, value
from devenv.parity.live.rendering import facts, part, text
from devenv.parity.observation import Check, Meaning, Observation, Target

_ATTRIBUTES = """
    SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
        rolinherit, rolconnlimit, rolvaliduntil::text,
        (SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting
            WHERE setrole = role.oid AND setdatabase = 0),
        CASE WHEN rolpassword LIKE 'md5%' THEN 'md5' ELSE split_part(rolpassword, ':', 1) END,
        ARRAY(
            SELECT DISTINCT concat_ws(' ', roleid::regrole, CASE WHEN admin_option THEN '(may grant it)' END,
                CASE WHEN to_jsonb(m) ->> 'inherit_option' = 'false' THEN '(not inherited)' END,
                CASE WHEN to_jsonb(m) ->> 'set_option' = 'false' THEN '(not by SET ROLE)' END)
            FROM pg_auth_members AS m WHERE member = role.oid ORDER BY 1
        )
    FROM pg_authid AS role WHERE rolname !~ '^pg_'
"""
_NAMES = (
    *(
        "superuser",
        "create-role",
        "create-database",
        "login",
        "replication",
        "bypass-row-security",
        "inherit",
    ),
    *("connection-limit", "valid-until", "settings", "password", "memberships"),
)
_OWN = "JOIN pg_namespace AS n ON n.oid = {} WHERE nspname !~ '^(pg_|information_schema)'"
# What others than the owner were granted in this database, and on it. An object without a list of grants has
# those that Postgres gives by default.
_GRANTS = f"""
    SELECT coalesce(nullif(grantee, 0)::regrole::text, 'public'),
        array_agg(privilege_type || ' on ' || object || CASE WHEN is_grantable THEN ' (grantable)' ELSE '' END
            ORDER BY object COLLATE "C", privilege_type COLLATE "C")
    FROM (
        SELECT 'database ' || datname, datdba, coalesce(datacl, acldefault('d', datdba))
        FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT 'schema ' || nspname, nspowner, coalesce(nspacl, acldefault('n', nspowner))
        FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'
        UNION ALL SELECT 'relation ' || c.oid::regclass, relowner,
            coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
        FROM pg_class AS c {_OWN.format("relnamespace")}
        UNION ALL SELECT 'column ' || c.oid::regclass || '.' || attname, relowner, attacl
        FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid {_OWN.format("relnamespace")}
        UNION ALL SELECT 'function ' || p.oid::regprocedure, proowner,
            coalesce(proacl, acldefault('f', proowner))
        FROM pg_proc AS p {_OWN.format("pronamespace")}
        UNION ALL SELECT
            concat_ws(' ', 'new', defaclobjtype, 'in', coalesce(nspname, 'any schema'), 'of',
                defaclrole::regrole),
            defaclrole, defaclacl FROM pg_default_acl LEFT JOIN pg_namespace AS n ON n.oid = defaclnamespace
    ) AS objects (object, owner, acl), aclexplode(acl) WHERE grantee <> owner GROUP BY 1
"""  # noqa: S608
# Settings that only a superuser may change unless granted.
_PARAMETERS = """
    SELECT array_agg(
        concat_ws(' ', coalesce(nullif(grantee, 0)::regrole::text, 'public'), privilege_type, parname,
            CASE WHEN is_grantable THEN '(grantable)' END)
        ORDER BY parname COLLATE "C", grantee::regrole::text COLLATE "C", privilege_type COLLATE "C"
    )
    FROM pg_parameter_acl, aclexplode(paracl) WHERE grantee <> 10
"""
_TABLE = "lakehouse.daily_candles"
# None of them changes or locks anything: the privilege is looked at before the rows, and all is taken back.
_ACTIONS = {
    "select": f"SELECT FROM {_TABLE} LIMIT 0",
    "insert": f"INSERT INTO {_TABLE} SELECT * FROM {_TABLE} WHERE false",  # noqa: S608
    "update": f"UPDATE {_TABLE} SET volume = volume WHERE false",  # noqa: S608
    "delete": f"DELETE FROM {_TABLE} WHERE false",  # noqa: S608
    "create-table": "CREATE TABLE lakehouse.devenv_parity_tried ()",
    "create-table-in-public": "CREATE TABLE public.devenv_parity_tried ()",
    "create-schema": "CREATE SCHEMA devenv_parity_tried",
    "create-temporary-table": "CREATE TEMPORARY TABLE devenv_parity_tried ()",
    "create-role": "CREATE ROLE devenv_parity_tried",
    "read-passwords": "SELECT FROM pg_authid LIMIT 0",
    "list-log-files": "SELECT pg_ls_waldir() LIMIT 0",
    "read-files": "SELECT pg_read_file('PG_VERSION')",
    "become-owner": "SET LOCAL ROLE lakehouse",
    "become-superuser": "SET LOCAL ROLE postgres",
}


def _roles(target: Target) -> Iterator[Observation]:
    with session(target) as connection:
        rows = connection.execute(_ATTRIBUTES).fetchall()
        parameters = value(connection, _PARAMETERS)
    yield Observation("postgres.parameter-grants", text(parameters))
    yield Observation("postgres.roles", text(sorted(row[0] for row in rows)))
    for role, *values in rows:
        yield from facts(f"postgres.role.{part(role)}", dict(zip(_NAMES, values, strict=True)))


def _grants(target: Target) -> Iterator[Observation]:
    for database in ("lakehouse", "prefect"):
        with session(target, database=database) as connection:
            grants = pairs(connection, _GRANTS)
        for role in (*ROLES, "public"):
            yield from facts(f"postgres.role.{role}", {f"grants-in-{database}": grants.get(role, [])})
        others = sorted(set(grants) - {*ROLES, "public"})
        yield Observation(f"postgres.database.{database}.other-grantees", text(others))


def _reach(target: Target) -> Iterator[Observation]:
    for role in ROLES:
        for database in ("lakehouse", "prefect", "postgres"):
            yield from facts(
                f"postgres.reach.{role}", {f"connect-{database}": connected(target, role, database)}
            )
        if role == "prefect":
            continue  # may not connect to the lake's database
        with session(target, role) as connection:
            tried = {name: outcome(connection, statement) for name, statement in _ACTIONS.items()}
        yield from facts(f"postgres.reach.{role}", tried)


CHECKS = (
    Check("postgres roles", "postgres", _roles),
    Check("postgres grants", "postgres", _grants),
    Check("postgres reach", "postgres", _reach),
)

_SOURCE = "config/postgres/roles.sh"
_SQL = "seed/sql"


def _role(name: str, what: str, why: str, source: str = _SOURCE) -> Meaning:
    return Meaning(f"postgres.role.{{role}}.{name}", what, why, source)


MEANINGS = (
    Meaning(
        "postgres.roles", "the names of all roles but Postgres's own", "a role too many is a way in", _SOURCE
    ),
    _role("superuser", "whether no rule holds for it", "nothing is safe from a superuser"),
    _role("create-role", "whether it may make roles", "it could make itself friends"),
    _role("create-database", "whether it may make databases", "one service is not to fill another's disk"),
    _role("login", "whether it may sign in", "its service stops without"),
    _role("replication", "whether it may copy the whole server", "a copy has all the data"),
    _role("bypass-row-security", "whether row policies hold for it", "they are there to hold"),
    _role("inherit", "whether it has its groups' rights at once", "a right may be there only after SET ROLE"),
    _role("connection-limit", "sessions it may have, -1 for any number", "the one too many is refused"),
    _role("valid-until", "when its password ends", "its service stops on that day"),
    _role("settings", "its own settings", "they go before those of the server"),
    _role("password", "how its password is kept: method and iterations", "an old method is easily broken"),
    _role(
        "memberships",
        "the roles that it is a member of, and how",
        "it has their rights, too, and may be able to pass them on",
    ),
    Meaning(
        "postgres.parameter-grants",
        "settings that others than superusers were granted to change",
        "what is set for all is not to be unset by one",
        _SOURCE,
    ),
    _role(
        "grants-in-{database}",
        "what it was granted in and on this database, as others than owners are",
        "one grant more is a hole, one less stops a service",
        _SQL,
    ),
    Meaning(
        "postgres.database.{database}.other-grantees",
        "further roles with grants there",
        "nobody else is to have any",
        _SQL,
    ),
    Meaning(
        "postgres.reach.{role}.{action}",
        "whether the role may do this in the lake's database, or the error's code",
        "grants, memberships and defaults come together in it",
        _SQL,
    ),
)
