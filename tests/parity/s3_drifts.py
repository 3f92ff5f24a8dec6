"""Drifts in the store."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pyarrow
import pyarrow.parquet
from minio.commonconfig import Tags

from devenv.lake.buckets import apply_buckets
from devenv.lake.spec import BucketSpec
from tests.parity.drift import Drift
from tests.parity.lab import Lab, LiveChange, reversible

CSV = "candles/symbol=BTCUSDT/interval=1h/BTCUSDT-1h-2024-01-sample.csv"
PARQUET = "daily_candles/symbol=BTCUSDT/year=2024/candles.parquet"
GOLD = f"s3.object.gold.{PARQUET.lower()}"
LINEAGE = "_lineage/symbol=BTCUSDT/interval=1h.json"
RECORD = f"s3.object.silver.{LINEAGE.lower()}"
OBJECT = f"s3.object.bronze.{CSV.lower()}"
READER = "lakehouse-reader"
FLOWS = "lakehouse-flows"
# What follows from another policy or status of the reader.
REACH = f"s3.reach.{READER}.*"


def _declare(lab: Lab) -> None:
    apply_buckets(lab.lake, lab.spec.buckets)


def _bucket(layer: str, changed: Callable[[BucketSpec], BucketSpec]) -> LiveChange:
    def declare_otherwise(lab: Lab) -> None:
        apply_buckets(lab.lake, tuple(changed(spec) for spec in lab.spec.buckets if spec.layer == layer))

    return reversible(declare_otherwise, _declare)


def _tag(lab: Lab) -> None:
    tags = Tags.new_bucket_tags()
    tags["owner"] = "somebody"
    lab.s3().set_bucket_tags(bucket_name=lab.lake.bucket("bronze"), tags=tags)


def _open(lab: Lab) -> None:
    name = lab.lake.bucket("gold")
    allow = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"]}
    policy = {"Version": "2012-10-17", "Statement": [allow | {"Resource": [f"arn:aws:s3:::{name}/*"]}]}
    lab.s3().set_bucket_policy(bucket_name=name, policy=json.dumps(policy))


def _put(layer: str, key: str, content: Callable[[], bytes] = lambda: b"x") -> LiveChange:
    """A version more, of other content; it is erased in the end."""

    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        name = lab.lake.bucket(layer)
        data = content()
        made = lab.s3().put_object(bucket_name=name, object_name=key, data=io.BytesIO(data), length=len(data))
        try:
            yield
        finally:
            lab.s3().remove_object(bucket_name=name, object_name=key, version_id=made.version_id)

    return changed


def _rewritten(
    layer: str, key: str, change: Callable[[bytes], bytes], metadata: dict[str, str | list[str] | tuple[str]]
) -> LiveChange:
    """A version more of the same type."""

    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        name = lab.lake.bucket(layer)
        before = lab.s3().get_object(bucket_name=name, object_name=key)
        data = change(before.read())
        made = lab.s3().put_object(
            bucket_name=name,
            object_name=key,
            data=io.BytesIO(data),
            length=len(data),
            content_type=before.headers["content-type"],
            metadata=metadata,
        )
        try:
            yield
        finally:
            lab.s3().remove_object(bucket_name=name, object_name=key, version_id=made.version_id)

    return changed


@contextmanager
def _deleted(lab: Lab) -> Iterator[None]:
    name = lab.lake.bucket("bronze")
    lab.s3().remove_object(bucket_name=name, object_name=CSV)
    try:
        yield
    finally:
        versions = lab.s3().list_objects(bucket_name=name, prefix=CSV, include_version=True)
        marker = next(entry for entry in versions if entry.is_delete_marker)
        lab.s3().remove_object(bucket_name=name, object_name=CSV, version_id=marker.version_id)


def _policy(user: str, old: str, new: str) -> LiveChange:
    """A user's policy with other words in it."""

    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        before = json.loads(lab.admin().policy_info(user))
        text = json.dumps(before)
        assert old in text
        lab.admin().policy_add(user, policy=json.loads(text.replace(old, new)))
        try:
            yield
        finally:
            lab.admin().policy_add(user, policy=before)

    return changed


def _of_other_inputs(content: bytes) -> bytes:
    return json.dumps({**json.loads(content), "inputs": "0" * 64}).encode()


def _parquet() -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"day": [1, 2, 3]}), stream)
    return stream.getvalue()


