"""Makes the lake's S3 users, each with no more than its declared reach, and tries that reach out."""

from __future__ import annotations

import json
from typing import Any

from minio import Minio, MinioAdmin
from minio.error import MinioAdminException, S3Error

from devenv.errors import ServiceFailed
from devenv.lake.connection import LakeConnection, minio_admin, s3_client
from devenv.lake.spec import LAYERS, UserSpec

READ_OBJECT = ("s3:GetObject", "s3:GetObjectVersion")
READ_BUCKET = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions")
WRITE_OBJECT = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject")


def apply_users(lake: LakeConnection, users: tuple[UserSpec, ...]) -> list[str]:
    """Make the users so, where the engine has a way to; gives what was changed, a line each.

    SeaweedFS reads its identities from a file when it starts, so there they are only tried out.
    Raises ServiceFailed where a user can list more or fewer layers than declared.
    """
    changes = []
    if lake.s3_engine == "minio":
        admin = minio_admin(lake)
        for user in users:
            changes += _apply(admin, lake, user)
    for user in users:
        _try_out(lake, user)
    return changes


def policy(lake: LakeConnection, user: UserSpec) -> dict[str, Any]:
    """The user's policy: its reach and nothing else."""
    statements = []
    for layers, of_bucket, of_object in (
        (user.read, READ_BUCKET, READ_OBJECT),
        (user.write, ("s3:GetBucketLocation", "s3:ListBucketMultipartUploads"), WRITE_OBJECT),
    ):
        buckets = [f"arn:aws:s3:::{lake.bucket(layer)}" for layer in layers]
        if buckets:
            statements.append(_allow(of_bucket, buckets))
            statements.append(_allow(of_object, [f"{bucket}/*" for bucket in buckets]))
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources}


def _apply(admin: MinioAdmin, lake: LakeConnection, user: UserSpec) -> list[str]:
    changes = []
    declared = policy(lake, user)
    found = _found(admin.policy_info, user.name)
    if found is None or _sorted(found) != _sorted(declared):
        admin.policy_add(user.name, policy=declared)
        changes.append(f"policy {user.name} written")
    there = _found(admin.user_info, user.name)
    if there is None or there.get("status") != "enabled" or not _knows_secret(lake, user):
        admin.user_add(user.name, lake.secrets[user.secret])
        changes.append(f"user {user.name} made")
    attached = {name for name in str((there or {}).get("policyName", "")).split(",") if name}
    if attached - {user.name}:
        admin.detach_policy(sorted(attached - {user.name}), user=user.name)
        changes.append(f"user {user.name}: other policies taken away")
    if user.name not in attached:
        admin.attach_policy([user.name], user=user.name)
        changes.append(f"user {user.name}: policy attached")
    return changes


def _sorted(found: dict[str, Any]) -> list[str]:
    """A policy's statements in a form that can be compared: MinIO gives its lists back in any order."""
    return sorted(
        json.dumps(
            {name: sorted(part) if isinstance(part, list) else part for name, part in statement.items()},
            sort_keys=True,
        )
        for statement in found.get("Statement", ())
    )


def _found(ask: Any, name: str) -> dict[str, Any] | None:
    """What MinIO says of a user or a policy, None where there is none."""
    try:
        found: dict[str, Any] = json.loads(ask(name))
    except MinioAdminException as error:
        if "404" in str(error):
            return None
        raise
    return found


def _knows_secret(lake: LakeConnection, user: UserSpec) -> bool:
    return _lists(s3_client(lake, user.name, user.secret), lake.bucket(LAYERS[0])) not in (
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
    )


def _try_out(lake: LakeConnection, user: UserSpec) -> None:
    client = s3_client(lake, user.name, user.secret)
    for layer in LAYERS:
        denied = _lists(client, lake.bucket(layer))
        if (denied is None) != (layer in user.read):
            problem = f"{user.name} cannot list {lake.bucket(layer)}: {denied}"
            if denied is None:
                problem = f"{user.name} can list {lake.bucket(layer)}, which lake.toml does not allow"
            remedy = f"restart {lake.s3.service}: its users are read when it starts"
            raise ServiceFailed(f"{lake.s3.service} at {lake.s3.address}: {problem}", remedy)


def _lists(client: Minio, bucket: str) -> str | None:
    """Why a user cannot list a bucket, None where it can."""
    try:
        next(iter(client.list_objects(bucket_name=bucket, prefix="candles/")), None)
    except S3Error as error:
        return str(error.code)
    return None
