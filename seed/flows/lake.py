"""Reads and writes the lake's objects; an object whose content is there already is not written again.

The worker's environment says where: AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
and LAKEHOUSE_ENVIRONMENT.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import urllib3
from minio import Minio
from minio.error import S3Error

if TYPE_CHECKING:
    from prefect import Task
    from prefect.client.schemas.objects import State, TaskRun

CANDLES = "candles/"  # bronze: raw files; silver: clean candles
REJECTED = "_rejected/"  # bronze: the bad rows of each raw file
LINEAGE = "_lineage/"  # silver and gold: which inputs made which outputs
DAILY_CANDLES = "daily_candles/"  # gold

_TRANSIENT_CODES = {"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "SlowDownRead"}


def connect() -> Minio:
    """A client that acts as the flows' own user."""
    endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    return Minio(
        endpoint.netloc,
        access_key=os.environ["AWS_ACCESS_KEY_ID"],
        secret_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        region=os.environ.get("AWS_REGION", "us-east-1"),
        secure=endpoint.scheme == "https",
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=5, read=30),
            retries=urllib3.Retry(total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        ),
    )


def bucket(layer: str) -> str:
    """The name of a layer's bucket; `layer` is bronze, silver or gold."""
    return f"crypto-lakehouse-{layer}-{os.environ.get('LAKEHOUSE_ENVIRONMENT', 'dev')}"


def listing(client: Minio, layer: str, prefix: str) -> dict[str, str]:
    """The ETag of each object below a prefix, by key, in the order of the keys."""
    objects = client.list_objects(bucket(layer), prefix=prefix, recursive=True)
    return {item.object_name: _plain(item.etag) for item in objects}


def _plain(etag: str | None) -> str:
    """An ETag without the quotes that some answers have around it."""
    return (etag or "").strip('"')


def read(client: Minio, layer: str, key: str) -> bytes:
    """An object's content."""
    response = client.get_object(bucket(layer), key)
    try:
        return bytes(response.read())
    finally:
        response.close()
        response.release_conn()


def put(client: Minio, layer: str, key: str, content: bytes, content_type: str) -> tuple[str, bool]:
    """Write an object unless its content is there already; gives its ETag, and whether it was written."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        there = client.stat_object(bucket(layer), key)
        if (there.metadata or {}).get("x-amz-meta-sha256") == digest:
            return _plain(there.etag), False
    except S3Error as error:
        if error.code != "NoSuchKey":
            raise
    written = client.put_object(
        bucket(layer),
        key,
        io.BytesIO(content),
        len(content),
        content_type=content_type,
        metadata={"sha256": digest},
    )
    return _plain(written.etag), True


def remove(client: Minio, layer: str, key: str) -> None:
    """Delete an object; its versions stay until the bucket's rule expires them."""
    client.remove_object(bucket(layer), key)


def lineage(client: Minio, layer: str, name: str, keys: dict[str, str]) -> dict[str, Any]:
    """What a flow last recorded of an output, `{}` if nothing; `keys` is a listing of LINEAGE."""
    key = lineage_key(name)
    if key not in keys:
        return {}
    try:
        record = json.loads(read(client, layer, key))
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def record_lineage(client: Minio, layer: str, name: str, record: dict[str, Any]) -> None:
    """Record it: the last write of a flow's work on an output, so that work cut short is done again."""
    content = json.dumps(record, indent=1, sort_keys=True).encode()
    put(client, layer, lineage_key(name), content, "application/json")


def lineage_key(name: str) -> str:
    """The key of an output's record, for a name such as `symbol=BTCUSDT/interval=1h`."""
    return f"{LINEAGE}{name}.json"


def inputs_digest(inputs: dict[str, str], *parameters: object) -> str:
    """Changes with the inputs' ETags, the parameters, and the code in this folder."""
    code = [
        (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(Path(__file__).parent.glob("*.py"))
    ]
    return hashlib.sha256(json.dumps([code, sorted(inputs.items()), parameters]).encode()).hexdigest()


def transient(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed task is worth another try: the store or the database did not answer."""
    error = state.result(raise_on_failure=False)
    if isinstance(error, S3Error):
        return error.code in _TRANSIENT_CODES
    return isinstance(error, (psycopg.OperationalError, urllib3.exceptions.HTTPError))
