"""What the exporter of Postgres tells: its version, the database that it sees, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator

from devenv.parity.live.http_call import client
from devenv.parity.live.rendering import facts
from devenv.parity.observation import Check, Meaning, Observation, Target

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_DATABASES = re.compile(r'^pg_database_size_bytes\{.*?datname="([^"]+)"', re.MULTILINE)


def _exported(target: Target) -> Iterator[Observation]:
    with client(target, "postgres-exporter") as web:
        said = web.get("/metrics").raise_for_status().text
    yield from facts(
        "postgres-exporter",
        {
            "version": _labels(said, "postgres_exporter_build_info").get("version"),
            "sees-version": _labels(said, "pg_static").get("short_version"),
            "sees-databases": sorted(set(_DATABASES.findall(said))),
            "up": _value(said, "pg_up"),
            "error": _value(said, "pg_exporter_last_scrape_error"),
            "sees-max-connections": _value(said, "pg_settings_max_connections"),
            "queries-of-its-own": bool(_value(said, "pg_exporter_user_queries_load_error")),
        },
    )


def _labels(said: str, metric: str) -> dict[str, str]:
    found = re.search(rf"^{metric}\{{(.*)\}} ", said, re.MULTILINE)
    return dict(_LABEL.findall(found[1])) if found else {}


def _value(said: str, metric: str) -> str | None:
    found = re.search(rf"^{metric}(?:\{{.*\}})? (\S+)", said, re.MULTILINE)
    return found[1] if found else None


CHECKS = (Check("postgres-exporter metrics", "postgres-exporter", _exported),)

_STACK = "compose.yaml"
MEANINGS = (
    Meaning(
        "postgres-exporter.version",
        "the version that runs",
        "another one names its metrics otherwise",
        _STACK,
    ),
    Meaning(
        "postgres-exporter.sees-version",
        "the version of Postgres that it sees",
        "it may watch another database",
        _STACK,
    ),
    Meaning(
        "postgres-exporter.sees-databases",
        "the databases whose size it tells",
        "the dashboard shows no others",
        _STACK,
    ),
    Meaning(
        "postgres-exporter.up",
        "whether it reaches the database",
        "the alert on Postgres is made of it",
        _STACK,
    ),
    Meaning(
        "postgres-exporter.error", "whether its last question failed", "metrics are missing then", _STACK
    ),
    Meaning(
        "postgres-exporter.sees-max-connections",
        "the limit of connections that it sees",
        "it may watch another database",
        _STACK,
    ),
    Meaning(
        "postgres-exporter.queries-of-its-own",
        "whether it was given further queries",
        "they are metrics that others lack",
        _STACK,
    ),
)
