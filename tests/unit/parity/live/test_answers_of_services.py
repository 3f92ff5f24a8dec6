"""What is read out of the services' answers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from devenv.endpoints import Endpoint
from devenv.errors import ServiceFailed
from devenv.parity.live import alertmanager, answers, postgres_exporter, prefect_server, prometheus_metrics
from devenv.parity.live.s3_call import S3, Answer
from devenv.parity.observation import Check, Target
from tests.fakes.stacks import entry, stack
from tests.unit.parity.live.conftest import Reply, Serve, target

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


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_store_that_is_coming_up_or_going_down_is_an_expected_error(serve: Serve, status: int) -> None:
    asked = serve("s3", {"/": Reply(status)})
    with pytest.raises(ServiceFailed, match=f"GET answered {status}"):
        S3(asked)("GET")


def test_any_other_error_of_the_store_is_a_fact(serve: Serve) -> None:
    assert S3(serve("s3", {"/": Reply(500)}))("GET").outcome == "500"


def test_what_is_declared_in_prefect_counts_and_its_ids_and_times_do_not(serve: Serve) -> None:
    def told(**values: object) -> str:
        entry = {"id": "1", "created": "today", "name": "extra", "value": 1, "tags": [], **values}
        filters = {f"/api{path}": "[]" for path, _ in prefect_server._FILTERS.values()}
        asked = serve("prefect-server", {**filters, "/api/variables/filter": json.dumps([entry])})
        check = next(check for check in prefect_server.CHECKS if check.name == "prefect declarations")
        return _measured(check, asked)["prefect-server.variables"]

    assert told(value="a secret").startswith('["extra ')
    assert "a secret" not in told(value="a secret")
    assert told(value=2) != told()
    assert told(id="2", created="tomorrow") == told()


def test_an_automation_tells_what_it_runs_by_name(serve: Serve) -> None:
    def told(identity: str, name: str) -> str:
        fields = dict.fromkeys(prefect_server._DECLARED["automations"])
        run = {**fields, "id": "1", "name": "again", "actions": [{"deployment_id": identity}]}
        filters = {f"/api{path}": "[]" for path, _ in prefect_server._FILTERS.values()}
        deployment = {"id": identity, "name": name}
        given = {"automations": [run], "deployments": [deployment]}
        given_ = {f"/api/{kind}/filter": json.dumps(found) for kind, found in given.items()}
        check = next(check for check in prefect_server.CHECKS if check.name == "prefect declarations")
        asked = serve("prefect-server", {**filters, **given_})
        return _measured(check, asked)["prefect-server.automations"]

    first, second = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    assert told(first, "daily") == told(second, "daily")
    assert told(first, "daily") != told(first, "clean")


def test_a_receiver_that_tells_another_address_is_another_one(serve: Serve) -> None:
    def told(receiver: dict[str, object]) -> str:
        config = json.dumps({"global": {}, "route": {}, "receivers": [{"name": "someone", **receiver}]})
        status = {
            "config": {"original": config},
            "versionInfo": {"version": "1"},
            "cluster": {"status": "disabled"},
        }
        paths = {"/status": status, "/silences": [], "/receivers": []}
        answers_ = {f"/api/v2{path}": json.dumps(answer) for path, answer in paths.items()}
        found = _measured(alertmanager.CHECKS[0], serve("alertmanager", answers_))
        return found["alertmanager.receiver.someone"]

    assert told({}) == "[]"
    assert told({"webhook_configs": [{"url": "a"}]}).startswith('["webhook_configs ')
    assert told({"webhook_configs": [{"url": "a"}]}) != told({"webhook_configs": [{"url": "b"}]})


def _measured(check: Check, asked: Target) -> dict[str, str]:
    return {one.key: one.value for one in check.measure(asked)}
