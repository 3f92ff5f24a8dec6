"""What Prefect is set up as: version, settings, work pool, queues, deployments, and what else is declared."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devenv.parity.live.http_call import client, got, posted
from devenv.parity.live.rendering import digest, facts, part, symbolic, text
from devenv.parity.observation import Check, Meaning, Observation, Target

if TYPE_CHECKING:
    pass

# Below the server's own settings, where no other word stands first; addresses and paths are a mode's own.
_SETTINGS = (
    *("analytics_enabled", "metrics_enabled", "logging_level", "register_blocks_on_start", "ui.enabled"),
    *("api.auth_string", "api.csrf_protection_enabled", "api.cors_allowed_origins", "api.base_path"),
    *("api.default_limit", "api.keepalive_timeout", "api.max_parameter_size", "concurrency.lease_storage"),
    *("database.migrate_on_start", "database.timeout", "database.connection_timeout"),
    *("database.sqlalchemy.pool_size", "database.sqlalchemy.max_overflow", "docket.url"),
    *("ephemeral.enabled", "events.messaging_broker", "events.retention_period"),
    *("deployment_schedule_max_scheduled_runs", "services.scheduler.enabled"),
    *("services.scheduler.loop_seconds", "services.scheduler.max_runs", "services.scheduler.min_runs"),
    *("services.scheduler.max_scheduled_time", "services.late_runs.enabled"),
    *("services.late_runs.after_seconds", "services.foreman.enabled", "services.foreman.loop_seconds"),
    *("services.triggers.enabled", "services.event_persister.enabled"),
    *("services.task_run_recorder.enabled", "services.db_vacuum.enabled"),
    *("services.db_vacuum.retention_period",),
)
SCHEDULED_S = 6.0
_FILTERS = {  # what is declared beside the flows: its path, and the field that names it
    "flows": ("/flows/filter", "name"),
    "work-pools": ("/work_pools/filter", "name"),
    "deployments": ("/deployments/filter", "name"),
    "concurrency-limits": ("/v2/concurrency_limits/filter", "name"),
    "tag-concurrency-limits": ("/concurrency_limits/filter", "tag"),
    "block-documents": ("/block_documents/filter", "name"),
    "variables": ("/variables/filter", "name"),
    "automations": ("/automations/filter", "name"),
    "block-types": ("/block_types/filter", "slug"),
}
# Of these, what is declared beside the name; the server gives secrets of block documents masked.
_DECLARED = {
    "concurrency-limits": ("limit", "active", "slot_decay_per_second"),
    "tag-concurrency-limits": ("concurrency_limit",),
    "block-documents": ("block_type_name", "data", "is_anonymous"),
    "variables": ("value", "tags"),
    "automations": (
        *("description", "enabled", "tags", "trigger"),
        *("actions", "actions_on_trigger", "actions_on_resolve"),
    ),
}
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _settings(target: Target) -> Iterator[Observation]:
    with client(target, "prefect-server", "/api") as api:
        yield Observation("prefect-server.version", text(got(api, "/admin/version")))
        settings = got(api, "/admin/settings")
    server = settings["server"]
    for name in _SETTINGS:
        found: Any = server
        for word in name.split("."):
            found = found.get(word, "unknown") if isinstance(found, Mapping) else "unknown"
        yield from facts("prefect-server.setting", {name.replace(".", "-").replace("_", "-"): found})
    yield from facts(
        "prefect-server.client",
        {
            "orchestration-telemetry": settings["cloud"]["enable_orchestration_telemetry"],
            "log-batch-seconds": settings["logging"]["to_api"]["batch_interval"],
            "results-persisted": settings["results"]["persist_by_default"],
            "api-url": symbolic(target, text(settings["api"]["url"])),
        },
    )


def _declared(target: Target) -> Iterator[Observation]:
    with client(target, "prefect-server", "/api") as api:
        found = {name: posted(api, path) for name, (path, _) in _FILTERS.items()}
    names = {entry["id"]: str(entry[_FILTERS[name][1]]) for name in found for entry in found[name]}
    for name, entries in found.items():
        told = sorted(_told(name, entry, names) for entry in entries)
        yield Observation(f"prefect-server.{name}", text(digest(told) if len(told) > 20 else told))


def _told(kind: str, entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """An entry's name with a digest of what it declares, in which `names` stand for the random ids."""
    name = str(entry[_FILTERS[kind][1]])
    if kind not in _DECLARED:
        return name
    declared = json.dumps({field: entry[field] for field in _DECLARED[kind]}, sort_keys=True)
    return f"{name} {digest(_ID.sub(lambda found: names.get(found[0], 'id'), declared))}"


