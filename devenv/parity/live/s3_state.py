"""What the store is set up as: its version, the buckets' configuration, the users and their policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from devenv.lake.connection import minio_admin
from devenv.parity.live.rendering import facts, part, text
from devenv.parity.live.s3_call import Answer, admin, lake
from devenv.parity.live.s3_scratch import PREFIX
from devenv.parity.observation import Check, Meaning, Observation, Target

_ABSENT = "none"  # where the store says that there is no such configuration


def _buckets(target: Target) -> Iterator[Observation]:
    s3 = admin(target)
    listed = s3("GET")
    yield Observation("s3.header.server", text(listed.headers.get("server")))
    names = [name for name in listed.texts("Name") if not name.startswith(PREFIX)]
    yield Observation("s3.buckets", text(sorted(names)))
    for spec in target.spec.buckets:
        bucket = spec.name(target.environment)
        for name, (query, read) in _CONFIGURATION.items():
            answer = s3("GET", bucket, query={query: ""})
            said = _ABSENT if answer.status == 404 and answer.code != "NoSuchBucket" else answer.outcome
            yield Observation(
                f"s3.bucket.{spec.layer}.{name}", text(read(answer) if answer.status == 200 else said)
            )


def _lifecycle(answer: Answer) -> Any:
    """The rules by name, each with what it says, in the order of the names."""
    rules = {}
    for rule in answer.elements("Rule"):
        said = {e.tag.rpartition("}")[2]: e.text.strip() for e in rule.iter() if e.text and e.text.strip()}
        rules[said.pop("ID", "")] = said
    return rules


def _tags(answer: Answer) -> Any:
    return dict(zip(answer.texts("Key"), answer.texts("Value"), strict=False)) or _ABSENT


def _grants(answer: Answer) -> Any:
    return sorted(answer.texts("Permission"))


def _policy(answer: Answer) -> Any:
    return ordered(json.loads(answer.body))


def _first(element: str) -> Callable[[Answer], Any]:
    return lambda answer: answer.text(element) or _ABSENT


# name in the key -> (the query, how its answer is read)
_CONFIGURATION: dict[str, tuple[str, Callable[[Answer], Any]]] = {
    "versioning": ("versioning", _first("Status")),
    "lifecycle": ("lifecycle", _lifecycle),
    "encryption": ("encryption", _first("SSEAlgorithm")),
    "policy": ("policy", _policy),
    "tags": ("tagging", _tags),
    "object-lock": ("object-lock", _first("ObjectLockEnabled")),
    "notification": ("notification", lambda answer: sorted(answer.texts("Event")) or _ABSENT),
    "replication": ("replication", lambda answer: sorted(answer.texts("Status")) or _ABSENT),
    "cors": ("cors", lambda answer: sorted(answer.texts("AllowedOrigin")) or _ABSENT),
    "grants": ("acl", _grants),
    "location": ("location", _first("LocationConstraint")),
}


def _users(target: Target) -> Iterator[Observation]:
    if target.s3_engine != "minio":
        return  # SeaweedFS has no API for its users: what they reach tells of them
    ask = minio_admin(lake(target))
    info = json.loads(ask.info())
    yield Observation("s3.version", text(info["servers"][0]["version"]))
    yield Observation("s3.drives", text(info["backend"]["totalDrivesPerSet"]))
    yield Observation("s3.mode", text(info["mode"]))
    users = json.loads(ask.user_list())
    yield Observation("s3.users", text(sorted(users)))
    for name, user in users.items():
        values = {"status": user["status"], "policies": user.get("policyName")}
        yield from facts(f"s3.user.{part(name)}", values)
    policies = json.loads(ask.policy_list())
    yield Observation("s3.policies", text(sorted(policies)))
    for name in sorted(set(policies) & set(users)):
        yield from facts(f"s3.policy.{part(name)}", {"statements": ordered(policies[name])})


def ordered(document: Any) -> Any:
    """A policy with its lists sorted: a store gives them back in any order."""
    if isinstance(document, dict):
        return {name: ordered(value) for name, value in document.items()}
    if isinstance(document, list):
        return sorted((ordered(item) for item in document), key=lambda item: json.dumps(item, sort_keys=True))
    return document


CHECKS = (Check("s3 buckets", "s3", _buckets), Check("s3 users", "s3", _users))

_LAKE = "lake.toml"


def _bucket(name: str, what: str, why: str) -> Meaning:
    return Meaning(f"s3.bucket.{{layer}}.{name}", what, why, _LAKE)


MEANINGS = (
    Meaning(
        "s3.header.server",
        "the program that the store says it is",
        "another engine is another store",
        "compose.yaml",
    ),
    Meaning(
        "s3.version", "the version of MinIO that runs", "another version answers otherwise", "compose.yaml"
    ),
    Meaning("s3.drives", "drives of each set of MinIO", "durability and quorum depend on it", "compose.yaml"),
    Meaning(
        "s3.mode",
        "whether the store is online as a whole",
        "a store in safe mode refuses writes",
        "compose.yaml",
    ),
    Meaning("s3.buckets", "the names of all buckets", "clients address them by name", _LAKE),
    Meaning("s3.users", "the names of all users but the administrator", "a user too many is a way in", _LAKE),
    Meaning(
        "s3.policies", "the names of all policies", "a policy too many can be attached by mistake", _LAKE
    ),
    Meaning(
        "s3.user.{user}.status", "whether the user may sign in", "a disabled user stops the flows", _LAKE
    ),
    Meaning(
        "s3.user.{user}.policies", "the policies that the user has", "they are all that it may do", _LAKE
    ),
    Meaning(
        "s3.policy.{user}.statements", "what the user's policy allows", "one action more is a hole", _LAKE
    ),
    _bucket(
        "versioning",
        "whether each write keeps the version before it",
        "what a flow overwrites is gone without",
    ),
    _bucket(
        "lifecycle",
        "the rules by which objects and versions expire",
        "they delete data, or let it grow for ever",
    ),
    _bucket("encryption", "what the store encrypts new objects with", "the cloud may demand it"),
    _bucket("policy", "the bucket's own policy", "it opens the bucket to others, even to everyone"),
    _bucket("tags", "the bucket's tags", "rules of cost and access select by them"),
    _bucket(
        "object-lock", "whether objects can be locked against deletion", "a locked object breaks a rewrite"
    ),
    _bucket("notification", "the events that the bucket sends", "something else would run at each write"),
    _bucket("replication", "the state of its replication rules", "data would leave the platform"),
    _bucket("cors", "the web pages that may read it", "a browser could read the lake"),
    _bucket("grants", "the permissions of its access control list", "it is another way to open a bucket"),
    _bucket("location", "the region that it answers with", "clients sign for a region"),
)
