"""What Alertmanager is set up as, and what becomes of an alert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from devenv.parity.live.http_call import client, got, settled
from devenv.parity.live.rendering import digest, facts, part, text
from devenv.parity.observation import Check, Meaning, Observation, Target

if TYPE_CHECKING:
    import httpx

_LABELS = {"alertname": "DevenvParity", "service": "devenv-parity", "severity": "none"}
_LASTS_S = 60  # an alert that nobody takes back ends by itself
_LISTED_S = 20.0
_WATCHDOG = "Watchdog"
# Alerts wait 5 s for others; what was sent before an Alertmanager was known is sent again after a minute.
_SENT_S = 90.0
_GLOBAL = ("resolve_timeout", "smtp_smarthost", "smtp_from", "slack_api_url", "http_config")


def _setup(target: Target) -> Iterator[Observation]:
    with client(target, "alertmanager", "/api/v2") as api:
        status = got(api, "/status")
        silences = [entry for entry in got(api, "/silences") if entry["status"]["state"] != "expired"]
        receivers = got(api, "/receivers")
    config = yaml.safe_load(status["config"]["original"])
    route = config["route"]
    yield from facts(
        "alertmanager",
        {
            "version": status["versionInfo"]["version"],
            "cluster": status["cluster"]["status"],
            "silences": len(silences),
            "receivers": sorted(entry["name"] for entry in receivers),
            "inhibit-rules": config.get("inhibit_rules", []),
            "mute-intervals": config.get("time_intervals", config.get("mute_time_intervals", [])),
            "templates": config.get("templates", []),
        },
    )
    yield from facts(
        "alertmanager.global", {name.replace("_", "-"): config["global"].get(name) for name in _GLOBAL}
    )
    yield from facts("alertmanager.route", {name.replace("_", "-"): value for name, value in route.items()})
    yield from facts("alertmanager.route", {"branches": len(route.get("routes", []))})
    for receiver in config["receivers"]:
        ways = sorted(f"{way} {digest(settings)}" for way, settings in receiver.items() if way != "name")
        yield Observation(f"alertmanager.receiver.{part(receiver['name'])}", text(ways))


def _alert(target: Target) -> Iterator[Observation]:
    """An alert of our own goes in, is listed and routed, and is taken back."""
    with client(target, "alertmanager", "/api/v2") as api:
        try:
            answer = _post(api, _LASTS_S)
            alerts = settled(lambda: _listed(api), lambda found: bool(found), _LISTED_S)
            groups = settled(lambda: _groups(api), lambda found: bool(found), _LISTED_S)
            unlabelled = api.post("/alerts", json=[{"labels": {}}])
        finally:
            _post(api, 0)
        gone = settled(lambda: _listed(api), lambda found: not found, _LISTED_S)
    first = alerts[0] if alerts else {}
    yield from facts(
        "alertmanager.alert",
        {
            "accepted": answer,
            "labels": first.get("labels"),
            "receivers": [receiver["name"] for receiver in first.get("receivers", [])],
            "silenced-by": first.get("status", {}).get("silencedBy"),
            "inhibited-by": first.get("status", {}).get("inhibitedBy"),
            "grouped-by": [group["labels"] for group in groups],
            "taken-back": not gone,
            "without-labels": unlabelled.status_code,
        },
    )


def _watchdog(target: Target) -> Iterator[Observation]:
    """The alert of Prometheus's own that always fires: it was evaluated, sent, taken and routed."""
    with client(target, "alertmanager", "/api/v2") as api:
        found = settled(
            lambda: got(api, "/alerts", filter=f'alertname="{_WATCHDOG}"'),
            lambda alerts: any(alert["receivers"] for alert in alerts),
            _SENT_S,
        )
    told = [
        {
            "labels": alert["labels"],
            "receivers": [receiver["name"] for receiver in alert["receivers"]],
            "state": alert["status"]["state"],
        }
        for alert in found
    ]
    yield Observation("alertmanager.from-prometheus", text(told))


def _post(api: httpx.Client, seconds: int) -> int:
    end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    return api.post("/alerts", json=[{"labels": _LABELS, "endsAt": end.isoformat()}]).status_code


def _listed(api: httpx.Client) -> Any:
    """The alert, once it has been routed."""
    return [
        alert for alert in got(api, "/alerts", filter='service="devenv-parity"') if alert.get("receivers")
    ]


def _groups(api: httpx.Client) -> Any:
    return got(api, "/alerts/groups", filter='service="devenv-parity"')


CHECKS = (
    Check("alertmanager setup", "alertmanager", _setup),
    Check("alertmanager alert", "alertmanager", _alert),
    Check("alertmanager watchdog", "alertmanager", _watchdog),
)

_CONFIG = "config/alertmanager/alertmanager.yml"
MEANINGS = (
    Meaning("alertmanager.version", "the version that runs", "another one routes otherwise", "compose.yaml"),
    Meaning(
        "alertmanager.cluster",
        "whether it looks for others of its kind",
        "it would open a port for them",
        "compose.yaml",
    ),
    Meaning("alertmanager.silences", "how many silences hold", "a silenced alert reaches nobody", _CONFIG),
    Meaning("alertmanager.receivers", "the names of all receivers", "alerts go to them", _CONFIG),
    Meaning(
        "alertmanager.inhibit-rules",
        "alerts that others suppress",
        "a suppressed alert reaches nobody",
        _CONFIG,
    ),
    Meaning(
        "alertmanager.mute-intervals",
        "times in which alerts are muted",
        "a muted alert reaches nobody",
        _CONFIG,
    ),
    Meaning("alertmanager.templates", "templates of messages", "people read another text", _CONFIG),
    Meaning(
        "alertmanager.global.{name}",
        "a setting for all receivers",
        "how alerts leave, and when they count as over",
        _CONFIG,
    ),
    Meaning(
        "alertmanager.route.{name}",
        "a field of the route that all alerts take",
        "who hears of an alert, when, and with which others",
        _CONFIG,
    ),
    Meaning(
        "alertmanager.receiver.{receiver}",
        "the ways by which a receiver is told, each with a digest of its settings without their secrets",
        "alerts would leave this machine",
        _CONFIG,
    ),
    Meaning(
        "alertmanager.from-prometheus",
        "the alert that always fires, as it has come from Prometheus",
        "rules that fire are of no use unless their alerts arrive",
        "config/prometheus/rules.yml",
    ),
    Meaning(
        "alertmanager.alert.{step}",
        "what becomes of an alert that is sent to it",
        "rules that fire are of no use unless this works",
        _CONFIG,
    ),
)
