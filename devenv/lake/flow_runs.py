"""Runs a deployment through Prefect's REST API and waits for its end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

from devenv.errors import ServiceFailed
from devenv.lake.connection import LakeConnection, prefect_client

POLL_S = 0.2
LOG_LINES = 20
_TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class FlowRun:
    """One finished run: its deployment, its id and name in Prefect, and how long it took from being asked."""

    deployment: str
    id: str
    name: str
    seconds: float


def run_deployment(lake: LakeConnection, name: str, deployment_id: str, deadline: float) -> FlowRun:
    """Run a deployment to its end; `deadline` is on time.monotonic's clock.

    Raises ServiceFailed, with the run's last log lines, where it does not complete in time or at all.
    """
    started = time.monotonic()
    with prefect_client(lake) as client:
        run = _json(client.post(f"/deployments/{deployment_id}/create_flow_run", json={}))
        while (state := run["state"])["type"] not in _TERMINAL:
            if time.monotonic() > deadline:
                _cancel(client, run["id"])
                raise _failure(client, name, run, f"still {state['name']} after {time.monotonic() - started:.0f} s")
            time.sleep(POLL_S)
            run = _json(client.get(f"/flow_runs/{run['id']}"))
        if state["type"] != "COMPLETED":
            raise _failure(client, name, run, f"{state['name']}: {state.get('message') or 'no reason given'}")
    return FlowRun(name, run["id"], run["name"], time.monotonic() - started)


def _failure(client: httpx.Client, name: str, run: dict[str, Any], problem: str) -> ServiceFailed:
    remedy = "see `devenv logs prefect-worker`"
    if run["state"]["type"] in ("SCHEDULED", "PENDING"):
        remedy = "the worker has not taken it up: see `devenv status` and `devenv logs prefect-worker`"
    first_line = problem.strip().splitlines()[0]
    return ServiceFailed(f"flow run {run['name']} of {name}: {first_line}", remedy, _last_lines(client, run["id"]))


def _last_lines(client: httpx.Client, run_id: str) -> str:
    filters = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_DESC", "limit": LOG_LINES}
    try:
        lines = _json(client.post("/logs/filter", json=filters))
    except httpx.HTTPError:
        return ""
    return "\n".join(line["message"] for line in reversed(lines))


def _cancel(client: httpx.Client, run_id: str) -> None:
    """A run that nobody waits for any more is not to start later, unawaited."""
    state = {"state": {"type": "CANCELLING", "message": "devenv stopped waiting for it"}}
    client.post(f"/flow_runs/{run_id}/set_state", json=state)


def _json(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()
