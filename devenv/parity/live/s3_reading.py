"""How the store answers those who read: ranges, conditions, listings, pages, and what is not there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from devenv.parity.live.rendering import facts
from devenv.parity.live.s3_call import S3, admin
from devenv.parity.live.s3_scratch import PREFIX, scratch_bucket
from devenv.parity.observation import Check, Meaning, Observation, Target

_CONTENT = bytes(range(256)) * 4
_ETAG = f'"{hashlib.md5(_CONTENT, usedforsecurity=False).hexdigest()}"'
_LISTED = ("a/1", "a/2", "b/1", "c d+e", "z", "Z", "\N{LATIN SMALL LETTER A WITH DIAERESIS}")


def _get(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    with scratch_bucket(target, "reading") as bucket:
        s3("PUT", bucket, "object", body=_CONTENT)

        def get(key: str = "object", **headers: str) -> dict[str, Any]:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            answer = s3("GET", bucket, key, headers=named)
            return {
                "outcome": answer.outcome,
                "bytes": len(answer.body) if answer.status < 300 else None,
                "range": answer.headers.get("content-range"),
            }

        whole = s3("GET", bucket, "object")
        head = s3("HEAD", bucket, "object")
        yield from facts(
            "s3.behaviour.get",
            {
                "whole": get(),
                "range": get(range="bytes=10-19"),
                "range-from": get(range="bytes=1000-"),
                "range-suffix": get(range="bytes=-5"),
                "range-beyond": get(range="bytes=1020-5000"),
                "range-outside": get(range="bytes=5000-6000"),
                "range-malformed": get(range="bytes=x-y"),
                "if-match": get(if_match=_ETAG),
                "if-match-other": get(if_match='"other"'),
                "if-none-match": get(if_none_match=_ETAG),
                "if-modified-since": get(if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT"),
                "if-unmodified-since": get(if_unmodified_since="Sat, 01 Jan 2000 00:00:00 GMT"),
                "missing-key": get("missing"),
                "etag": "md5 of the content" if whole.headers.get("etag") == _ETAG else "something else",
                "accept-ranges": whole.headers.get("accept-ranges"),
                "content-type": whole.headers.get("content-type"),
                "cache-control": whole.headers.get("cache-control"),
                "missing-bucket": s3("GET", f"{PREFIX}missing", "object").outcome,
                "missing-version": s3("GET", bucket, "object", query={"versionId": _NO_VERSION}).outcome,
                "malformed-version": s3("GET", bucket, "object", query={"versionId": "none"}).outcome,
            },
        )
        yield from facts(
            "s3.behaviour.head",
            {
                "outcome": head.outcome,
                "length": head.headers.get("content-length"),
                "missing-key": s3("HEAD", bucket, "missing").outcome,
                "missing-bucket": s3("HEAD", f"{PREFIX}missing").outcome,
            },
        )


_NO_VERSION = "3e3b8f1a-0000-4000-8000-000000000000"


def _list(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    with scratch_bucket(target, "listing") as bucket:
        for key in _LISTED:
            s3("PUT", bucket, key, body=b"1")
        yield from facts(
            "s3.behaviour.list",
            {
                "order": _keys(s3, bucket),
                "prefix": _keys(s3, bucket, prefix="a/"),
                "delimiter": _keys(s3, bucket, delimiter="/"),
                "delimiter-prefix": _keys(s3, bucket, delimiter="/", prefix="a/"),
                "start-after": _keys(s3, bucket, **{"start-after": "a/2"}),
                "encoding-url": _keys(s3, bucket, **{"encoding-type": "url"}),
                "pages": list(_pages(s3, bucket)),
                "version-1": s3("GET", bucket, query={"max-keys": "2"}).texts("Key"),
                "nothing-found": _keys(s3, bucket, prefix="missing/"),
                "max-keys-malformed": s3("GET", bucket, query={"list-type": "2", "max-keys": "x"}).outcome,
                "missing-bucket": s3("GET", f"{PREFIX}missing", query={"list-type": "2"}).outcome,
                "owner": bool(s3("GET", bucket, query={"list-type": "2"}).texts("Owner")),
            },
        )


def _keys(s3: S3, bucket: str, **query: str) -> Any:
    answer = s3("GET", bucket, query={"list-type": "2", **query})
    folders = [prefix.findtext("{*}Prefix") for prefix in answer.elements("CommonPrefixes")]
    return [*answer.texts("Key"), *(f"{folder} (folder)" for folder in folders)]


def _pages(s3: S3, bucket: str) -> Iterator[int]:
    """How many keys each page of at most 3 has."""
    query = {"list-type": "2", "max-keys": "3"}
    while True:
        page = s3("GET", bucket, query=query)
        yield len(page.texts("Key"))
        if page.text("IsTruncated") != "true":
            return
        query["continuation-token"] = page.text("NextContinuationToken")


CHECKS = (Check("s3 reading", "s3", _get), Check("s3 listing", "s3", _list))

_SOURCE = "compose.yaml"
MEANINGS = (
    Meaning(
        "s3.behaviour.get.{case}",
        "the answer to such a read of an object: status, error code, bytes, range",
        "Parquet is read by ranges, and clients decide by the error code",
        _SOURCE,
    ),
    Meaning(
        "s3.behaviour.head.{case}",
        "the answer when only the headers of an object are asked for",
        "clients look there before they read or write",
        _SOURCE,
    ),
    Meaning(
        "s3.behaviour.list.{case}",
        "what such a listing gives, in the store's own order",
        "readers find the lake's files by listing; order, folders and pages are part of it",
        _SOURCE,
    ),
)
