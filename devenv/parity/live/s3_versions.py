"""How the store keeps versions: reading old ones, delete markers, erasing, suspending."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from devenv.parity.live.rendering import facts
from devenv.parity.live.s3_call import admin
from devenv.parity.live.s3_scratch import scratch_bucket
from devenv.parity.observation import Check, Meaning, Observation, Target

_SUSPENDED = b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
_LIFECYCLE = (
    b"<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter><Prefix>x/</Prefix></Filter>"
    b"<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration>"
    b"</Rule></LifecycleConfiguration>"
)


def _versions(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    with scratch_bucket(target, "versions", versioned=True) as bucket:
        first = s3("PUT", bucket, "object", body=b"first")
        old = {"versionId": first.headers.get("x-amz-version-id", "")}
        s3("PUT", bucket, "object", body=b"second")
        deleted = s3("DELETE", bucket, "object")
        marker = {"versionId": deleted.headers.get("x-amz-version-id", "")}
        after = s3("GET", bucket, "object")
        listed = s3("GET", bucket, query={"versions": ""})
        md5 = base64.b64encode(hashlib.md5(_LIFECYCLE, usedforsecurity=False).digest()).decode()
        values = {
            "id-given": bool(old["versionId"]),
            "old": s3("GET", bucket, "object", query=old).body.decode(),
            "delete": [deleted.outcome, deleted.headers.get("x-amz-delete-marker")],
            "deleted": [after.outcome, after.headers.get("x-amz-delete-marker")],
            "marker-read": s3("GET", bucket, "object", query=marker).outcome,
            "listed": [len(listed.elements("Version")), len(listed.elements("DeleteMarker"))],
            "latest": sorted(listed.texts("IsLatest")),
            "plain-listing": s3("GET", bucket, query={"list-type": "2"}).texts("Key"),
            "marker-removed": s3("DELETE", bucket, "object", query=marker).outcome,
            "undeleted": s3("GET", bucket, "object").body.decode(),
            "erased": s3("DELETE", bucket, "object", query=old).outcome,
            "erased-read": s3("GET", bucket, "object", query=old).outcome,
            "suspend": s3("PUT", bucket, query={"versioning": ""}, body=_SUSPENDED).outcome,
            "suspended-id": s3("PUT", bucket, "later", body=b"1").headers.get("x-amz-version-id"),
            "lifecycle-no-md5": s3("PUT", bucket, query={"lifecycle": ""}, body=_LIFECYCLE).outcome,
            "lifecycle-put": s3(
                "PUT", bucket, query={"lifecycle": ""}, headers={"content-md5": md5}, body=_LIFECYCLE
            ).outcome,
            "lifecycle-days": s3("GET", bucket, query={"lifecycle": ""}).texts("NoncurrentDays"),
            "lifecycle-removed": s3("DELETE", bucket, query={"lifecycle": ""}).outcome,
            "lifecycle-none": s3("GET", bucket, query={"lifecycle": ""}).outcome,
            "bucket-with-versions": s3("DELETE", bucket).outcome,
        }
        yield from facts("s3.behaviour.versions", values)


CHECKS = (Check("s3 versions", "s3", _versions),)

MEANINGS = (
    Meaning(
        "s3.behaviour.versions.{case}",
        "what happens at this step of writing, deleting, undeleting and erasing in a versioned bucket",
        "versions are what undoes a flow's mistake, and what the lifecycle rules delete",
        "compose.yaml",
    ),
)
