"""What the seeded objects hold: of Parquet the rows and types, of all others the content."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from devenv.errors import ServiceFailed
from devenv.parity.live.rendering import digest, path, text
from devenv.parity.live.s3_call import S3, Answer, admin
from devenv.parity.live.s3_scratch import FOLDER
from devenv.parity.observation import Check, Meaning, Observation, Target

# ETags and digests.
_OF_BYTES = re.compile(r"[0-9a-f]{32}(-\d+)?|[0-9a-f]{64}")
_METADATA = "x-amz-meta-"


def _objects(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    for spec in target.spec.buckets:
        bucket = spec.name(target.environment)
        keys = _keys(s3, bucket)
        yield Observation(f"s3.objects.{spec.layer}.count", text(len(keys)))
        for key in keys:
            answer = s3("GET", bucket, key)
            for name, value in _facts(spec.layer, key, answer).items():
                yield Observation(f"s3.object.{spec.layer}.{path(key)}.{name}", text(value))


def _keys(s3: S3, bucket: str) -> list[str]:
    """Without what is there for a try; none of a missing bucket. Raises ServiceFailed for another failure."""
    query = {"list-type": "2"}
    found: list[str] = []
    while True:
        listed = s3("GET", bucket, query=query)
        if listed.status not in (200, 404):
            raise ServiceFailed(
                f"s3: bucket {bucket} cannot be listed: {listed.outcome}", "see `devenv logs s3`"
            )
        found += [key for key in listed.texts("Key") if not key.startswith(FOLDER) and "=PARITY/" not in key]
        if not (token := listed.text("NextContinuationToken")):
            return sorted(found)
        query["continuation-token"] = token


def _facts(layer: str, key: str, answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        return {"content": answer.outcome}
    known = {"type": answer.headers.get("content-type"), "metadata": _metadata(answer)}
    try:
        if key.endswith(".parquet"):
            return known | _parquet(answer.body)
        if key.endswith(".json"):
            return known | {"content": digest(_record(layer, key, answer.body))}
    except (ValueError, OSError, NotImplementedError):  # what pyarrow and json raise for a damaged file
        return known | {"content": f"unreadable, {digest(answer.body)}"}
    return known | {"size": len(answer.body), "content": digest(answer.body)}


def _metadata(answer: Answer) -> dict[str, str]:
    """The object's own metadata; the digest of its content, which may be another everywhere, by that name."""
    content = hashlib.sha256(answer.body).hexdigest()
    return {
        name.removeprefix(_METADATA): "of the content" if value == content else value
        for name, value in answer.headers.items()
        if name.startswith(_METADATA)
    }


def _record(layer: str, key: str, content: bytes) -> Any:
    """JSON without digests of Parquet files, for other bytes may hold the same rows.

    The `inputs` of gold's lineage are a digest of such digests.
    """
    of_parquet = layer == "gold" and key.startswith("_lineage/")

    def masked(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {below: masked(entry, below) for below, entry in value.items()}
        if isinstance(value, list):
            return [masked(entry, name) for entry in value]
        masks = name.endswith(".parquet") or (of_parquet and name == "inputs")
        return "of bytes" if masks and _OF_BYTES.fullmatch(str(value)) else value

    return masked(json.loads(content))


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
    _object(
        "metadata",
        "its own metadata; a value that is the SHA-256 of its content is told as that",
        "the flows find unchanged content by its sha256",
    ),
    _object("size", "its bytes", "the raw files are the same everywhere"),
    _object("rows", "the rows of the Parquet file", "rows lost or doubled on the way"),
    _object("columns", "the columns of the Parquet file and their types", "readers of the lake rely on them"),
    _object(
        "content",
        "a digest of its rows, of its JSON without digests of Parquet files, or of its bytes",
        "the same candles have to make the same lake",
    ),
)
