"""How the store answers those who write: conditions, copies, multipart uploads, tags, presigned URLs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from devenv.parity.live.rendering import facts
from devenv.parity.live.s3_call import S3, Answer, admin
from devenv.parity.live.s3_scratch import PREFIX, scratch_bucket
from devenv.parity.observation import Check, Meaning, Observation, Target

_PART = b"p" * (5 << 20)  # the smallest that may be followed by another
_TAGS = b"<Tagging><TagSet><Tag><Key>layer</Key><Value>bronze</Value></Tag></TagSet></Tagging>"
_EVERYONE = "http://acs.amazonaws.com/groups/global/AllUsers"


def _put(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    with scratch_bucket(target, "writing") as bucket:

        def put(key: str, body: bytes = b"content", **headers: str) -> Answer:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return s3("PUT", bucket, key, headers=named, body=body)

        first = put("object", content_type="text/csv", x_amz_meta_source="Binance", cache_control="no-cache")
        stored = s3("HEAD", bucket, "object").headers
        md5 = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
        yield from facts(
            "s3.behaviour.put",
            {
                "new": first.outcome,
                "version": first.headers.get("x-amz-version-id"),
                "content-type": stored.get("content-type"),
                "metadata": stored.get("x-amz-meta-source"),
                "cache-control": stored.get("cache-control"),
                "over": put("object").outcome,
                "metadata-replaced": s3("HEAD", bucket, "object").headers.get("x-amz-meta-source"),
                "empty": put("empty", b"").outcome,
                "if-none-match": put("object", if_none_match="*").outcome,
                "if-none-match-new": put("new", if_none_match="*").outcome,
                "if-match": put("object", if_match=first.headers.get("etag", "")).outcome,
                "if-match-other": put("object", if_match='"other"').outcome,
                "wrong-md5": put("wrong", content_md5=md5).outcome,
                "key-too-long": put("k" * 1025).outcome,
                "odd-key": put("a b/\N{LATIN SMALL LETTER U WITH DIAERESIS}+%&=?.csv").outcome,
                "grant-everyone": put("open", x_amz_grant_read=f'uri="{_EVERYONE}"').outcome,
                "encrypted-by-store": put("encrypted", x_amz_server_side_encryption="AES256").outcome,
                "encrypted-by-kms": put("kms", x_amz_server_side_encryption="aws:kms").outcome,
                "unknown-storage-class": put("class", x_amz_storage_class="UNKNOWN").outcome,
                "missing-bucket": s3("PUT", f"{PREFIX}missing", "object", body=b"1").outcome,
            },
        )
        yield from facts("s3.behaviour.delete", _delete(s3, bucket))
        yield from facts("s3.behaviour.copy", _copy(s3, bucket))
        yield from facts("s3.behaviour.tags", _tags(s3, bucket))


def _delete(s3: S3, bucket: str) -> dict[str, Any]:
    several = b"<Delete><Object><Key>new</Key></Object><Object><Key>missing</Key></Object></Delete>"
    md5 = base64.b64encode(hashlib.md5(several, usedforsecurity=False).digest()).decode()
    batch = s3("POST", bucket, query={"delete": ""}, headers={"content-md5": md5}, body=several)
    return {
        "there": s3("DELETE", bucket, "empty").outcome,
        "missing-key": s3("DELETE", bucket, "missing").outcome,
        "several": [batch.outcome, sorted(batch.texts("Key"))],
        "bucket-not-empty": s3("DELETE", bucket).outcome,
        "missing-bucket": s3("DELETE", f"{PREFIX}missing").outcome,
        "bucket-there": s3("PUT", bucket).outcome,
        "malformed-bucket": s3("PUT", "NoSuchName_").outcome,
    }


def _copy(s3: S3, bucket: str) -> dict[str, Any]:
    s3("PUT", bucket, "source", headers={"x-amz-meta-source": "Binance"}, body=b"copied")

    def copy(key: str, source: str, **headers: str) -> Answer:
        named = {f"x-amz-{name.replace('_', '-')}": value for name, value in headers.items()}
        return s3("PUT", bucket, key, headers={"x-amz-copy-source": f"/{bucket}/{source}", **named})

    def meta(key: str) -> str | None:
        return s3("HEAD", bucket, key).headers.get("x-amz-meta-source")

    return {
        "outcome": copy("copy", "source").outcome,
        "metadata": meta("copy"),
        "replaced": copy("replaced", "source", metadata_directive="REPLACE", meta_source="other").outcome,
        "replaced-metadata": meta("replaced"),
        "onto-itself": copy("source", "source").outcome,
        "missing": copy("copy", "missing").outcome,
        "if-match-other": copy("copy", "source", copy_source_if_match='"other"').outcome,
    }


def _tags(s3: S3, bucket: str) -> dict[str, Any]:
    s3("PUT", bucket, "tagged", headers={"x-amz-tagging": "layer=gold"}, body=b"1")
    first = s3("GET", bucket, "tagged", query={"tagging": ""})
    put = s3("PUT", bucket, "tagged", query={"tagging": ""}, body=_TAGS)
    second = s3("GET", bucket, "tagged", query={"tagging": ""})
    return {
        "with-put": first.texts("Value"),
        "put": put.outcome,
        "get": second.texts("Value"),
        "count-header": s3("HEAD", bucket, "tagged").headers.get("x-amz-tagging-count"),
        "delete": s3("DELETE", bucket, "tagged", query={"tagging": ""}).outcome,
        "none": s3("GET", bucket, "tagged", query={"tagging": ""}).outcome,
        "malformed": s3("PUT", bucket, "tagged", query={"tagging": ""}, body=b"<Tagging>").outcome,
    }


def _multipart(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    with scratch_bucket(target, "multipart") as bucket:
        begun = s3("POST", bucket, "big", query={"uploads": ""})
        upload = {"uploadId": begun.text("UploadId")}
        parts = [
            s3("PUT", bucket, "big", query={**upload, "partNumber": str(number)}, body=body)
            for number, body in ((1, _PART), (2, b"end"))
        ]
        listed = s3("GET", bucket, "big", query=upload)
        pending = s3("GET", bucket, query={"uploads": ""}).texts("Key")
        etags = [part.headers.get("etag", "") for part in parts]
        values: dict[str, Any] = {
            "begin": begun.outcome,
            "part": parts[0].outcome,
            "parts": [len(listed.texts("PartNumber")), listed.texts("Size")],
            "pending": pending,
            "wrong-order": _complete(s3, bucket, upload, [(2, etags[1]), (1, etags[0])]).outcome,
            "wrong-etag": _complete(s3, bucket, upload, [(1, '"other"'), (2, etags[1])]).outcome,
            "complete": _complete(s3, bucket, upload, [(1, etags[0]), (2, etags[1])]).outcome,
            "complete-again": _complete(s3, bucket, upload, [(1, etags[0]), (2, etags[1])]).outcome,
        }
        head = s3("HEAD", bucket, "big").headers
        values |= {"size": head.get("content-length"), "etag": head.get("etag")}
        values |= {"get-part": s3("GET", bucket, "big", query={"partNumber": "2"}).outcome}
        aborted = {"uploadId": s3("POST", bucket, "aborted", query={"uploads": ""}).text("UploadId")}
        values["part-too-small"] = _too_small(s3, bucket, aborted)
        values["abort"] = s3("DELETE", bucket, "aborted", query=aborted).outcome
        values["missing-upload"] = s3("DELETE", bucket, "big", query=aborted).outcome
        yield from facts("s3.behaviour.multipart", values)


def _too_small(s3: S3, bucket: str, upload: dict[str, str]) -> str:
    etags = [
        s3("PUT", bucket, "aborted", query={**upload, "partNumber": str(n)}, body=b"small").headers["etag"]
        for n in (1, 2)
    ]
    return _complete(s3, bucket, upload, list(enumerate(etags, 1)), "aborted").outcome


def _complete(
    s3: S3, bucket: str, upload: dict[str, str], parts: list[tuple[int, str]], key: str = "big"
) -> Answer:
    body = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in parts)
    document = f"<CompleteMultipartUpload>{body}</CompleteMultipartUpload>"
    return s3("POST", bucket, key, query=upload, body=document.encode())


def _presigned(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    with scratch_bucket(target, "presigned") as bucket:
        s3("PUT", bucket, "object", body=b"presigned")

        def ask(method: str, url: str, body: bytes = b"") -> str:
            return s3.send(method, url, {}, body).outcome

        get = s3.presigned("GET", bucket, "object", 60)
        yield from facts(
            "s3.behaviour.presigned",
            {
                "get": ask("GET", get),
                "put": ask("PUT", s3.presigned("PUT", bucket, "put", 60), b"1"),
                "delete": ask("DELETE", s3.presigned("DELETE", bucket, "put", 60)),
                "expired": ask("GET", s3.presigned("GET", bucket, "object", 60, age=600)),
                "other-method": ask("DELETE", get),
                "other-key": ask("GET", get.replace("/object?", "/other?")),
                "other-signature": ask("GET", get[:-4] + "0000"),
                "too-long": ask("GET", s3.presigned("GET", bucket, "object", 8 * 86_400)),
            },
        )


CHECKS = (
    Check("s3 writing", "s3", _put),
    Check("s3 multipart", "s3", _multipart),
    Check("s3 presigned", "s3", _presigned),
)

_SOURCE = "compose.yaml"


def _behaviour(topic: str, what: str, why: str) -> Meaning:
    return Meaning(f"s3.behaviour.{topic}.{{case}}", what, why, _SOURCE)


MEANINGS = (
    _behaviour(
        "put",
        "the answer to such a write, or what is kept of it",
        "flows write once or not at all by these conditions",
    ),
    _behaviour(
        "delete",
        "the answer to such a deletion, or to making such a bucket",
        "a repeated clean-up must not fail, a full bucket must not go",
    ),
    _behaviour("copy", "the answer to such a copy, or what it keeps", "renames in a lake are copies"),
    _behaviour("tags", "the answer to such a use of an object's tags", "rules of expiry select by tags"),
    _behaviour(
        "multipart",
        "the answer at this step of an upload in parts",
        "large files are written so; the ETag's form tells of the parts",
    ),
    _behaviour(
        "presigned",
        "the answer to such a presigned URL",
        "people are given files by such URLs; a stretched one must be refused",
    ),
)