DRIFTS: tuple[Drift[LiveChange], ...] = (
    Drift(
        "versioning suspended",
        _bucket("silver", lambda spec: replace(spec, versioning=False)),
        ("s3.bucket.silver.versioning",),
    ),
    Drift(
        "a lifecycle rule off",
        reversible(
            lambda lab: lab.s3().delete_bucket_lifecycle(bucket_name=lab.lake.bucket("gold")), _declare
        ),
        ("s3.bucket.gold.lifecycle",),
        ("s3.reach.admin.gold.read-lifecycle",),
    ),
    Drift(
        "versions that expire sooner",
        _bucket("gold", lambda spec: replace(spec, noncurrent_days=1)),
        ("s3.bucket.gold.lifecycle",),
    ),
    Drift(
        "a bucket more",
        reversible(
            lambda lab: lab.s3().make_bucket(bucket_name="platinum"),
            lambda lab: lab.s3().remove_bucket(bucket_name="platinum"),
        ),
        ("s3.buckets",),
    ),
    Drift(
        "a bucket with a tag",
        reversible(_tag, lambda lab: lab.s3().delete_bucket_tags(bucket_name=lab.lake.bucket("bronze"))),
        ("s3.bucket.bronze.tags",),
    ),
    Drift(
        "a bucket that is open to all",
        reversible(_open, lambda lab: lab.s3().delete_bucket_policy(bucket_name=lab.lake.bucket("gold"))),
        ("s3.bucket.gold.policy", "s3.reach.anonymous.gold.get"),
        ("s3.reach.anonymous.gold.get-missing",),
    ),
    Drift(
        "another seeded object",
        _put("bronze", CSV),
        (f"{OBJECT}.content", f"{OBJECT}.size", f"{OBJECT}.type", f"{OBJECT}.metadata"),
        (f"{OBJECT}.*",),
    ),
    Drift(
        "a seeded object that is gone",
        _deleted,
        (f"{OBJECT}.content", "s3.objects.bronze.count"),
        (f"{OBJECT}.*",),
    ),
    Drift(
        "an object with other metadata",
        _rewritten("bronze", CSV, lambda content: content, {"sha256": "0" * 64}),
        (f"{OBJECT}.metadata",),
    ),
    Drift(
        "a record of other raw files",
        _rewritten("silver", LINEAGE, _of_other_inputs, {}),
        (f"{RECORD}.content", f"{RECORD}.metadata"),
    ),
    Drift(
        "a file that is cut short",
        _put("gold", PARQUET, lambda: b"PAR1"),
        (f"{GOLD}.content", f"{GOLD}.rows"),
        (f"{GOLD}.*",),
    ),
    Drift(
        "an object more",
        _put("gold", "extra.csv"),
        ("s3.objects.gold.count",),
        ("s3.object.gold.extra.csv.*",),
    ),
    Drift(
        "a user that is disabled",
        reversible(lambda lab: lab.admin().user_disable(READER), lambda lab: lab.admin().user_enable(READER)),
        (f"s3.user.{READER}.status",),
        (REACH,),
    ),
    Drift(
        "a user more",
        reversible(
            lambda lab: lab.admin().user_add("intruder", "a-long-secret-of-its-own"),
            lambda lab: lab.admin().user_remove("intruder"),
        ),
        ("s3.users",),
        ("s3.user.intruder.*",),
    ),
    Drift(
        "a user of another secret",
        reversible(
            lambda lab: lab.admin().user_add(FLOWS, "a-long-secret-of-its-own"),
            lambda lab: lab.admin().user_add(FLOWS, lab.lake.secrets["S3_FLOWS_SECRET_KEY"]),
        ),
        (f"s3.reach.{FLOWS}.gold.get",),
        (f"s3.reach.{FLOWS}.*", f"s3.user.{FLOWS}.*"),
    ),
    Drift(
        "a file of other rows",
        _put("gold", PARQUET, _parquet),
        (f"{GOLD}.rows", f"{GOLD}.columns", f"{GOLD}.content"),
        (f"{GOLD}.*",),
    ),
    Drift(
        "a policy that allows to write",
        _policy(READER, '"s3:GetObject"', '"s3:GetObject", "s3:PutObject"'),
        (
            f"s3.policy.{READER}.statements",
            f"s3.reach.{READER}.gold.put",
            f"s3.reach.{READER}.gold.begin-upload",
        ),
        (REACH,),
    ),
    Drift(
        "a policy that allows to delete no more",
        _policy(FLOWS, '"s3:DeleteObject"', '"s3:GetObjectRetention"'),
        (f"s3.policy.{FLOWS}.statements", f"s3.reach.{FLOWS}.gold.delete"),
        (f"s3.reach.{FLOWS}.*",),
    ),
    Drift(
        "a policy that allows to set up buckets",
        _policy(
            READER,
            '"s3:GetObject"',
            '"s3:GetObject", "s3:GetLifecycleConfiguration", "s3:PutBucketPolicy", "s3:CreateBucket"',
        ),
        (f"s3.policy.{READER}.statements",),
        (REACH,),
    ),
    Drift(
        "a user with a policy more",
        reversible(
            lambda lab: lab.admin().attach_policy(["readwrite"], user=READER),
            lambda lab: lab.admin().detach_policy(["readwrite"], user=READER),
        ),
        (
            f"s3.user.{READER}.policies",
            f"s3.reach.{READER}.make-bucket",
            f"s3.reach.{READER}.bronze.list",
            f"s3.reach.{READER}.gold.delete-version",
            f"s3.reach.{READER}.gold.read-lifecycle",
            f"s3.reach.{READER}.gold.open-to-all",
        ),
        (REACH,),
    ),
    Drift(
        "a policy more",
        reversible(
            lambda lab: lab.admin().policy_add("extra", policy=json.loads(lab.admin().policy_info(READER))),
            lambda lab: lab.admin().policy_remove("extra"),
        ),
        ("s3.policies",),
    ),
    Drift(
        "the administrator that everyone knows",
        reversible(
            lambda lab: lab.admin().user_add("minioadmin", "minioadmin"),
            lambda lab: lab.admin().user_remove("minioadmin"),
        ),
        ("s3.users", "s3.credentials.default-administrator"),
        ("s3.user.minioadmin.*",),
    ),
    Drift(
        "a user without its policy",
        reversible(
            lambda lab: lab.admin().detach_policy([READER], user=READER),
            lambda lab: lab.admin().attach_policy([READER], user=READER),
        ),
        (
            f"s3.user.{READER}.policies",
            f"s3.reach.{READER}.list-buckets",
            f"s3.reach.{READER}.gold.list",
            f"s3.reach.{READER}.gold.list-versions",
            f"s3.reach.{READER}.gold.get",
            f"s3.reach.{READER}.gold.get-missing",
        ),
        (REACH,),
    ),
)