def _pools(target: Target) -> Iterator[Observation]:
    with client(target, "prefect-server", "/api") as api:
        for pool in posted(api, "/work_pools/filter"):
            prefix = f"prefect-server.work-pool.{part(pool['name'])}"
            values = {name: pool[name] for name in ("type", "status", "is_paused", "concurrency_limit")}
            yield from facts(prefix, {name.replace("_", "-"): value for name, value in values.items()})
            yield Observation(f"{prefix}.job-template", digest(pool["base_job_template"]))
            workers = posted(api, f"/work_pools/{pool['name']}/workers/filter")
            online = sorted(worker["name"] for worker in workers if worker["status"] == "ONLINE")
            yield Observation(f"{prefix}.workers-online", text(online))
            beat = sorted({worker["heartbeat_interval_seconds"] for worker in workers})
            yield Observation(f"{prefix}.worker-heartbeat", text(beat))
            for queue in posted(api, f"/work_pools/{pool['name']}/queues/filter"):
                values = {
                    name: queue[name] for name in ("status", "is_paused", "concurrency_limit", "priority")
                }
                yield from facts(
                    f"{prefix}.queue.{part(queue['name'])}",
                    {name.replace("_", "-"): value for name, value in values.items()},
                )


def _deployments(target: Target) -> Iterator[Observation]:
    with client(target, "prefect-server", "/api") as api:
        flows = {flow["id"]: flow["name"] for flow in posted(api, "/flows/filter")}
        for found in posted(api, "/deployments/filter"):
            schedules = [
                {"active": entry["active"], "parameters": entry["parameters"], **entry["schedule"]}
                for entry in found["schedules"]
            ]
            values = {
                "flow": flows[found["flow_id"]],
                **{name.replace("_", "-"): found[name] for name in _FIELDS},
                "schedule": schedules,
                "parameter-schema": found["parameter_openapi_schema"],
            }
            yield from facts(f"prefect-server.deployment.{part(found['name'])}", values)


_FIELDS = {
    "entrypoint": "the file and the function that run",
    "parameters": "the parameters of a run that names none",
    "tags": "its tags",
    "paused": "whether its schedule rests",
    "status": "whether a worker asks for its runs",
    "work_pool_name": "the work pool that runs it",
    "work_queue_name": "the queue that it waits in",
    "pull_steps": "what the worker does before a run",
    "job_variables": "what it changes of the pool's job template",
    "concurrency_limit": "how many of its runs may go at once",
    "enforce_parameter_schema": "whether bad parameters are refused",
    "description": "its description",
    "version": "its version",
    "path": "the folder that its entrypoint is in",
}


