"""What the last complete seed left in the lake, and what is there now."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from minio import Minio
from minio.error import S3Error

from devenv.lake.connection import LakeConnection
from devenv.lake.spec import LakeSpec
from devenv.lake.tables import TableState, table_states

KEY = "_seed/ledger.json"  # in bronze
LAYER = "bronze"
SCHEMA = 1


@dataclass(frozen=True)
class SeededFile:
    """A raw file that was seeded: the digest of its source, its ETag in bronze, what the flow made of it.

    `first` and `last` are the days of its first and last good row, None where it has none.
    """

    digest: str
    etag: str
    rows: int
    rejected: int
    duplicates: int
    first: str | None
    last: str | None


@dataclass(frozen=True)
class LakeState:
    """The datasets' objects as ETags by key, by layer; and the declared tables' rows, by table."""

    objects: Mapping[str, Mapping[str, str]]
    tables: Mapping[str, TableState]

    def holds(self, recorded: LakeState) -> bool:
        """Whether all of a recorded state is still there; objects of other origin do not matter."""
        return self.tables == recorded.tables and all(
            self.objects.get(layer, {}).get(key) == etag
            for layer, keys in recorded.objects.items()
            for key, etag in keys.items()
        )


@dataclass(frozen=True)
class Ledger:
    """`declared` is a digest of lake.toml, the flows and the schema; `files` are by key in bronze."""

    declared: str
    files: Mapping[str, SeededFile]
    state: LakeState


def observe(lake: LakeConnection, client: Minio, spec: LakeSpec) -> LakeState:
    """What is there now. The buckets and the database must exist."""
    objects: dict[str, dict[str, str]] = {}
    for dataset in spec.datasets:
        found = objects.setdefault(dataset.layer, {})
        for item in client.list_objects(
            bucket_name=lake.bucket(dataset.layer), prefix=dataset.prefix, recursive=True
        ):
            found[item.object_name] = item.etag.strip('"')
    return LakeState(objects, table_states(lake, spec.tables))


def read_ledger(lake: LakeConnection, client: Minio) -> Ledger | None:
    """The last complete seed's ledger; None where there is none that this version understands."""
    try:
        response = client.get_object(bucket_name=lake.bucket(LAYER), object_name=KEY)
    except S3Error as error:
        if error.code == "NoSuchKey":
            return None
        raise
    try:
        record = json.loads(response.read())
        if record["schema"] != SCHEMA:
            return None
        files = {key: SeededFile(**file) for key, file in record["files"].items()}
        return Ledger(record["declared"], files, LakeState(**record["state"]))
    except (ValueError, KeyError, TypeError):
        return None
    finally:
        response.close()
        response.release_conn()


def write_ledger(lake: LakeConnection, client: Minio, ledger: Ledger) -> None:
    """Record a complete seed: its last write, so that one cut short is done again."""
    record = json.dumps({"schema": SCHEMA, **asdict(ledger)}, indent=1, sort_keys=True).encode()
    client.put_object(
        bucket_name=lake.bucket(LAYER),
        object_name=KEY,
        data=io.BytesIO(record),
        length=len(record),
        content_type="application/json",
    )
