"""Runs the deployments through Prefect's REST API and waits for their ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import httpx

from devenv.errors import ServiceFailed
from devenv.lake.connection import LakeConnection, prefect_client
from devenv.lake.entrypoint import parameter_schema
from devenv.lake.spec import LakeSpec

POLL_S = 0.1
LOG_LINES = 20
LOG_WAIT_S = 3.0
_TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class FlowRun:
    """A run: its deployment, its id and name in Prefect, and how long it took from being asked."""

    deployment: str
    id: str
    name: str
    seconds: float = 0.0  # until it has ended


def run_deployments(
    lake: LakeConnection,
    spec: LakeSpec,
    ids: Mapping[str, str],
    progress: Callable[[str], None],
    deadline: float,
) -> list[FlowRun]:
    """Run every deployment to its end, each after the one before it, in lake.toml's order.

    A flow with a parameter `after` (the id of a run to wait for) is started at once and waits by itself: its
    process is ready when the other ends. `ids` are Prefect's, by deployment; `deadline` is on
    time.monotonic's clock. Raises ServiceFailed, with the run's last log lines, where one does not complete
    in time or at all.
    """
    done: list[FlowRun] = []
    waiting: list[FlowRun] = []
    started = time.monotonic()
    with prefect_client(lake) as client:

        def finish() -> None:
            nonlocal started
            while waiting:
                done.append(_finish(client, waiting[0], started, deadline))
                waiting.pop(0)
                progress(f"flow {done[-1].deployment} completed in {done[-1].seconds:.1f} s")
            started = time.monotonic()

        try:
            for deployment in spec.deployments:
                parameters = {}
                if waiting and "after" in parameter_schema(spec, deployment)["properties"]:
                    parameters["after"] = waiting[-1].id
                else:
                    finish()
                waiting.append(_start(client, deployment.name, ids[deployment.name], parameters))
            finish()
        except BaseException:
            for run in waiting:
                _cancel(client, run.id)
            raise
    return done


def _start(client: httpx.Client, name: str, deployment_id: str, parameters: dict[str, str]) -> FlowRun:
    path = f"/deployments/{deployment_id}/create_flow_run"
    run = _json(client.post(path, json={"parameters": parameters}))
    return FlowRun(name, run["id"], run["name"])


def _finish(client: httpx.Client, run: FlowRun, started: float, deadline: float) -> FlowRun:
    while (state := _json(client.get(f"/flow_runs/{run.id}"))["state"])["type"] not in _TERMINAL:
        if time.monotonic() > deadline:
            said = f"still {state['name']} after {time.monotonic() - started:.0f} s"
            raise _failure(client, run, said, taken=state["type"] not in ("SCHEDULED", "PENDING"))
        time.sleep(POLL_S)
    if state["type"] != "COMPLETED":
        raise _failure(client, run, f"{state['name']}: {state.get('message') or 'no reason given'}")
    return replace(run, seconds=time.monotonic() - started)


def _failure(client: httpx.Client, run: FlowRun, problem: str, taken: bool = True) -> ServiceFailed:
    remedy = "see `devenv logs prefect-worker`"
    if not taken:
        remedy = "the worker has not taken it up: see `devenv status` and `devenv logs prefect-worker`"
    first_line = problem.strip().splitlines()[0]
    log = _last_lines(client, run.id)
    return ServiceFailed(f"flow run {run.name} of {run.deployment}: {first_line}", remedy, log)


def _last_lines(client: httpx.Client, run_id: str) -> str:
    """A run's last log lines; they come a moment after its end, so its last error is waited for a little."""
    filters = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_DESC", "limit": LOG_LINES}
    until = time.monotonic() + LOG_WAIT_S
    while True:
        try:
            lines = _json(client.post("/logs/filter", json=filters))
        except httpx.HTTPError:
            return ""
        if time.monotonic() > until or any(line["level"] >= logging.ERROR for line in lines):
            text = "\n".join(line["message"] for line in reversed(lines))
            return "\n".join(text.splitlines()[-LOG_LINES:])
        time.sleep(POLL_S)


def _cancel(client: httpx.Client, run_id: str) -> None:
    """A run that nobody waits for any more is not to start later, unawaited; one that has ended stays so."""
    state = {"state": {"type": "CANCELLING", "message": "devenv stopped waiting for it"}}
    with suppress(httpx.HTTPError):
        if _json(client.get(f"/flow_runs/{run_id}"))["state"]["type"] not in _TERMINAL:
            client.post(f"/flow_runs/{run_id}/set_state", json=state)


def _json(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()
