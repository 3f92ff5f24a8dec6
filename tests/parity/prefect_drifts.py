"""Drifts in Prefect, through its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.parity.drift import Drift
from tests.parity.lab import Lab, LiveChange, reversible

DEPLOYMENT = "prefect-server.deployment.daily-candles"
POOL = "prefect-server.work-pool.lakehouse"


def _deployment(**values: Any) -> LiveChange:
    """Other values of the deployment daily-candles."""

    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        before = _found(lab)
        try:
            lab.prefect("PATCH", f"/deployments/{before['id']}", values)
            yield
        finally:
            lab.prefect("PATCH", f"/deployments/{before['id']}", {name: before[name] for name in values})

    return changed


def _schedule(**values: Any) -> LiveChange:
    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        found = _found(lab)
        before = found["schedules"][0]
        path = f"/deployments/{found['id']}/schedules/{before['id']}"
        try:
            lab.prefect("PATCH", path, values)
            yield
        finally:
            lab.prefect("PATCH", path, {name: before[name] for name in values})

    return changed


def _found(lab: Lab) -> Mapping[str, Any]:
    found: Mapping[str, Any] = lab.prefect("GET", "/deployments/name/daily-candles/daily-candles")
    return found


def _pool(undo: Mapping[str, Any], **values: Any) -> LiveChange:
    return reversible(
        lambda lab: lab.prefect("PATCH", "/work_pools/lakehouse", values),
        lambda lab: lab.prefect("PATCH", "/work_pools/lakehouse", undo),
    )


def _made(path: str, body: Mapping[str, Any], gone: str) -> LiveChange:
    return reversible(lambda lab: lab.prefect("POST", path, body), lambda lab: lab.prefect("DELETE", gone))


@contextmanager
def _flow_more(lab: Lab) -> Iterator[None]:
    made = lab.prefect("POST", "/flows/", {"name": "extra"})
    try:
        yield
    finally:
        lab.prefect("DELETE", f"/flows/{made['id']}")


DRIFTS: tuple[Drift[LiveChange], ...] = (
    Drift(
        "a deployment with another schedule",
        _schedule(schedule={"cron": "0 4 * * *", "timezone": "UTC"}),
        (f"{DEPLOYMENT}.schedule",),
    ),
    Drift(
        "a deployment in another time zone",
        _schedule(schedule={"cron": "0 3 * * *", "timezone": "Europe/Berlin"}),
        (f"{DEPLOYMENT}.schedule",),
    ),
    Drift(
        "a schedule that is off",
        _schedule(active=False),
        (f"{DEPLOYMENT}.schedule",),
    ),
    Drift(
        "a deployment that is paused",
        _deployment(paused=True),
        (f"{DEPLOYMENT}.paused",),
        (f"{DEPLOYMENT}.*",),
    ),
    Drift(
        "a deployment with another parameter",
        _deployment(parameters={"volatility_days": 14}),
        (f"{DEPLOYMENT}.parameters",),
        ("prefect-server.behaviour.*",),
    ),
    Drift("a deployment with a tag", _deployment(tags=["extra"]), (f"{DEPLOYMENT}.tags",)),
    Drift(
        "a deployment of another function",
        _deployment(entrypoint="daily.py:other"),
        (f"{DEPLOYMENT}.entrypoint",),
    ),
    Drift(
        "a deployment with other job variables",
        _deployment(job_variables={"env": {"EXTRA": "1"}}),
        (f"{DEPLOYMENT}.job-variables",),
    ),
    Drift("a deployment of another version", _deployment(version="extra"), (f"{DEPLOYMENT}.version",)),
    Drift(
        "a deployment with another description",
        _deployment(description="extra"),
        (f"{DEPLOYMENT}.description",),
    ),
    Drift("a deployment in another folder", _deployment(path="/extra"), (f"{DEPLOYMENT}.path",)),
    Drift(
        "a deployment that takes bad parameters",
        _deployment(enforce_parameter_schema=False),
        (f"{DEPLOYMENT}.enforce-parameter-schema",),
        ("prefect-server.behaviour.bad-parameter",),
    ),
    Drift(
        "a work pool with few runs at once",
        _pool({"concurrency_limit": None}, concurrency_limit=1),
        (f"{POOL}.concurrency-limit",),
    ),
    Drift(
        "a work pool that is paused",
        _pool({"is_paused": False}, is_paused=True),
        (f"{POOL}.is-paused", f"{POOL}.status"),
        (f"{POOL}.*", "prefect-server.deployment.*.status"),
    ),
    Drift(
        "a work queue more",
        _made("/work_pools/lakehouse/queues/", {"name": "extra"}, "/work_pools/lakehouse/queues/extra"),
        (f"{POOL}.queue.extra.status", f"{POOL}.queue.extra.priority"),
        (f"{POOL}.queue.*",),
    ),
    Drift(
        "a work pool more",
        _made("/work_pools/", {"name": "extra", "type": "process"}, "/work_pools/extra"),
        ("prefect-server.work-pools",),
        ("prefect-server.work-pool.extra.*",),
    ),
    Drift("a flow more", _flow_more, ("prefect-server.flows",)),
    Drift(
        "a variable of Prefect more",
        _made("/variables/", {"name": "extra", "value": "1"}, "/variables/name/extra"),
        ("prefect-server.variables",),
    ),
    Drift(
        "a limit of concurrency more",
        _made("/v2/concurrency_limits/", {"name": "extra", "limit": 1}, "/v2/concurrency_limits/extra"),
        ("prefect-server.concurrency-limits",),
    ),
    Drift(
        "a limit of a tag's concurrency more",
        _made(
            "/concurrency_limits/", {"tag": "extra", "concurrency_limit": 1}, "/concurrency_limits/tag/extra"
        ),
        ("prefect-server.tag-concurrency-limits",),
        ("prefect-server.concurrency-limits",),
    ),
)
