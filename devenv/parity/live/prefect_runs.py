"""Two runs of the lake's own flows, from start to end: one completes, one fails, tries again and fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devenv.errors import ServiceFailed
from devenv.lake.spec import bucket_name
from devenv.parity.live.http_call import client, got, posted, settled
from devenv.parity.live.rendering import facts, text
from devenv.parity.live.s3_call import admin
from devenv.parity.live.s3_scratch import empty
from devenv.parity.observation import Check, Meaning, Observation, Target

if TYPE_CHECKING:
    import httpx

TAG = "devenv-parity"
RUN_S = 90.0  # at most
REPORT_S = 10.0  # task states and logs come after a run's end
_ENDS = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
# The record of a dataset without raw files: the flow has a task clean it away, and touches nothing else.
_GONE = "_lineage/symbol=PARITY/"
# A run that never was, to wait for: the flow fails before it reads or writes anything.
_FAILS = {"after": "00000000-0000-4000-8000-000000000000"}


def _completes(target: Target) -> Iterator[Observation]:
    s3, silver = admin(target), bucket_name("silver", target.environment)
    empty(s3, silver, _GONE)
    try:
        s3("PUT", silver, f"{_GONE}interval=1h.json", body=b"{}")
        body = {"parameters": {"symbols": ["PARITY"]}}
        yield from _observed(target, "clean-candles", "complete", body, tasks=1)
    finally:
        empty(s3, silver, _GONE)


def _fails(target: Target) -> Iterator[Observation]:
    policy = {"retries": 1, "retry_delay": 0}
    body = {"parameters": _FAILS, "empirical_policy": policy}
    yield from _observed(target, "daily-candles", "fail", body, tasks=0)


def _observed(
    target: Target, deployment: str, kind: str, body: Mapping[str, Any], tasks: int
) -> Iterator[Observation]:
    """Facts of a new run; `tasks` is how many to wait for, as their states come after the run's end."""
    tags = [TAG, f"{TAG}-{kind}"]
    with client(target, "prefect-server", "/api") as api:
        _forget(api, tags)
        flow = deployment  # both have the flow's name
        identity = got(api, f"/deployments/name/{flow}/{deployment}")["id"]
        run = posted(api, f"/deployments/{identity}/create_flow_run", {**body, "tags": tags})
        try:
            run = settled(lambda: got(api, f"/flow_runs/{run['id']}"), _ended, RUN_S)
            if not _ended(run):
                raise ServiceFailed(
                    f"prefect-worker: flow run {run['name']} of {deployment} is still {run['state_name']} "
                    f"after {RUN_S:.0f} s",
                    "see `devenv logs prefect-worker`",
                )
            yield from facts(
                f"prefect-worker.run.{kind}", {"deployment": deployment, **_facts(api, run, tasks)}
            )
        finally:
            _forget(api, tags)


def _ended(run: Mapping[str, Any]) -> bool:
    return (run.get("state_type") or "") in _ENDS


def _facts(api: httpx.Client, run: Mapping[str, Any], expected: int) -> dict[str, Any]:
    of_run = {"flow_runs": {"id": {"any_": [run["id"]]}}}

    def all_ended(found: list[dict[str, Any]]) -> bool:
        return len(found) >= expected and all(task["state_type"] in _ENDS for task in found)

    tasks = settled(lambda: posted(api, "/task_runs/filter", of_run), all_ended, REPORT_S)
    logs = settled(lambda: _logs(api, run["id"]), _complete, REPORT_S)
    end = max((index for index, line in enumerate(logs) if _is_end(line)), default=len(logs))
    artifacts = posted(api, "/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    return {
        "states": _states(api, "flow", run["id"]),
        "end": run["state_name"],
        "message": (run["state"].get("message") or "").partition("\n")[0],
        "tries": run["run_count"],
        "parameters": run["parameters"],
        "work-pool": run["work_pool_name"],
        "work-queue": run["work_queue_name"],
        "worker": run["labels"].get("prefect.worker.name"),
        "worker-type": run["labels"].get("prefect.worker.type"),
        "tasks": sorted(task["name"].rpartition("-")[0] for task in tasks),
        "task-states": sorted(_states(api, "task", task["id"]) for task in tasks),
        "task-retries": sorted(
            text([task["empirical_policy"]["retries"], task["empirical_policy"]["retry_delay"]])
            for task in tasks
        ),
        "artifacts": sorted(
            f"{artifact['key']} {artifact['type']}" for artifact in artifacts if artifact["key"]
        ),
        "artifact-rows": [json.loads(artifact["data"]) for artifact in artifacts if artifact["key"]],
        "log-lines": end + 1 if logs else 0,
        "log-levels": sorted({line["level"] for line in logs[: end + 1]}),
    }


def _logs(api: httpx.Client, run: str) -> list[dict[str, Any]]:
    """What the run's own process has logged; the worker's lines about it come at any time."""
    body = {"logs": {"flow_run_id": {"any_": [run]}}, "sort": "TIMESTAMP_ASC", "limit": 200}
    lines = posted(api, "/logs/filter", body)
    return [line for line in lines if line["name"] != "prefect.flow_runs.worker"]


def _complete(logs: list[dict[str, Any]]) -> bool:
    return any(_is_end(line) for line in logs)


def _is_end(line: Mapping[str, Any]) -> bool:
    return bool(line["name"] == "prefect.flow_runs" and line["message"].startswith("Finished in state"))


def _states(api: httpx.Client, kind: str, run: str) -> str:
    """The names of a run's states in the order of time."""
    states = got(api, f"/{kind}_run_states/", **{f"{kind}_run_id": run})
    return ",".join(state["name"] for state in sorted(states, key=lambda state: state["timestamp"]))


def _forget(api: httpx.Client, tags: list[str]) -> None:
    """Deletes the runs of these tags with what they left; one that is still going stays for the next time."""
    body = {"flow_runs": {"tags": {"all_": tags}}}
    for run in posted(api, "/flow_runs/filter", body):
        if run["state_type"] in ("PENDING", "RUNNING", "CANCELLING"):
            continue
        of_run = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
        for artifact in posted(api, "/artifacts/filter", of_run):
            api.delete(f"/artifacts/{artifact['id']}")
        api.delete(f"/flow_runs/{run['id']}")


CHECKS = (
    Check("prefect run that completes", "prefect-worker", _completes),
    Check("prefect run that fails", "prefect-worker", _fails),
)

_WHAT = {
    "deployment": "the deployment that was run",
    "states": "the states that the run went through",
    "end": "the state that it ended in",
    "message": "what it ended with",
    "tries": "how often it was begun",
    "parameters": "the parameters that it had",
    "work-pool": "the work pool that it came from",
    "work-queue": "the queue that it waited in",
    "worker": "the worker that took it up",
    "worker-type": "how it was started",
    "tasks": "the tasks that it ran",
    "task-states": "the states that its tasks went through",
    "task-retries": "how often its tasks may try again, and after how many seconds",
    "artifacts": "the artifacts that it made",
    "artifact-rows": "what its artifacts say",
    "log-lines": "how many lines it logged",
    "log-levels": "how grave they were: 20 information, 30 warning, 40 error",
}
MEANINGS = tuple(
    Meaning(
        f"prefect-worker.run.{{kind}}.{name}",
        f"{what}; `complete` is a run that cleans a dataset away, `fail` one with bad parameters and a retry",
        "it takes worker, server, database and store together to run a flow",
        "seed/flows",
    )
    for name, what in _WHAT.items()
)
