"""The live observations of a whole platform: many, the same each time, and nothing is left of measuring."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest

from devenv.lake.connection import s3_client
from devenv.modes.base import Mode
from devenv.parity.catalogue import checks
from devenv.parity.live.s3_call import admin, lake
from devenv.parity.measure import measure, target_of
from devenv.parity.measured import Measured
from devenv.parity.observation import Target
from devenv.project import Project
from devenv.report import QuietReport
from devenv.settings import read_settings
from devenv.workflow import Session, opened
from tests.integration.clone import Clone

pytestmark = pytest.mark.real
AT_LEAST = 350
LEFT = "devenv-parity-versions"


@pytest.fixture
def session(platform: Clone) -> Session:
    """The platform's project, as the command opens it."""
    return Session(Project(platform.root), read_settings(platform.root, platform.environ), QuietReport())


@pytest.fixture
def mode(session: Session, platform: Clone) -> Mode:
    """The platform, as the command opens it."""
    return opened(session, platform.mode)


@pytest.fixture
def target(session: Session, mode: Mode) -> Target:
    """What checks are handed."""
    return target_of(session, mode, mode.describe())


def test_every_service_is_observed_and_twice_the_same(session: Session, mode: Mode) -> None:
    first = _live(measure(session, mode))
    assert len(first) >= AT_LEAST
    assert {key.partition(".")[0] for key in first} == set(mode.endpoints())
    assert _live(measure(session, mode)) == first


def test_no_value_tells_where_this_platform_is(session: Session, mode: Mode) -> None:
    ports = {f":{endpoint.port}" for endpoint in mode.endpoints().values()}
    found = _live(measure(session, mode))
    assert [key for key, value in found.items() if any(port in value for port in ports)] == []


def test_measuring_leaves_nothing_behind(session: Session, mode: Mode, target: Target) -> None:
    before = _held(target)
    measure(session, mode)
    assert _held(target) == before


def test_what_an_interrupted_measurement_left_is_cleaned_by_the_next(
    session: Session, mode: Mode, target: Target
) -> None:
    before = _held(target)
    s3 = admin(target)
    s3("PUT", LEFT)
    s3("PUT", LEFT, query={"versioning": ""}, body=_VERSIONED)
    for content in (b"old", b"new"):
        s3("PUT", LEFT, "object", body=content)
    s3("DELETE", LEFT, "object")
    s3("POST", LEFT, "begun", query={"uploads": ""})
    s3("PUT", target.spec.buckets[0].name(target.environment), "_parity/left", body=b"left")
    with _database(target) as connection:
        connection.execute("CREATE SCHEMA devenv_parity CREATE TABLE counters (id int)")
    assert _held(target) != before
    measure(session, mode)
    assert _held(target) == before


_VERSIONED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


def _live(found: Measured) -> dict[str, str]:
    assert found.failed == {}
    names = {check.name for check in checks()}
    return {
        key: value for check, part in found.found.items() if check in names for key, value in part.items()
    }


def _held(target: Target) -> dict[str, Any]:
    """What the platform holds: versions of objects, schemas, flow runs, artifacts, a measurement's alerts."""
    client = s3_client(lake(target))
    buckets = [bucket.name for bucket in client.list_buckets()]
    versions = [
        (bucket, entry.object_name, entry.version_id)
        for bucket in buckets
        for entry in client.list_objects(bucket_name=bucket, recursive=True, include_version=True)
    ]
    with _database(target) as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1")
        found = schemas.fetchall()
    api = f"{target.endpoints['prefect-server'].url}/api"
    prefect = {
        path: sorted(
            entry["id"]
            for entry in httpx.post(f"{api}/{path}/filter", json={}).json()
            if not entry.get("auto_scheduled")
        )
        for path in ("flow_runs", "artifacts", "deployments")
    }
    held = {"buckets": buckets, "versions": versions, "schemas": found, **prefect}
    if alertmanager := target.endpoints.get("alertmanager"):
        own = {"filter": 'service="devenv-parity"'}
        held["alerts"] = httpx.get(f"{alertmanager.url}/api/v2/alerts", params=own).json()
    return held


def _database(target: Target) -> psycopg.Connection[Any]:
    endpoint = target.endpoints["postgres"]
    return psycopg.connect(
        host=endpoint.host,
        port=endpoint.port,
        dbname="lakehouse",
        user="postgres",
        password=target.secrets["POSTGRES_PASSWORD"],
        autocommit=True,
    )
