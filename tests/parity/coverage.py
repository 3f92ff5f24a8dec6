"""Which keys the drifts flip, and what would flip the others."""

from __future__ import annotations

from typing import Any

from devenv.parity.catalogue import meaning_of, meanings
from devenv.parity.observation import Meaning
from tests.parity.drift import Drift
from tests.parity.live_drifts import LIVE_DRIFTS
from tests.parity.static_drifts import STATIC_DRIFTS

_ENGINE = "another S3 engine, or another release of it"
_RELEASE = "another release of the program"
_RESTART = "a restart with another flag or variable, which `spec` names too"
_ANEW = "a database cluster made with other arguments, which `spec` names too"
_LAKE_WITHOUT = "a store with a key management, replication or events, of which this one has none"
_RUN = "another flow, or another Prefect: a run takes seconds, so the suite leaves the worker alone"

# Key of a meaning -> what would flip it. Only for keys that no drift of the suite flips.
NOT_FLIPPED: dict[str, str] = {
    **dict.fromkeys(
        [
            f"s3.behaviour.{topic}.{{case}}"
            for topic in (
                "get",
                "head",
                "list",
                "versions",
                "put",
                "delete",
                "copy",
                "tags",
                "multipart",
                "presigned",
            )
        ],
        _ENGINE,
    ),
    **dict.fromkeys(["s3.header.server", "s3.version", "s3.drives", "s3.mode"], _ENGINE),
    **dict.fromkeys(
        [
            f"s3.bucket.{{layer}}.{name}"
            for name in (
                "encryption",
                "object-lock",
                "notification",
                "replication",
                "cors",
                "grants",
                "location",
            )
        ],
        _LAKE_WITHOUT,
    ),
    **dict.fromkeys(
        [
            "alertmanager.version",
            "grafana.version",
            "postgres-exporter.version",
            "postgres.version",
            "prefect-server.version",
            "prometheus.version",
            "postgres.build",
            "postgres.extensions.available",
            "postgres.timezones",
            "postgres.behaviour.error.{case}",
            "postgres-exporter.sees-version",
            "prefect-server.behaviour.{case}",
            "prefect-server.block-types",
            "prefect-server.automations",
            "prefect-server.block-documents",
            "prefect-server.work-pool.{pool}.job-template",
            "prefect-server.work-pool.{pool}.type",
            "grafana.plugins-added",
            "{service}.answer.{path*}",
            "{service}.answer-to-put",
            "{service}.headers",
            "prometheus.job.{job}.metrics",
            "prometheus.job.{job}.label-names",
        ],
        _RELEASE,
    ),
    **dict.fromkeys(
        [
            "grafana.setting.{name}",
            "grafana.home-dashboard",
            "grafana.credentials.{attempt}",
            "prefect-server.setting.{name}",
            "prefect-server.client.{name}",
            "prometheus.flag.{flag}",
            "prometheus.retention",
            "prometheus.config-loaded",
            "alertmanager.cluster",
            "alertmanager.templates",
            "postgres-exporter.queries-of-its-own",
            "postgres-exporter.sees-max-connections",
            "{service}.listens.{where}",
            "{service}.ready",
            "prefect-server.work-pool.{pool}.workers-online",
            "prefect-server.work-pool.{pool}.worker-heartbeat",
        ],
        _RESTART,
    ),
    **dict.fromkeys(
        [
            "postgres.behaviour.text.{case}",
            "postgres.database.{database}.encoding",
            "postgres.database.{database}.locale-provider",
            "postgres.database.{database}.collate",
            "postgres.database.{database}.ctype",
            "postgres.in-recovery",
        ],
        _ANEW,
    ),
    **dict.fromkeys(
        [
            f"prefect-worker.run.{{kind}}.{name}"
            for name in (
                "deployment",
                "states",
                "end",
                "message",
                "tries",
                "parameters",
                "work-pool",
                "work-queue",
                "worker",
                "worker-type",
                "tasks",
                "task-states",
                "task-retries",
                "artifacts",
                "artifact-rows",
                "log-lines",
                "log-levels",
            )
        ],
        _RUN,
    ),
    **dict.fromkeys(
        [
            f"prefect-server.deployment.{{deployment}}.{name}"
            for name in (
                "flow",
                "parameter-schema",
                "status",
                "work-pool-name",
                "work-queue-name",
                "pull-steps",
                "concurrency-limit",
            )
        ],
        "a deployment made anew from another seed/lake.toml or seed/flows",
    ),
    **dict.fromkeys(
        ["{service}.spec.probe.period", "{service}.spec.probe.timeout"],
        "another devenv: the stack does not say how the kubelet asks a service that is ready",
    ),
    **dict.fromkeys(
        ["{service}.restart.changes", "{service}.restart.others-started-again"],
        "a service that keeps in memory what belongs on a volume; tried on a platform in memory "
        "(tests/unit/parity/test_restarts.py), for a real restart takes seconds",
    ),
    "prefect-server.deployments": "a deployment more in seed/lake.toml",
    "postgres.behaviour.conflict.{case}": "a server that detects conflicts otherwise",
    "postgres.session.{case}": "another rule of access for the sessions that are tried, or TLS",
    "postgres.role.{role}.login": "ALTER ROLE … NOLOGIN: then the checks that sign in as it fail, and say so",
    "postgres-exporter.up": "an exporter that does not reach its database: `devenv status` says so first",
    "postgres-exporter.error": "a question of the exporter that fails",
    "grafana.database": "a Grafana that has lost its database: `devenv status` says so first",
    "grafana.alert-rules": "an alert rule made by hand",
    "grafana.contact-points": "a contact point made by hand",
}


def flipped() -> set[str]:
    """The meanings that at least one drift is named by."""
    drifts: tuple[Drift[Any], ...] = (*STATIC_DRIFTS, *LIVE_DRIFTS)
    return {meaning_of(key).key for drift in drifts for key in drift.keys}


def not_flipped() -> list[Meaning]:
    """The meanings that no drift is named by."""
    names = flipped()
    return [meaning for meaning in meanings() if meaning.key not in names]
