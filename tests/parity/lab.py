"""A platform that is up, to be changed in one thing and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import psycopg
from minio import Minio, MinioAdmin

from devenv.lake.connection import LakeConnection, minio_admin, prefect_client, s3_client
from devenv.lake.spec import LakeSpec
from devenv.modes.base import Mode
from devenv.parity.catalogue import checks
from devenv.parity.measure import measure
from devenv.parity.measured import Failure, Measured
from devenv.secrets import read_secrets
from devenv.workflow import Session, opened


@dataclass(frozen=True)
class Lab:
    """One instance that is up."""

    session: Session
    mode_name: str

    @cached_property
    def mode(self) -> Mode:
        """Its mode."""
        return opened(self.session, self.mode_name)

    @cached_property
    def spec(self) -> LakeSpec:
        """The lake as it is declared."""
        return self.session.lake_spec()

    @cached_property
    def lake(self) -> LakeConnection:
        """How its lake is reached."""
        endpoints = self.mode.endpoints()
        return LakeConnection(
            endpoints["s3"],
            endpoints["postgres"],
            endpoints["prefect-server"],
            read_secrets(self.session.project.secrets_file),
            self.session.settings.environment,
            "seaweedfs" if self.mode.instance.s3_engine == "seaweedfs" else "minio",
        )

    @property
    def config(self) -> Path:
        """Where its processes read their configuration (local mode)."""
        return self.mode.instance.folder / "config"

    def measure(self, label: str, services: Iterable[str] | None = None) -> Measured:
        """The facts of all services, or of some and with them the static ones; every check has to succeed."""
        chosen = [check for check in checks() if services is None or check.service in set(services)]
        found = measure(self.session, self.mode, chosen)
        assert not found.failed, [failure.problem for failure in found.failed.values()]
        # What was not asked is not compared, as if it had failed.
        unasked = {check.name: Failure("", "") for check in checks() if check not in chosen}
        return replace(found, label=label, failed=unasked)

    # -- clients --------------------------------------------------------------------------------

    def s3(self) -> Minio:
        """S3 as the administrator."""
        return s3_client(self.lake)

    def admin(self) -> MinioAdmin:
        """MinIO's administration."""
        return minio_admin(self.lake)

    def sql(self, statement: str, database: str = "lakehouse") -> list[tuple[Any, ...]]:
        """The rows of a statement, as the superuser; it is committed."""
        with psycopg.connect(
            host=self.lake.postgres.host,
            port=self.lake.postgres.port,
            dbname=database,
            user="postgres",
            password=self.lake.secrets["POSTGRES_PASSWORD"],
            autocommit=True,
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def prefect(self, method: str, path: str, body: Any = None) -> Any:
        """Prefect's API below /api; the answer's JSON, None where there is none."""
        with prefect_client(self.lake) as client:
            answer = client.request(method, path, json=body, follow_redirects=True).raise_for_status()
            return answer.json() if answer.content else None

    def http(self, service: str, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer of a service, which has to be a good one."""
        url = self.mode.endpoints()[service].url
        return httpx.request(method, url + path, timeout=30, trust_env=False, **more).raise_for_status()


LiveChange = Callable[[Lab], AbstractContextManager[None]]


def reversible(change: Callable[[Lab], object], undo: Callable[[Lab], object]) -> LiveChange:
    """A change, undone in the end, however that comes."""

    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        try:
            change(lab)
            yield
        finally:
            undo(lab)

    return changed
