"""What is read out of the services' answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from devenv.endpoints import Endpoint
from devenv.errors import ServiceFailed
from devenv.parity.live import answers, postgres_exporter, prometheus_metrics
from devenv.parity.live.s3_call import S3, Answer
from devenv.parity.observation import Check, Target
from tests.fakes.stacks import entry, stack
from tests.unit.parity.live.conftest import Serve, target

METRICS = """
# HELP pg_up Whether the last scrape could connect.
pg_up 1
postgres_exporter_build_info{branch="",version="0.17.1"} 1
pg_database_size_bytes{datname="prefect"} 7e+06
pg_database_size_bytes{datname="lakehouse"} 8e+06
pg_static{server="10.0.0.1:5432",short_version="18.6.0"} 1
pg_settings_max_connections{server="10.0.0.1:5432"} 200
"""


def test_what_the_exporter_sees(serve: Serve) -> None:
    found = _measured(postgres_exporter.CHECKS[0], serve("postgres-exporter", {"/metrics": METRICS}))
    assert found == {
        "postgres-exporter.version": "0.17.1",
        "postgres-exporter.sees-version": "18.6.0",
        "postgres-exporter.sees-databases": '["lakehouse","prefect"]',
        "postgres-exporter.up": "1",
        "postgres-exporter.error": "none",
        "postgres-exporter.sees-max-connections": "200",
        "postgres-exporter.queries-of-its-own": "no",
    }


def test_metrics_that_nobody_asks_for_or_that_come_with_events_do_not_count(serve: Serve) -> None:
    target_ = {"labels": {"job": "s3"}, "health": "up"}
    series = [
        {"metric": {"__name__": name, "job": "s3", "api": "x"}}
        for name in ("minio_cluster_health_status", "minio_s3_requests_4xx_errors_total", "up")
    ]
    asked = serve(
        "prometheus",
        {
            "/api/v1/targets": json.dumps({"data": {"activeTargets": [target_]}}),
            "/api/v1/query?query=%7Bjob%3D%22s3%22%7D": json.dumps({"data": {"result": series}}),
        },
    )
    rules = {"content": "expr: up == 0 or rate(minio_s3_requests_4xx_errors_total[1m]) > 0"}
    mounted = [{"source": "rules", "target": "/rules.yml"}]
    written = stack(
        {name: entry(configs=mounted) for name in ("prometheus", "grafana")}, configs={"rules": rules}
    )
    found = _measured(prometheus_metrics.CHECKS[0], replace(asked, written=written))
    assert found["prometheus.job.s3.metrics"] == '["up"]'
    assert found["prometheus.job.s3.label-names"] == '["api","job"]'


def test_a_port_that_is_open_on_127_0_0_1_alone_is_told_so(serve: Serve) -> None:
    check = next(check for check in answers.CHECKS if check.name == "s3 listens")
    assert _measured(check, serve("s3", {})) == {
        "s3.listens.host": "127.0.0.1",
        "s3.listens.other-loopback": "no",
        "s3.listens.ipv6": "no",
    }


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, {}, b"<Code>NotAnError</Code>"), "200"),
        (Answer(404, {}, b"<Error><Code>NoSuchKey</Code></Error>"), "404 NoSuchKey"),
        (Answer(403, {}, b'<Error xmlns="http://x/"><Code>AccessDenied</Code></Error>'), "403 AccessDenied"),
        (Answer(404, {}, b""), "404"),
        (Answer(502, {}, b"<html>Bad <b>Gateway"), "502"),
    ],
)
def test_the_outcome_of_a_call_is_its_status_and_code(answer: Answer, outcome: str) -> None:
    assert answer.outcome == outcome


def test_a_store_that_does_not_answer_is_an_expected_error() -> None:
    nobody = target(s3=Endpoint("s3", "http", "127.0.0.1", 1))
    with pytest.raises(ServiceFailed, match=r"s3 at 127\.0\.0\.1:1"):
        S3(nobody)("GET")


def _measured(check: Check, asked: Target) -> dict[str, str]:
    return {one.key: one.value for one in check.measure(asked)}
