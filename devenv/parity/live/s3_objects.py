"""What the seeded objects hold: of Parquet the rows and types, of all others the content."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from devenv.parity.live.rendering import digest, path, text
from devenv.parity.live.s3_call import S3, Answer, admin
from devenv.parity.live.s3_scratch import FOLDER
from devenv.parity.observation import Check, Meaning, Observation, Target

# ETags and digests of files: other bytes may hold the same rows.
_OF_BYTES = re.compile(r"\b(?:[0-9a-f]{32}(?:-\d+)?|[0-9a-f]{64})\b")


def _objects(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    for spec in target.spec.buckets:
        bucket = spec.name(target.environment)
        keys = _keys(s3, bucket)
        yield Observation(f"s3.objects.{spec.layer}.count", text(len(keys)))
        for key in keys:
            answer = s3("GET", bucket, key)
            for name, value in _facts(key, answer).items():
                yield Observation(f"s3.object.{spec.layer}.{path(key)}.{name}", text(value))


def _keys(s3: S3, bucket: str) -> list[str]:
    query = {"list-type": "2"}
    found: list[str] = []
    while True:
        listed = s3("GET", bucket, query=query)
        found += [key for key in listed.texts("Key") if not key.startswith(FOLDER) and "=PARITY/" not in key]
        if not (token := listed.text("NextContinuationToken")):
            return sorted(found)
        query["continuation-token"] = token


def _facts(key: str, answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        return {"content": answer.outcome}
    metadata = sorted(name for name in answer.headers if name.startswith("x-amz-meta-"))
    known = {"type": answer.headers.get("content-type"), "metadata": metadata}
    if key.endswith(".parquet"):
        return known | _parquet(answer.body)
    if key.endswith(".json"):
        record = json.loads(_OF_BYTES.sub("of bytes", answer.body.decode()))
        return known | {"content": digest(record)}
    return known | {"size": len(answer.body), "content": digest(answer.body)}


def _parquet(content: bytes) -> dict[str, Any]:
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(io.BytesIO(content)).read()
    columns = {field.name: str(field.type) for field in table.schema}
    return {"rows": table.num_rows, "columns": columns, "content": digest(table.to_pylist())}


CHECKS = (Check("s3 objects", "s3", _objects),)

_SOURCE = "lake.toml"


def _object(name: str, what: str, why: str) -> Meaning:
    return Meaning(f"s3.object.{{layer}}.{{path*}}.{name}", what, why, _SOURCE)


MEANINGS = (
    Meaning(
        "s3.objects.{layer}.count", "how many objects the layer has", "a file lost or one too many", _SOURCE
    ),
    _object("type", "the object's content type", "browsers and readers choose by it"),
    _object("metadata", "the names of its own metadata", "the flows find unchanged content by its sha256"),
    _object("size", "its bytes", "the raw files are the same everywhere"),
    _object("rows", "the rows of the Parquet file", "rows lost or doubled on the way"),
    _object("columns", "the columns of the Parquet file and their types", "readers of the lake rely on them"),
    _object(
        "content",
        "a digest of its rows, of its JSON without digests of bytes, or of its bytes",
        "the same candles have to make the same lake",
    ),
)
