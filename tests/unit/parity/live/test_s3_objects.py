"""What is read out of the lake's objects, and how what was tried there is removed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from devenv.errors import ServiceFailed
from devenv.parity.live import s3_objects
from devenv.parity.live.s3_call import S3, Answer
from devenv.parity.live.s3_scratch import FOLDER, empty
from tests.unit.parity.live.conftest import Reply, Serve

CSV, PARQUET = "a" * 32, "b" * 32  # ETags


def test_metadata_are_told_with_their_values(serve: Serve) -> None:
    own = hashlib.sha256(b"x").hexdigest()
    headers = {"X-Amz-Meta-Sha256": own, "X-Amz-Meta-Source": "Binance"}
    found = _objects(serve, {"a.csv": Reply(200, b"x", headers)})
    assert found["a.csv.metadata"] == '{"sha256":"of the content","source":"Binance"}'


def test_the_digest_of_other_content_is_told_as_it_is(serve: Serve) -> None:
    found = _objects(serve, {"a.csv": Reply(200, b"x", {"X-Amz-Meta-Sha256": "0" * 64})})
    assert found["a.csv.metadata"] == f'{{"sha256":"{"0" * 64}"}}'


def test_a_damaged_object_is_unreadable_and_takes_no_other_with_it(serve: Serve) -> None:
    found = _objects(
        serve,
        {"a.parquet": Reply(200, b"PAR1"), "b.json": Reply(200, b"{"), "c.csv": Reply(200, b"x")},
    )
    assert found["a.parquet.content"].startswith("unreadable, ")
    assert found["b.json.content"].startswith("unreadable, ")
    assert found["c.csv.size"] == "1"


@pytest.mark.parametrize(
    ("layer", "key", "name", "counts"),
    [
        ("silver", "_lineage/a.json", "candles/a.csv", True),
        ("silver", "_lineage/a.json", "candles/a.parquet", False),
        ("silver", "_lineage/a.json", "inputs", True),
        ("gold", "_lineage/a.json", "inputs", False),
        ("gold", "other.json", "inputs", True),
    ],
)
def test_a_digest_in_a_record_counts_unless_it_is_one_of_parquet(
    serve: Serve, layer: str, key: str, name: str, counts: bool
) -> None:
    first, second = (
        _objects(serve, {key: Reply(200, json.dumps({name: etag, "rows": 1}).encode())}, layer)
        for etag in (CSV, PARQUET)
    )
    assert (first[f"{key}.content"] != second[f"{key}.content"]) is counts


def test_a_missing_bucket_has_no_objects(serve: Serve) -> None:
    assert _objects(serve, {})["count"] == "0"


def test_a_bucket_that_cannot_be_listed_is_an_expected_error(serve: Serve) -> None:
    with pytest.raises(ServiceFailed, match="cannot be listed: 403"):
        _measured(serve, {"/crypto-lakehouse-bronze-dev/?list-type=2": Reply(403)})


def test_uploads_are_listed_without_a_prefix_and_others_are_left_alone() -> None:
    """MinIO takes a prefix for the key of one object."""
    uploads = {f"{FOLDER}tried": "1", "candles/mine": "2"}
    gone: list[str] = []

    def store(method: str, bucket: str, key: str = "", query: Mapping[str, str] | None = None) -> Answer:
        if method == "DELETE":
            gone.append(key)
        listed = "".join(
            f"<Upload><Key>{name}</Key><UploadId>{upload}</UploadId></Upload>"
            for name, upload in uploads.items()
            if name == (query or {}).get("prefix", name)
        )
        return Answer(200, {}, f"<L>{listed}</L>".encode() if "uploads" in (query or {}) else b"")

    empty(cast("S3", store), "bronze", FOLDER)
    assert gone == [f"{FOLDER}tried"]


def _objects(serve: Serve, objects: Mapping[str, Reply], layer: str = "bronze") -> dict[str, str]:
    """The facts of one layer, which holds these objects."""
    bucket = f"/crypto-lakehouse-{layer}-dev/"
    listed = "".join(f"<Key>{key}</Key>" for key in objects)
    answers: dict[str, Any] = {f"{bucket}{key}": reply for key, reply in objects.items()}
    if objects:
        answers[f"{bucket}?list-type=2"] = f"<L>{listed}</L>"
    found = _measured(serve, answers)
    return {
        key.removeprefix(f"s3.object.{layer}.").removeprefix(f"s3.objects.{layer}."): value
        for key, value in found.items()
    }


def _measured(serve: Serve, answers: Mapping[str, Any]) -> dict[str, str]:
    asked = replace(serve("s3", answers), secrets={"S3_ROOT_PASSWORD": "a-secret"})
    return {one.key: one.value for one in s3_objects.CHECKS[0].measure(asked)}
