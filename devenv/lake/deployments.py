"""Declares the flows' deployments through Prefect's REST API; one that is as declared is not touched."""

from __future__ import annotations

import time
from typing import Any

import httpx

from devenv.errors import ServiceFailed
from devenv.lake.connection import LakeConnection, prefect_client
from devenv.lake.entrypoint import parameter_schema
from devenv.lake.spec import DeploymentSpec, LakeSpec

POOL_WAIT_S = 20.0

# The worker finds the flows in a folder of its own, which its environment names: so the deployment is the
# same wherever the worker runs.
PULL_STEPS = [{"prefect.deployments.steps.set_working_directory": {"directory": "{{ $LAKEHOUSE_FLOWS }}"}}]


def apply_deployments(lake: LakeConnection, spec: LakeSpec) -> tuple[dict[str, str], list[str]]:
    """Make the deployments so; gives their ids by name, and what was changed, a line each.

    A worker that is starting has POOL_WAIT_S to make the work pool. Raises LakeError for a flow that is not
    there, ServiceFailed where there is no pool.
    """
    bodies = [(deployment, _body(spec, deployment)) for deployment in spec.deployments]
    ids, changes = {}, []
    with prefect_client(lake) as client:
        for deployment, body in bodies:
            there = _there(client, deployment)
            if there is None or not _same(there, body):
                _wait_for_pool(lake, client, spec.work_pool)
                flow = _post(client, "/flows/", {"name": deployment.flow})
                there = _post(client, "/deployments/", {**body, "flow_id": flow["id"]})
                changes.append(f"deployment {deployment.flow}/{deployment.name} written")
            ids[deployment.name] = str(there["id"])
    return ids, changes


def _body(spec: LakeSpec, deployment: DeploymentSpec) -> dict[str, Any]:
    return {
        "name": deployment.name,
        "work_pool_name": spec.work_pool,
        "entrypoint": deployment.entrypoint,
        "pull_steps": PULL_STEPS,
        "schedules": [{"schedule": {"cron": deployment.cron, "timezone": spec.timezone}, "active": True}],
        "parameters": dict(deployment.parameters),
        "parameter_openapi_schema": parameter_schema(spec, deployment),
        "enforce_parameter_schema": True,
        "paused": False,
    }


def _there(client: httpx.Client, deployment: DeploymentSpec) -> dict[str, Any] | None:
    response = client.get(f"/deployments/name/{deployment.flow}/{deployment.name}")
    if response.status_code == httpx.codes.NOT_FOUND:
        return None
    response.raise_for_status()
    found: dict[str, Any] = response.json()
    return found


def _same(there: dict[str, Any], body: dict[str, Any]) -> bool:
    """Whether a deployment is as declared; Prefect gives a schedule back with fields of its own added."""
    schedules = [
        {
            "schedule": {name: item["schedule"].get(name) for name in ("cron", "timezone")},
            "active": item["active"],
        }
        for item in there["schedules"]
    ]
    return {**{name: there.get(name) for name in body}, "schedules": schedules} == body


def _wait_for_pool(lake: LakeConnection, client: httpx.Client, pool: str) -> None:
    deadline = time.monotonic() + POOL_WAIT_S
    while client.get(f"/work_pools/{pool}").status_code == httpx.codes.NOT_FOUND:
        if time.monotonic() > deadline:
            raise ServiceFailed(
                f"{lake.prefect.service} at {lake.prefect.address}: there is no work pool {pool}",
                "the worker makes it when it starts: see `devenv logs prefect-worker`",
            )
        time.sleep(0.2)


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = client.post(path, json=body)
    response.raise_for_status()
    made: dict[str, Any] = response.json()
    return made
