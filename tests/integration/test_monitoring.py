"""Prometheus, Alertmanager and Grafana of a running platform: what is watched, what an outage sets off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import httpx
import psutil
import pytest

from tests.integration.clone import Clone, eventually

pytestmark = pytest.mark.real
CannotTest = Callable[[str, str], NoReturn]


@pytest.fixture
def watched(platform: Clone, cannot_test: CannotTest) -> Clone:
    """The platform, with its monitoring."""
    return _watched(platform, cannot_test)


def _watched(platform: Clone, cannot_test: CannotTest) -> Clone:
    for name in ("prometheus", "alertmanager", "postgres-exporter"):
        entry = platform.services()[name]
        if entry["state"] == "left out":
            cannot_test(platform.mode, entry["detail"])
    return platform


def test_prometheus_reaches_every_target(watched: Clone) -> None:
    def all_up() -> str | None:
        found = watched.get("prometheus", "/api/v1/targets").json()["data"]["activeTargets"]
        health = {target["labels"]["instance"]: target["health"] for target in found}
        expected = set(watched.states()) - {"postgres", "prefect-worker"}
        return None if health == dict.fromkeys(expected, "up") else str(health)

    eventually(all_up)


def test_the_rule_for_a_service_that_is_down_is_loaded(watched: Clone) -> None:
    groups = watched.get("prometheus", "/api/v1/rules").json()["data"]["groups"]
    rules = [(rule["name"], rule["health"]) for group in groups for rule in group["rules"]]
    assert rules
    assert {name for name, _ in rules} == {"ServiceDown", "Watchdog"}
    assert {health for _, health in rules} <= {"ok", "unknown"}


def test_an_alert_of_prometheus_reaches_alertmanager(watched: Clone) -> None:
    def arrived() -> str | None:
        found = watched.get("alertmanager", "/api/v2/alerts?active=true").json()
        names = [alert["labels"]["alertname"] for alert in found]
        return None if "Watchdog" in names else str(names)

    eventually(arrived)


def test_a_service_that_hangs_raises_an_alert_until_it_answers_again(
    local_platform: Clone, cannot_test: CannotTest
) -> None:
    watched = _watched(local_platform, cannot_test)
    assert alerts(watched) == {}
    exporter = psutil.Process(watched.pids()["postgres-exporter"])
    exporter.suspend()
    try:
        eventually(lambda: None if "postgres-exporter" in alerts(watched) else str(alerts(watched)))
        assert alerts(watched)["postgres-exporter"]["labels"]["alertname"] == "ServiceDown"
        assert watched.services()["postgres-exporter"]["state"] == "unhealthy"
        watched.devenv("status", code=1)
    finally:
        exporter.resume()
    eventually(lambda: str(alerts(watched)) if alerts(watched) else None)
    assert set(watched.states().values()) == {"ready"}


def test_grafana_has_its_sources_and_the_dashboard(platform: Clone, cannot_test: CannotTest) -> None:
    if "grafana" not in platform.states():
        if "GRAFANA_HOME" in platform.environ:
            pytest.fail("GRAFANA_HOME is set, and Grafana is left out")
        pytest.skip("there is no Grafana here: GRAFANA_HOME is not set")
    variables = platform.variables()
    login = (variables["GRAFANA_USER"], variables["GRAFANA_PASSWORD"])
    with httpx.Client(base_url=variables["GRAFANA_URL"], auth=login, timeout=60, trust_env=False) as grafana:
        sources = grafana.get("/api/datasources").json()
        assert {source["type"] for source in sources} >= {"prometheus"}
        for source in sources:
            health = grafana.get(f"/api/datasources/uid/{source['uid']}/health").json()
            assert health["status"] == "OK", (source["name"], health)
        dashboard = grafana.get("/api/dashboards/uid/platform").raise_for_status().json()
        assert dashboard["meta"]["provisioned"] is True


def alerts(clone: Clone) -> dict[str, Any]:
    """The alerts of services that Alertmanager has, by service."""
    active = clone.get("alertmanager", '/api/v2/alerts?active=true&filter=alertname="ServiceDown"').json()
    return {alert["labels"]["service"]: alert for alert in active}
