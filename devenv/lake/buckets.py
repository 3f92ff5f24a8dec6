"""Makes the lake's buckets as declared: versioning, and a rule that expires what later versions replaced."""

from __future__ import annotations

from minio import Minio
from minio.commonconfig import DISABLED, ENABLED, Filter
from minio.lifecycleconfig import LifecycleConfig, NoncurrentVersionExpiration, Rule
from minio.versioningconfig import SUSPENDED, VersioningConfig

from devenv.lake.connection import LakeConnection, s3_client
from devenv.lake.spec import BucketSpec

RULE = "expire-noncurrent-versions"


def apply_buckets(lake: LakeConnection, buckets: tuple[BucketSpec, ...]) -> list[str]:
    """Make the buckets so; gives what was changed, a line each, nothing when all was so already."""
    client = s3_client(lake)
    there = {bucket.name for bucket in client.list_buckets()}
    changes = []
    for bucket in buckets:
        name = lake.bucket(bucket.layer)
        if name not in there:
            client.make_bucket(bucket_name=name)
            changes.append(f"bucket {name} made")
        if _versioning(client, name) != bucket.versioning:
            status = ENABLED if bucket.versioning else SUSPENDED
            client.set_bucket_versioning(bucket_name=name, config=VersioningConfig(status))
            changes.append(f"bucket {name}: versioning {status}")
        if _rules(client, name) != [(RULE, ENABLED, "", bucket.noncurrent_days)]:
            client.set_bucket_lifecycle(bucket_name=name, config=_lifecycle(bucket.noncurrent_days))
            changes.append(f"bucket {name}: noncurrent versions expire after {bucket.noncurrent_days} days")
    return changes


def _versioning(client: Minio, name: str) -> bool:
    return bool(client.get_bucket_versioning(bucket_name=name).status == ENABLED)


def _rules(client: Minio, name: str) -> list[tuple[str | None, str, str | None, int | None]]:
    """The bucket's rules: name, status, prefix, days after which noncurrent versions expire."""
    config = client.get_bucket_lifecycle(bucket_name=name)
    return [
        (
            rule.rule_id,
            rule.status or DISABLED,
            (rule.rule_filter.prefix or "") if rule.rule_filter else "",
            rule.noncurrent_version_expiration.noncurrent_days
            if rule.noncurrent_version_expiration
            else None,
        )
        for rule in (config.rules if config else ())
    ]


def _lifecycle(days: int) -> LifecycleConfig:
    rule = Rule(
        rule_id=RULE,
        status=ENABLED,
        rule_filter=Filter(prefix=""),
        noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent_days=days),
    )
    return LifecycleConfig([rule])
