"""What was seeded is compared with what is there; users reach no further than declared."""

from __future__ import annotations

import json
import subprocess
import sys

import lake as flows_lake
import pytest

from devenv.endpoints import Endpoint
from devenv.lake.connection import LakeConnection
from devenv.lake.ledger import LakeState
from devenv.lake.spec import LakeSpec
from devenv.lake.users import policy

RECORDED = LakeState({"gold": {"a": "1", "b": "2"}}, {"t": [2, "9"]})


@pytest.fixture
def lake() -> LakeConnection:
    endpoint = Endpoint("s3", "http", "127.0.0.1", 1)
    return LakeConnection(endpoint, endpoint, endpoint, {"S3_ROOT_PASSWORD": "hidden-thing"})


@pytest.mark.parametrize(
    ("state", "held"),
    [
        (LakeState({"gold": {"a": "1", "b": "2", "others": "3"}}, {"t": [2, "9"]}), True),
        (LakeState({"gold": {"a": "1"}}, {"t": [2, "9"]}), False),
        (LakeState({"gold": {"a": "1", "b": "x"}}, {"t": [2, "9"]}), False),
        (LakeState({"gold": {"a": "1", "b": "2"}}, {"t": [2, "8"]}), False),
        (LakeState({}, {}), False),
    ],
)
def test_what_was_deleted_or_changed_by_hand_is_noticed(state: LakeState, held: bool) -> None:
    assert state.holds(RECORDED) is held


def test_secrets_are_never_shown(lake: LakeConnection) -> None:
    assert "hidden-thing" not in repr(lake)


def test_the_reader_reaches_silver_and_gold_and_writes_nothing(lake: LakeConnection, spec: LakeSpec) -> None:
    reader = json.dumps(policy(lake, spec.users[1]))
    assert "bronze" not in reader
    assert all(word not in reader for word in ("Put", "Delete", "*:", '"s3:*"'))


def test_the_flows_user_cannot_touch_the_buckets_themselves(lake: LakeConnection, spec: LakeSpec) -> None:
    flows = json.dumps(policy(lake, spec.users[0]))
    assert "s3:PutObject" in flows
    assert all(word not in flows for word in ("DeleteBucket", "PutBucket", "PutLifecycle", "PutEncryption"))


def test_the_flows_use_the_prefixes_that_are_declared(spec: LakeSpec) -> None:
    assert {(item.layer, item.prefix) for item in spec.datasets} == {
        ("bronze", flows_lake.CANDLES),
        ("bronze", flows_lake.REJECTED),
        ("silver", flows_lake.CANDLES),
        ("gold", flows_lake.DAILY_CANDLES),
    }


def test_the_declaration_and_the_fingerprint_need_no_client_library() -> None:
    code = (
        "import sys, devenv.lake.spec, devenv.lake.fingerprint, devenv.lake.connection\n"
        "print([name for name in ('minio', 'psycopg', 'httpx', 'polars', 'prefect') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
