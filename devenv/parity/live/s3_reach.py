"""What each user of the store may do in each bucket of the lake, found by trying it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from devenv.parity.live.rendering import part
from devenv.parity.live.s3_call import S3, Answer, admin
from devenv.parity.live.s3_scratch import FOLDER, PREFIX, empty, remove_bucket
from devenv.parity.observation import Check, Meaning, Observation, Target

_THERE = f"{FOLDER}there"

# What is tried with each bucket: `own` is a key of that user alone, `kept` a version by the administrator.
_ACTIONS: dict[str, Callable[[S3, str, str, str], Answer]] = {
    "list": lambda s3, bucket, own, kept: s3("GET", bucket, query={"list-type": "2", "prefix": FOLDER}),
    "list-versions": lambda s3, bucket, own, kept: s3(
        "GET", bucket, query={"versions": "", "prefix": FOLDER}
    ),
    "get": lambda s3, bucket, own, kept: s3("GET", bucket, _THERE),
    "get-missing": lambda s3, bucket, own, kept: s3("GET", bucket, f"{FOLDER}missing"),
    "put": lambda s3, bucket, own, kept: s3("PUT", bucket, own, body=b"tried"),
    "delete": lambda s3, bucket, own, kept: s3("DELETE", bucket, own),
    "delete-version": lambda s3, bucket, own, kept: s3("DELETE", bucket, own, query={"versionId": kept}),
    "begin-upload": lambda s3, bucket, own, kept: s3("POST", bucket, own, query={"uploads": ""}),
    "read-lifecycle": lambda s3, bucket, own, kept: s3("GET", bucket, query={"lifecycle": ""}),
    "open-to-all": lambda s3, bucket, own, kept: s3("PUT", bucket, query={"policy": ""}, body=b"no policy"),
}


def _reach(target: Target) -> Iterator[Observation]:
    """Tried below a prefix that no flow reads, which is emptied before and after."""
    s3 = admin(target)
    buckets = {spec.layer: spec.name(target.environment) for spec in target.spec.buckets}
    try:
        for bucket in buckets.values():
            empty(s3, bucket, FOLDER)
            s3("PUT", bucket, _THERE, body=b"there")
        for name, user in _users(target).items():
            prefix = f"s3.reach.{part(name)}"
            yield Observation(f"{prefix}.list-buckets", user("GET").outcome)
            own_bucket = f"{PREFIX}of-{name}"
            yield Observation(f"{prefix}.make-bucket", user("PUT", own_bucket).outcome)
            remove_bucket(s3, own_bucket)
            for layer, bucket in buckets.items():
                own = f"{FOLDER}{name}"
                kept = s3("PUT", bucket, own, body=b"kept").headers.get("x-amz-version-id", "null")
                for action, attempt in _ACTIONS.items():
                    outcome = attempt(user, bucket, own, kept).outcome
                    yield Observation(f"{prefix}.{layer}.{action}", outcome)
    finally:
        for bucket in buckets.values():
            empty(s3, bucket, FOLDER)


def _users(target: Target) -> dict[str, S3]:
    declared = {user.name: S3(target, user.name, target.secrets[user.secret]) for user in target.spec.users}
    return {"admin": admin(target), **declared, "anonymous": S3(target)}


def _credentials(target: Target) -> Iterator[Observation]:
    bucket = target.spec.buckets[0].name(target.environment)
    user = target.spec.users[0]
    attempts = {
        "wrong-secret": S3(target, user.name, "wrong-secret-of-a-user"),
        "unknown-user": S3(target, "nobody-of-this-name", "wrong-secret-of-a-user"),
        "default-administrator": S3(target, "minioadmin", "minioadmin"),
    }
    for name, s3 in attempts.items():
        yield Observation(f"s3.credentials.{name}", s3("GET", bucket, query={"list-type": "2"}).outcome)


CHECKS = (Check("s3 reach", "s3", _reach), Check("s3 credentials", "s3", _credentials))

_SOURCE = "lake.toml"
_REACH = {
    "list": ("list objects", "a listing tells what there is"),
    "list-versions": ("list versions", "deleted data are found by them"),
    "get": ("read an object", "the lake's layers are for different readers"),
    "get-missing": ("learn that an object is missing", "code tells 404 from 403 to know what to do"),
    "put": ("write an object", "a reader that writes spoils the lake"),
    "delete": ("delete an object", "a reader that deletes spoils the lake"),
    "delete-version": ("delete a version for ever", "versions are what undoes a mistake"),
    "begin-upload": ("begin a multipart upload", "large files are written by it"),
    "read-lifecycle": ("read the rules of a bucket", "it is of no concern to a flow"),
    "open-to-all": (
        "write a bucket's policy (none that is well-formed is sent)",
        "it would open the bucket to everyone",
    ),
}
MEANINGS = (
    *(
        Meaning(f"s3.reach.{{user}}.{{layer}}.{action}", f"whether the user may {what}", why, _SOURCE)
        for action, (what, why) in _REACH.items()
    ),
    Meaning(
        "s3.reach.{user}.list-buckets", "whether the user may list buckets", "it tells what there is", _SOURCE
    ),
    Meaning(
        "s3.reach.{user}.make-bucket",
        "whether the user may make a bucket",
        "only the administrator is to",
        _SOURCE,
    ),
    Meaning(
        "s3.credentials.{attempt}",
        "the answer to these wrong credentials",
        "clients tell a wrong key from a wrong reach by it; a default password is an open door",
        "compose.yaml",
    ),
)
