"""Buckets to try things out in: gone afterwards with all that is in them, or before the next try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from devenv.errors import ServiceFailed
from devenv.parity.live.s3_call import S3, admin
from devenv.parity.observation import Target

PREFIX = "devenv-parity-"  # of the buckets
FOLDER = "_parity/"  # of what is tried in the lake's own buckets
_VERSIONED = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


@contextmanager
def scratch_bucket(target: Target, name: str, versioned: bool = False) -> Iterator[str]:
    """A new bucket of that subject, empty; deleted at the end, as is one that an earlier try has left."""
    s3, bucket = admin(target), PREFIX + name
    remove_bucket(s3, bucket)
    try:
        made = s3("PUT", bucket)
        if made.status != 200:
            raise ServiceFailed(f"s3: bucket {bucket} cannot be made: {made.outcome}", "see `devenv logs s3`")
        if versioned:
            s3("PUT", bucket, query={"versioning": ""}, body=_VERSIONED)
        yield bucket
    finally:
        remove_bucket(s3, bucket)


def remove_bucket(s3: S3, bucket: str) -> None:
    """Deletes a bucket with every version in it and every upload begun; one that is not there is no error."""
    if s3("HEAD", bucket).status == 404:
        return
    empty(s3, bucket)
    s3("DELETE", bucket)


def empty(s3: S3, bucket: str, prefix: str = "") -> None:
    """Deletes every version and every upload below `prefix`, so that nothing tells that they were there."""
    uploads = s3("GET", bucket, query={"uploads": ""})  # MinIO takes a prefix for the key of one object
    for key, upload in zip(uploads.texts("Key"), uploads.texts("UploadId"), strict=False):
        if key.startswith(prefix):
            s3("DELETE", bucket, key, query={"uploadId": upload})
    while True:
        versions = s3("GET", bucket, query={"versions": "", "prefix": prefix})
        keys, ids = versions.texts("Key"), versions.texts("VersionId")
        for key, version in zip(keys, ids, strict=False):
            s3("DELETE", bucket, key, query={"versionId": version})
        if not keys or versions.text("IsTruncated") != "true":
            return
