"""Drifts of what a mode runs: found without running it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.parity.drift import Drift
from tests.parity.project_copy import Copy

StaticDrift = Drift[Callable[[Copy], None]]
PROMETHEUS = "compose/config/prometheus/prometheus.yml"
RULES = "compose/config/prometheus/rules.yml"
STACK = "compose/compose.yaml"
EVERY_SERVICE = (
    *("s3", "postgres", "prefect-server", "prefect-worker"),
    *("alertmanager", "prometheus", "postgres-exporter", "grafana"),
)


def _override(service: str, **entry: Any) -> Callable[[Copy], None]:
    return lambda copy: copy.override(service, **entry)


def _edit(name: str, old: str, new: str) -> Callable[[Copy], None]:
    return lambda copy: copy.edit(name, old, new)


def _without(service: str) -> Callable[[Copy], None]:
    def change(copy: Copy) -> None:
        file = copy.root / STACK
        entries = re.split(r"(?m)^(?=  [\w-]+:\n|\w)", file.read_text())
        file.write_text("".join(entry for entry in entries if not entry.startswith(f"  {service}:\n")))

    return change


def _health(**entry: Any) -> Callable[[Copy], None]:
    return _override("postgres", healthcheck=entry)


def _all(*changes: Callable[[Copy], None]) -> Callable[[Copy], None]:
    def change(copy: Copy) -> None:
        for each in changes:
            each(copy)

    return change


STATIC_DRIFTS: tuple[StaticDrift, ...] = (
    # -- environment ---------------------------------------------------------------------------
    Drift(
        "a variable has another value",
        _override("prefect-server", environment={"PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "61"}),
        ("prefect-server.spec.environment.prefect_server_services_scheduler_loop_seconds",),
    ),
    Drift(
        "a variable more",
        _override("grafana", environment={"GF_USERS_DEFAULT_THEME": "light"}),
        ("grafana.spec.environment.gf_users_default_theme",),
    ),
    Drift(
        "a variable less",
        _edit(STACK, '      MINIO_UPDATE: "off"\n', ""),
        ("s3.spec.environment.minio_update",),
    ),
    Drift(
        "an address that is not the service's",
        _override("prefect-worker", environment={"AWS_ENDPOINT_URL": "http://s3:9001"}),
        ("prefect-worker.spec.environment.aws_endpoint_url",),
    ),
    Drift(
        "the address of another service",
        _edit(
            STACK,
            "AWS_ENDPOINT_URL: http://${S3_ADDRESS:-s3:9000}",
            "AWS_ENDPOINT_URL: http://${POSTGRES_ADDRESS:-s3:9000}",
        ),
        ("prefect-worker.spec.environment.aws_endpoint_url",),
    ),
    Drift(
        "an address that is right in this mode alone",
        _override("prefect-worker", environment={"PREFECT_API_URL": "http://prefect-server:4200/api"}),
        ("prefect-worker.spec.environment.prefect_api_url",),
    ),
    Drift(
        "another secret",
        _edit(
            STACK,
            "      READER_PASSWORD: ${POSTGRES_READER_PASSWORD:?",
            "      READER_PASSWORD: ${POSTGRES_MONITOR_PASSWORD:?",
        ),
        ("postgres.spec.environment.reader_password",),
    ),
    Drift(
        "a password written down",
        _override("grafana", environment={"GF_SECURITY_ADMIN_PASSWORD": "hunter2"}),
        ("grafana.spec.environment.gf_security_admin_password",),
    ),
    Drift(
        "a password written down in a URL",
        _override(
            "postgres-exporter",
            environment={
                "DATA_SOURCE_NAME": "postgresql://monitor:hunter2@postgres:5432/lakehouse?sslmode=disable"
            },
        ),
        ("postgres-exporter.spec.environment.data_source_name",),
    ),
    # -- services, commands and versions -----------------------------------------------------------------
    Drift("a service less", _without("alertmanager"), ("alertmanager.spec.state",)),
    Drift(
        "another time zone",
        _edit(STACK, " timezone=UTC", " timezone=Europe/Berlin"),
        ("postgres.spec.command",),
    ),
    Drift(
        "another retention",
        _edit(STACK, "--storage.tsdb.retention.time=15d", "--storage.tsdb.retention.time=14d"),
        ("prometheus.spec.command",),
    ),
    Drift(
        "a flag more",
        _edit(
            STACK,
            "      - --web.enable-lifecycle\n",
            "      - --web.enable-lifecycle\n      - --web.enable-admin-api\n",
        ),
        ("prometheus.spec.command",),
    ),
    Drift(
        "another entrypoint",
        _override("prefect-server", entrypoint=["python3", "-m", "prefect"]),
        ("prefect-server.spec.command",),
    ),
    Drift(
        "it listens on one address alone",
        _edit(
            STACK,
            "PREFECT_SERVER_API_HOST: ${PREFECT_SERVER_LISTEN_HOST:-0.0.0.0}",
            "PREFECT_SERVER_API_HOST: 127.0.0.1",
        ),
        ("prefect-server.spec.environment.prefect_server_api_host",),
    ),
    Drift(
        "another minor version",
        _override("postgres", image="postgres:18.5-bookworm"),
        ("postgres.spec.version",),
    ),
    # -- order, readiness, end -----------------------------------------------------------------
    Drift(
        "it waits for one more",
        _override("grafana", depends_on={"postgres": {"condition": "service_healthy"}}),
        ("grafana.spec.depends-on",),
    ),
    Drift(
        "ready means something else",
        _all(
            _edit(STACK, '"http://127.0.0.1:4200/api/ready"', '"http://127.0.0.1:4200/api/health"'),
            _edit(
                STACK,
                "x-ready: {http: {path: /api/ready, port: 4200}}",
                "x-ready: {http: {path: /api/health, port: 4200}}",
            ),
        ),
        ("prefect-server.spec.ready", "prefect-server.spec.health.test"),
    ),
    Drift(
        "readiness without a bucket call",
        _edit(STACK, ", bucket_call: true", ""),
        ("s3.spec.ready.bucket-call",),
    ),
    Drift(
        "another signal to end it",
        _override("postgres", stop_signal="SIGTERM"),
        ("postgres.spec.stop.signal",),
    ),
    Drift("less time to end", _override("s3", stop_grace_period="5s"), ("s3.spec.stop.grace",)),
    Drift("another pause between health checks", _health(interval="5s"), ("postgres.spec.health.interval",)),
    Drift("less time for a health check", _health(timeout="9s"), ("postgres.spec.health.timeout",)),
    Drift("more retries", _health(retries=9), ("postgres.spec.ready.retries",)),
    Drift("less time to start", _health(start_period="9s"), ("postgres.spec.start.period",)),
    Drift(
        "longer pauses until it is ready",
        _health(interval="2s", start_interval="2s"),
        ("postgres.spec.start.interval", "postgres.spec.health.interval"),
    ),
    Drift(
        "a health check that asks in another way",
        _edit("compose/config/health.sh", "HEALTHY_PAUSE=45", "HEALTHY_PAUSE=5"),
        tuple(f"{name}.spec.health.script" for name in EVERY_SERVICE),
    ),
    # -- data and files ------------------------------------------------------------------------
    Drift(
        "data beside the volume",
        _edit(STACK, '"s3-data:/data"', '"s3-data:/data2"'),
        ("s3.spec.volume./data", "s3.spec.volume./data2"),
    ),
    Drift(
        "another volume",
        _edit(STACK, '"alertmanager-data:/alertmanager"', '"prometheus-data:/alertmanager"'),
        ("alertmanager.spec.volume./alertmanager",),
    ),
    Drift(
        "flows that can be written to",
        _edit(STACK, "../seed/flows:/opt/lakehouse/flows:ro", "../seed/flows:/opt/lakehouse/flows"),
        ("prefect-worker.spec.volume./opt/lakehouse/flows",),
    ),
    Drift(
        "an alert with another threshold",
        _edit(RULES, "for: 15s # three", "for: 60s # three"),
        ("prometheus.spec.config./etc/prometheus/rules.yml",),
    ),
    Drift(
        "another scrape interval",
        _edit(PROMETHEUS, "scrape_interval: 5s", "scrape_interval: 15s"),
        ("prometheus.spec.config./etc/prometheus/prometheus.yml",),
    ),
    Drift(
        "a scrape target of another name",
        _edit(PROMETHEUS, "labels: {instance: grafana}", "labels: {instance: dashboards}"),
        ("prometheus.spec.config./etc/prometheus/prometheus.yml",),
    ),
    Drift(
        "alerts in other groups",
        _edit("compose/config/alertmanager/alertmanager.yml", "group_by: [service]", "group_by: [severity]"),
        ("alertmanager.spec.config./etc/alertmanager/alertmanager.yml",),
    ),
    Drift(
        "a data source of another user",
        _edit("compose/config/grafana/datasources.yaml", "user: lakehouse_reader", "user: lakehouse"),
        ("grafana.spec.config./etc/grafana/provisioning/datasources/lakehouse.yaml",),
    ),
    Drift(
        "a dashboard of another name",
        _edit(
            "compose/config/grafana/dashboards/platform.json",
            '"title": "Lakehouse platform"',
            '"title": "Platform"',
        ),
        ("grafana.spec.config./etc/grafana/dashboards/platform.json",),
    ),
    Drift(
        "a role with one grant more",
        lambda copy: copy.edit("compose/config/postgres/roles.sh", "#!/bin/sh\n", "#!/bin/sh\n: grant\n"),
        ("postgres.spec.config./docker-entrypoint-initdb.d/10-roles.sh",),
    ),
    # -- how a container is held -----------------------------------------------------------------
    Drift(
        "published elsewhere",
        _edit(STACK, '"127.0.0.1:${S3_PORT:-9000}:9000"', '"127.0.0.1:${S3_PORT:-9100}:9000"'),
        ("s3.spec.port",),
    ),
    Drift("another user", _override("grafana", user="1000:1000"), ("grafana.spec.user",)),
    Drift(
        "less memory",
        _override("postgres", deploy={"resources": {"limits": {"memory": "512M"}}}),
        ("postgres.spec.limit.memory",),
    ),
    Drift(
        "more cores",
        _override("postgres", deploy={"resources": {"limits": {"cpus": "2"}}}),
        ("postgres.spec.limit.cpus",),
    ),
    Drift("a root that can be written to", _override("s3", read_only=False), ("s3.spec.root.read-only",)),
    Drift("another folder in memory", _override("s3", tmpfs=["/var/tmp"]), ("s3.spec.root.tmpfs",)),  # noqa: S108
    Drift(
        "a capability left",
        _edit(STACK, "cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
        tuple(f"{name}.spec.capabilities.dropped" for name in EVERY_SERVICE),
    ),
    Drift(
        "privileges that can grow",
        _override("s3", security_opt=["seccomp=unconfined"]),
        ("s3.spec.security",),
    ),
    Drift("children that nobody reaps", _override("grafana", init=False), ("grafana.spec.reaped",)),
    Drift("a service that stays away", _override("grafana", restart="no"), ("grafana.spec.restarted",)),
    Drift(
        "less shared memory", _override("postgres", shm_size="64m"), ("postgres.spec.limit.shared-memory",)
    ),
)
