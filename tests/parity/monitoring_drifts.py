"""Drifts in Prometheus, Alertmanager and Grafana: another configuration, or a call of their API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from devenv import yaml_text
from devenv.clock import Deadline
from devenv.ready import wait_until
from tests.parity.drift import Drift
from tests.parity.lab import Lab, LiveChange

PROMETHEUS = "prometheus/etc/prometheus/prometheus.yml"
RULES = "prometheus/etc/prometheus/rules.yml"
ALERTMANAGER = "alertmanager/etc/alertmanager/alertmanager.yml"
DASHBOARD = "grafana/etc/grafana/dashboards/platform.json"
SOURCES = "grafana/etc/grafana/provisioning/datasources/lakehouse.yaml"
RULE = "prometheus.rule.services-servicedown"
BOARD = "grafana.dashboard.platform"
# Of a job that is gone, renamed, or has only begun to be scraped.
OF_JOBS = ("prometheus.job.*", "prometheus.up", "prometheus.jobs")


def _config(file: str, change: Callable[[Any], None], read: Callable[[Lab], None]) -> LiveChange:
    """Another content of a configuration file, which the service then reads again."""

    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        path = lab.config / file
        before = path.read_text()
        document = yaml_text.parse(before)  # JSON is YAML, too
        change(document)
        try:
            path.write_text(json.dumps(document))
            read(lab)
            yield
        finally:
            path.write_text(before)
            read(lab)

    return changed


def _prometheus(file: str, change: Callable[[Any], None]) -> LiveChange:
    return _config(file, change, _read_by_prometheus)


def _read_by_prometheus(lab: Lab) -> None:
    """Until it scrapes what it was told to, has asked each target once, and evaluated each rule."""
    before = datetime.now(UTC).isoformat()
    lab.http("prometheus", "POST", "/-/reload")
    config = yaml_text.parse((lab.config / PROMETHEUS).read_text())
    jobs = {job["job_name"] for job in config["scrape_configs"]}
    told = len(config.get("alerting", {}).get("alertmanagers", ()))

    def asked(path: str) -> Any:
        return lab.http("prometheus", "GET", f"/api/v1/{path}").json()["data"]

    def settled() -> str | None:
        targets = asked("targets")["activeTargets"]
        rules = [rule for group in asked("rules")["groups"] for rule in group["rules"]]
        if {target["labels"]["job"] for target in targets} != jobs:
            return "it scrapes other jobs"
        if len(asked("alertmanagers")["activeAlertmanagers"]) != told:
            return "it has other alertmanagers"
        if min(target["lastScrape"] for target in targets) < before:
            return "not yet scraped"
        health = {entry["health"] for entry in [*targets, *rules]}
        return "not yet asked, or not evaluated" if "unknown" in health else None

    wait_until(settled, Deadline.after(60))


def _alertmanager(change: Callable[[Any], None]) -> LiveChange:
    def read(lab: Lab) -> None:
        lab.http("alertmanager", "POST", "/-/reload")

    return _config(ALERTMANAGER, change, read)


def _dashboard(change: Callable[[Any], None]) -> LiveChange:
    def read(lab: Lab) -> None:
        """Grafana looks for files that have changed every ten seconds."""
        wanted = json.loads((lab.config / DASHBOARD).read_text())

        def seen() -> str | None:
            found = _grafana(lab, "GET", "/api/dashboards/uid/platform")["dashboard"]
            names = ("title", "panels", "refresh", "tags", "time", "templating")
            return None if all(found.get(name) == wanted.get(name) for name in names) else "not read yet"

        wait_until(seen, Deadline.after(60))

    return _config(DASHBOARD, change, read)


def _sources(change: Callable[[Any], None]) -> LiveChange:
    def read(lab: Lab) -> None:
        _grafana(lab, "POST", "/api/admin/provisioning/datasources/reload")

    return _config(SOURCES, change, read)


def _grafana(lab: Lab, method: str, path: str, body: Any = None) -> Any:
    user = ("admin", lab.lake.secrets["GRAFANA_ADMIN_PASSWORD"])
    return lab.http("grafana", method, path, json=body, auth=user).json()


def _of_grafana(path: str, body: Any, gone: Callable[[Any], str]) -> LiveChange:
    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        made = _grafana(lab, "POST", path, body)
        try:
            yield
        finally:
            _grafana(lab, "DELETE", gone(made))

    return changed


def _silenced(alert: str) -> LiveChange:
    @contextmanager
    def changed(lab: Lab) -> Iterator[None]:
        now = datetime.now(UTC)
        silence = {
            "matchers": [{"name": "alertname", "value": alert, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "a test",
            "comment": "a drift",
        }
        made = lab.http("alertmanager", "POST", "/api/v2/silences", json=silence).json()
        try:
            yield
        finally:
            lab.http("alertmanager", "DELETE", f"/api/v2/silence/{made['silenceID']}")

    return changed


def _rule(number: int, **values: Any) -> Callable[[Any], None]:
    return lambda document: document["groups"][0]["rules"][number].update(values)


def _first(document: Any) -> Any:
    return document["groups"][0]["rules"][0]


def _without_job(name: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        jobs = document["scrape_configs"]
        document["scrape_configs"] = [job for job in jobs if job["job_name"] != name]

    return change


def _job(document: Any, name: str) -> Any:
    return next(job for job in document["scrape_configs"] if job["job_name"] == name)


def _renamed_target(document: Any) -> None:
    _job(document, "grafana")["static_configs"][0]["labels"]["instance"] = "dashboards"


DRIFTS: tuple[Drift[LiveChange], ...] = (
    # -- Prometheus ----------------------------------------------------------------------------------
    Drift("an alert with another threshold", _prometheus(RULES, _rule(0, expr="up < 1")), (f"{RULE}.expr",)),
    Drift("an alert that waits longer", _prometheus(RULES, _rule(0, **{"for": "60s"})), (f"{RULE}.for",)),
    Drift(
        "an alert of another severity",
        _prometheus(RULES, lambda document: _first(document)["labels"].update(severity="info")),
        (f"{RULE}.labels",),
    ),
    Drift(
        "an alert with another text",
        _prometheus(RULES, lambda document: _first(document)["annotations"].update(summary="x")),
        (f"{RULE}.annotations",),
    ),
    Drift(
        "an alert that fires",
        _prometheus(RULES, _rule(0, expr="up == 1", **{"for": "0s"})),
        (f"{RULE}.state", "prometheus.alerts-firing"),
        (f"{RULE}.expr", f"{RULE}.for", *OF_JOBS),
    ),
    Drift(
        "other groups of rules",
        _prometheus(RULES, lambda document: document["groups"][0].update(name="extra")),
        ("prometheus.rule-groups",),
        ("prometheus.rule.*",),
    ),
    Drift(
        "an external label",
        _prometheus(PROMETHEUS, lambda document: document["global"].update(external_labels={"site": "x"})),
        ("prometheus.global.external_labels",),
    ),
    Drift(
        "scraped less often",
        _prometheus(PROMETHEUS, lambda document: document["global"].update(scrape_interval="6s")),
        ("prometheus.global.scrape_interval", "prometheus.job.grafana.scrape"),
        OF_JOBS,
    ),
    Drift(
        "alerts that go nowhere",
        _prometheus(PROMETHEUS, lambda document: document.pop("alerting")),
        ("prometheus.alertmanagers",),
    ),
    Drift(
        "a scrape job less", _prometheus(PROMETHEUS, _without_job("grafana")), ("prometheus.jobs",), OF_JOBS
    ),
    Drift(
        "a scrape target of another name",
        _prometheus(PROMETHEUS, _renamed_target),
        ("prometheus.job.grafana.labels", "prometheus.job.grafana.configured-targets"),
        OF_JOBS,
    ),
    Drift(
        "a scrape of another path",
        _prometheus(PROMETHEUS, lambda document: _job(document, "grafana").update(metrics_path="/missing")),
        (
            "prometheus.job.grafana.health",
            "prometheus.job.grafana.error",
            "prometheus.job.grafana.url",
            "prometheus.up",
        ),
        (*OF_JOBS, "prometheus.alerts-firing"),  # that Grafana is down, fifteen seconds later
    ),
    Drift(
        "a label that would be dropped",  # a real one would stay in the answers for five minutes
        _prometheus(
            PROMETHEUS,
            lambda document: _job(document, "grafana").update(
                metric_relabel_configs=[{"regex": "no_such_label", "action": "labeldrop"}]
            ),
        ),
        ("prometheus.job.grafana.relabel",),
        OF_JOBS,
    ),
    Drift(
        "an alert that goes on",
        _prometheus(RULES, _rule(0, keep_firing_for="1m")),
        (f"{RULE}.keep-firing-for",),
    ),
    Drift(
        "a rule that records",
        _prometheus(
            RULES, lambda document: document["groups"][0]["rules"].append({"record": "extra", "expr": "1"})
        ),
        ("prometheus.rule.services-extra.type", "prometheus.rule.services-extra.health"),
        ("prometheus.rule.*",),
    ),
    # -- Alertmanager ---------------------------------------------------------------------------------
    Drift(
        "alerts in other groups",
        _alertmanager(lambda document: document["route"].update(group_by=["severity"])),
        ("alertmanager.route.group-by", "alertmanager.alert.grouped-by"),
    ),
    Drift(
        "alerts that wait longer",
        _alertmanager(lambda document: document["route"].update(group_wait="6s")),
        ("alertmanager.route.group-wait",),
    ),
    Drift(
        "alerts that come back sooner",
        _alertmanager(lambda document: document["route"].update(repeat_interval="1h")),
        ("alertmanager.route.repeat-interval",),
    ),
    Drift(
        "a receiver more",
        _alertmanager(lambda document: document["receivers"].append({"name": "extra"})),
        ("alertmanager.receivers",),
        ("alertmanager.receiver.extra",),
    ),
    Drift(
        "alerts that take longer to resolve",
        _alertmanager(lambda document: document.update({"global": {"resolve_timeout": "6m"}})),
        ("alertmanager.global.resolve-timeout",),
    ),
    Drift(
        "alerts that others suppress",
        _alertmanager(
            lambda document: document.update(
                inhibit_rules=[
                    {"source_matchers": ["severity=critical"], "target_matchers": ["severity=info"]}
                ]
            )
        ),
        ("alertmanager.inhibit-rules",),
    ),
    Drift(
        "times without alerts",
        _alertmanager(
            lambda document: document.update(
                time_intervals=[{"name": "extra", "time_intervals": [{"weekdays": ["sunday"]}]}]
            )
        ),
        ("alertmanager.mute-intervals",),
    ),
    Drift(
        "a receiver that is told",
        _alertmanager(
            lambda document: document["receivers"][0].update(webhook_configs=[{"url": "http://127.0.0.1:1/"}])
        ),
        ("alertmanager.receiver.this-machine",),
    ),
    Drift("a silence", _silenced("Extra"), ("alertmanager.silences",)),
    Drift(
        "an alert that is silenced",
        _silenced("Watchdog"),
        ("alertmanager.silences", "alertmanager.from-prometheus"),
    ),
    # -- Grafana --------------------------------------------------------------------------------------
    Drift(
        "a dashboard with one panel less",
        _dashboard(lambda document: document["panels"].pop()),
        (f"{BOARD}.panels", f"{BOARD}.panel.19.title", f"{BOARD}.panel.19.definition"),
        (f"{BOARD}.panel.19.*",),
    ),
    Drift(
        "a dashboard of another name",
        _dashboard(lambda document: document.update(title="Extra")),
        (f"{BOARD}.title",),
    ),
    Drift(
        "a dashboard that is refreshed less often",
        _dashboard(lambda document: document.update(refresh="1m")),
        (f"{BOARD}.refresh",),
    ),
    Drift(
        "a panel with another query",
        _dashboard(lambda document: document["panels"][2]["targets"][0].update(expr="vector(0) > 1")),
        (f"{BOARD}.panel.3.definition", f"{BOARD}.panel.3.query.a"),
    ),
    Drift(
        "a panel that draws otherwise, elsewhere",
        _dashboard(
            lambda document: document["panels"][2].update(
                type="gauge", gridPos={"h": 4, "w": 3, "x": 20, "y": 1}
            )
        ),
        (f"{BOARD}.panel.3.type", f"{BOARD}.panel.3.place"),
        (f"{BOARD}.panel.3.definition",),
    ),
    Drift(
        "a data source more",
        _of_grafana(
            "/api/datasources",
            {
                "uid": "extra",
                "name": "Extra",
                "type": "prometheus",
                "access": "proxy",
                "url": "http://127.0.0.1:1",
            },
            lambda made: "/api/datasources/uid/extra",
        ),
        ("grafana.data-sources",),
        ("grafana.data-source.extra.*",),
    ),
    Drift(
        "an account of a program more",
        _of_grafana(
            "/api/serviceaccounts",
            {"name": "extra", "role": "Viewer"},
            lambda made: f"/api/serviceaccounts/{made['id']}",
        ),
        ("grafana.service-accounts",),
    ),
    Drift(
        "a dashboard more",
        _of_grafana(
            "/api/dashboards/db",
            {"dashboard": {"uid": "extra", "title": "Extra", "panels": []}, "overwrite": True},
            lambda made: "/api/dashboards/uid/extra",
        ),
        ("grafana.dashboards",),
        ("grafana.dashboard.extra.*",),
    ),
    Drift(
        "a data source of another user",
        _sources(lambda document: document["datasources"][1].update(user="lakehouse")),
        ("grafana.data-source.lakehouse.user",),
        ("grafana.data-source.lakehouse.health", f"{BOARD}.panel.*"),
    ),
    Drift(
        "a data source with another step",
        _sources(lambda document: document["datasources"][0]["jsonData"].update(timeInterval="6s")),
        ("grafana.data-source.prometheus.jsondata",),
    ),
    Drift(
        "a user of Grafana more",
        _of_grafana(
            "/api/admin/users",
            {"name": "extra", "login": "extra", "password": "a-long-secret-of-its-own"},
            lambda made: f"/api/admin/users/{made['id']}",
        ),
        ("grafana.users",),
    ),
    Drift(
        "an organisation more",
        _of_grafana("/api/orgs", {"name": "extra"}, lambda made: f"/api/orgs/{made['orgId']}"),
        ("grafana.organisations",),
    ),
)