def _behaviour(target: Target) -> Iterator[Observation]:
    nothing = "00000000-0000-4000-8000-000000000000"
    with client(target, "prefect-server", "/api") as api:
        deployments = {entry["name"]: entry["id"] for entry in posted(api, "/deployments/filter")}
        daily = deployments.get("daily-candles", nothing)
        # A deployment that does not enforce its schema makes a run of it: one that no worker takes up.
        tomorrow = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
        bad = {
            "parameters": {"volatility_days": "seven"},
            "state": {"type": "SCHEDULED", "state_details": {"scheduled_time": tomorrow}},
        }
        answers = {
            "missing-flow-run": api.get(f"/flow_runs/{nothing}"),
            "missing-deployment": api.post(f"/deployments/{nothing}/create_flow_run", json={}),
            "missing-work-pool": api.get("/work_pools/missing"),
            "malformed-id": api.get("/flow_runs/none"),
            "malformed-filter": api.post("/flow_runs/filter", json={"limit": -1}),
            "bad-parameter": api.post(f"/deployments/{daily}/create_flow_run", json=bad),
            "bad-schedule": api.post(
                f"/deployments/{daily}/schedules", json=[{"schedule": {"cron": "no cron"}, "active": False}]
            ),
        }
        if answers["bad-parameter"].status_code == 201:
            api.delete(f"/flow_runs/{answers['bad-parameter'].json()['id']}").raise_for_status()
    yield from facts(
        "prefect-server.behaviour", {name: answer.status_code for name, answer in answers.items()}
    )


CHECKS = (
    Check("prefect settings", "prefect-server", _settings),
    Check("prefect declarations", "prefect-server", _declared),
    Check("prefect work pools", "prefect-server", _pools),
    Check("prefect deployments", "prefect-server", _deployments),
    Check("prefect answers", "prefect-server", _behaviour),
)

_STACK = "compose.yaml"
_LAKE = "lake.toml"


def _pool(name: str, what: str, why: str) -> Meaning:
    return Meaning(f"prefect-server.work-pool.{{pool}}.{name}", what, why, _LAKE)


MEANINGS = (
    Meaning(
        "prefect-server.version",
        "the version of Prefect that runs",
        "another one schedules and retries otherwise",
        _STACK,
    ),
    Meaning(
        "prefect-server.setting.{name}",
        "the server's setting",
        "schedules, limits, clean-up and telemetry depend on it",
        _STACK,
    ),
    Meaning(
        "prefect-server.client.{name}",
        "a setting that clients beside the server take over",
        "runs report, log and keep results by it",
        _STACK,
    ),
    *(
        Meaning(
            f"prefect-server.{name}",
            "the names of all that there are"
            + (", each with a digest of what it declares" if name in _DECLARED else "")
            + "; a digest of more than 20",
            "what is declared in one mode alone is found there alone",
            _LAKE,
        )
        for name in _FILTERS
    ),
    _pool("type", "how its runs are started", "a process sees other files than a container"),
    _pool("status", "whether a worker asks for its runs", "runs wait for ever without"),
    _pool("is-paused", "whether it rests", "runs wait for ever then"),
    _pool("concurrency-limit", "how many runs may go at once", "runs wait, or overload the machine"),
    _pool("job-template", "a digest of what a run can be given", "a deployment's variables have to fit it"),
    _pool("workers-online", "the workers that ask for its runs", "runs wait for ever without"),
    _pool("worker-heartbeat", "seconds between two signs of life", "how soon a dead worker is known"),
    _pool(
        "queue.{queue}.{field}", "a field of one of its queues", "runs wait in queues, by priority and limit"
    ),
    Meaning(
        "prefect-server.deployment.{deployment}.flow",
        "the flow that it runs",
        "schedules run the wrong code otherwise",
        _LAKE,
    ),
    Meaning(
        "prefect-server.deployment.{deployment}.schedule",
        "when it runs, in which time zone, with what",
        "a day's candles are made too early, or never",
        _LAKE,
    ),
    Meaning(
        "prefect-server.deployment.{deployment}.parameter-schema",
        "the parameters that it takes, with their types",
        "a call that fits one mode is refused in another",
        "seed/flows",
    ),
    *(
        Meaning(
            f"prefect-server.deployment.{{deployment}}.{name.replace('_', '-')}",
            what,
            "a run is another one otherwise",
            _LAKE,
        )
        for name, what in _FIELDS.items()
    ),
    Meaning(
        "prefect-server.behaviour.{case}",
        "the status of the answer to such a call",
        "clients decide by it what to do",
        _STACK,
    ),
)
