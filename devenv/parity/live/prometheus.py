"""What Prometheus is set up as and sees: version, flags, scrape configs, targets, rules, alerts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml

from devenv.parity.live.http_call import client, got, settled
from devenv.parity.live.rendering import dialled, facts, part, symbolic, text
from devenv.parity.observation import Check, Meaning, Observation, Target

if TYPE_CHECKING:
    import httpx

SCRAPED_S = 20.0  # a target is scraped every 5 s
# Addresses and paths are a mode's own; of the rest those by which data, alerts or access turn out otherwise.
_FLAGS = (
    *("storage.tsdb.retention.time", "storage.tsdb.retention.size", "storage.tsdb.wal-compression"),
    *("storage.tsdb.min-block-duration", "storage.tsdb.max-block-duration", "query.lookback-delta"),
    *("query.timeout", "query.max-samples", "query.max-concurrency", "rules.alert.for-outage-tolerance"),
    *("rules.alert.for-grace-period", "rules.alert.resend-delay"),
    *("alertmanager.notification-queue-capacity", "scrape.discovery-reload-interval"),
    *("web.enable-admin-api", "web.enable-lifecycle", "web.enable-remote-write-receiver"),
    *("web.config.file", "web.cors.origin", "web.max-connections", "web.route-prefix", "web.external-url"),
    *("enable-feature", "log.level"),
)
_SCRAPE = (
    "scrape_interval",
    "scrape_timeout",
    "metrics_path",
    "scheme",
    "honor_labels",
    "honor_timestamps",
    "params",
)
_RELABEL = ("relabel_configs", "metric_relabel_configs")


def prometheus(target: Target) -> httpx.Client:
    """A client of the query API."""
    return client(target, "prometheus", "/api/v1")


def scraped(api: httpx.Client) -> list[dict[str, Any]]:
    """The active targets, once each has been scraped: after a restart that takes some seconds."""
    found = settled(
        lambda: got(api, "/targets")["data"]["activeTargets"],
        lambda targets: targets and all(entry["health"] != "unknown" for entry in targets),
        SCRAPED_S,
    )
    return sorted(found, key=lambda entry: str(entry["labels"]["job"]))


def _setup(target: Target) -> Iterator[Observation]:
    with prometheus(target) as api:
        yield from facts(
            "prometheus", {"version": got(api, "/status/buildinfo")["data"]["version"].partition("+")[0]}
        )
        running = got(api, "/status/runtimeinfo")["data"]
        flags = got(api, "/status/flags")["data"]
        config = yaml.safe_load(got(api, "/status/config")["data"]["yaml"])
        managers = got(api, "/alertmanagers")["data"]["activeAlertmanagers"]
    yield Observation("prometheus.retention", text(running["storageRetention"]))
    yield Observation("prometheus.config-loaded", text(running["reloadConfigSuccess"]))
    yield Observation("prometheus.alertmanagers", dialled(target, text([entry["url"] for entry in managers])))
    for name in _FLAGS:
        yield Observation(f"prometheus.flag.{part(name)}", symbolic(target, text(flags.get(name, "unknown"))))
    yield from facts("prometheus.global", _global(config))
    jobs = {str(entry["job_name"]): entry for entry in config["scrape_configs"]}
    yield Observation("prometheus.jobs", text(sorted(jobs)))
    for job, scrape in jobs.items():
        for name, value in _scrape(scrape).items():
            yield Observation(f"prometheus.job.{part(job)}.{name}", symbolic(target, text(value)))


def _global(config: Mapping[str, Any]) -> dict[str, Any]:
    known = config["global"]
    return {
        **{name: known.get(name) for name in ("scrape_interval", "scrape_timeout", "evaluation_interval")},
        "external_labels": known.get("external_labels", {}),
        "rule_files": [PurePosixPath(file).name for file in config.get("rule_files", [])],
        "remote_write": [entry.get("url") for entry in config.get("remote_write", [])],
        "remote_read": [entry.get("url") for entry in config.get("remote_read", [])],
    }


def _scrape(scrape: Mapping[str, Any]) -> dict[str, Any]:
    files = [
        PurePosixPath(file).name for entry in scrape.get("file_sd_configs", []) for file in entry["files"]
    ]
    return {
        "scrape": {name: scrape.get(name) for name in _SCRAPE if name in scrape},
        "relabel": {name: scrape[name] for name in _RELABEL if name in scrape},
        "configured-targets": scrape.get("static_configs", files),
    }


def _targets(target: Target) -> Iterator[Observation]:
    with prometheus(target) as api:
        for entry in scraped(api):
            prefix = f"prometheus.job.{part(entry['labels']['job'])}"
            values = {
                "health": entry["health"],
                "error": entry["lastError"],
                "url": _other_port(symbolic(target, entry["scrapeUrl"]), entry["labels"]["instance"]),
                "labels": entry["labels"],
            }
            for name, value in values.items():
                yield Observation(f"{prefix}.{name}", symbolic(target, text(value)))
        up = got(api, "/query", query="up")["data"]["result"]
        yield Observation(
            "prometheus.up", text({entry["metric"]["instance"]: entry["value"][1] for entry in up})
        )


def _other_port(url: str, service: str) -> str:
    """A port that only Prometheus asks is no endpoint: every mode has its own number for it."""
    return re.sub(rf"//(?:127\.0\.0\.1|{re.escape(service)}):\d+", f"//{service}:another-port", url)


def _rules(target: Target) -> Iterator[Observation]:
    with prometheus(target) as api:
        groups = settled(lambda: got(api, "/rules")["data"]["groups"], _evaluated, SCRAPED_S)
        alerts = got(api, "/alerts")["data"]["alerts"]
    yield Observation("prometheus.rule-groups", text({group["name"]: group["interval"] for group in groups}))
    seen: dict[str, int] = {}
    for group in groups:
        for rule in group["rules"]:
            name = part(f"{group['name']}-{rule['name']}")
            seen[name] = seen.get(name, 0) + 1
            values = {
                "type": rule["type"],
                "expr": rule["query"],
                "for": rule.get("duration"),
                "keep-firing-for": rule.get("keepFiringFor"),
                "labels": rule.get("labels"),
                "annotations": rule.get("annotations"),
                "health": rule["health"],
                "state": rule.get("state"),
            }
            yield from facts(f"prometheus.rule.{name}" + (f"-{seen[name]}" if seen[name] > 1 else ""), values)
    active = sorted(text(alert["labels"]) for alert in alerts if alert["state"] == "firing")
    yield Observation("prometheus.alerts-firing", text(active))


def _evaluated(groups: list[dict[str, Any]]) -> bool:
    rules = [rule for group in groups for rule in group["rules"]]
    return all(rule["health"] != "unknown" and rule.get("state") != "pending" for rule in rules)


CHECKS = (
    Check("prometheus setup", "prometheus", _setup),
    Check("prometheus targets", "prometheus", _targets),
    Check("prometheus rules", "prometheus", _rules),
)

_STACK = "compose.yaml"
_CONFIG = "config/prometheus/prometheus.yml"
_RULES = "config/prometheus/rules.yml"


def _job(name: str, what: str, why: str) -> Meaning:
    return Meaning(f"prometheus.job.{{job}}.{name}", what, why, _CONFIG)


def _rule(name: str, what: str, why: str) -> Meaning:
    return Meaning(f"prometheus.rule.{{rule}}.{name}", what, why, _RULES)


MEANINGS = (
    Meaning(
        "prometheus.version", "the version that runs", "another one reads rules and queries otherwise", _STACK
    ),
    Meaning(
        "prometheus.retention", "how long data are kept", "a question about last week has no answer", _STACK
    ),
    Meaning(
        "prometheus.config-loaded",
        "whether its configuration could be read",
        "it goes on with the old one",
        _CONFIG,
    ),
    Meaning(
        "prometheus.alertmanagers", "where alerts are sent", "nobody hears of an alert otherwise", _CONFIG
    ),
    Meaning(
        "prometheus.flag.{flag}",
        "a flag of its command line, given or by default",
        "data, limits, alerts or access depend on it",
        _STACK,
    ),
    Meaning(
        "prometheus.global.{name}",
        "a setting for all jobs, rule files and remote stores",
        "how fine the data are, and where they go",
        _CONFIG,
    ),
    Meaning(
        "prometheus.jobs", "the names of all scrape jobs", "a service without a job has no metrics", _CONFIG
    ),
    _job("scrape", "how often, how long and where it is scraped", "how fine the data are"),
    _job("relabel", "what becomes of its labels", "a series is called otherwise"),
    _job(
        "configured-targets",
        "whom it scrapes, or the file that says so",
        "a service without a target has no metrics",
    ),
    _job("health", "whether its target answers", "a service that does not has no metrics"),
    _job("error", "why its target does not answer", "a service that does not has no metrics"),
    _job("url", "what is asked for", "metrics lie at another path, or another service answers"),
    _job("labels", "the labels that all of its series have", "dashboards and rules select by them"),
    Meaning("prometheus.up", "the instances, and whether they are up", "the rules are made of it", _CONFIG),
    Meaning(
        "prometheus.rule-groups",
        "the groups of rules, with the seconds between two evaluations",
        "an alert comes later",
        _RULES,
    ),
    _rule("type", "whether it is an alert or a recording", "a recording alarms nobody"),
    _rule("expr", "when it holds", "another threshold is another alert"),
    _rule("for", "seconds that it has to hold", "an alert comes too soon or too late"),
    _rule("keep-firing-for", "seconds that it goes on when it no longer holds", "an alert flaps, or stays"),
    _rule("labels", "the labels that its alerts have", "they are routed and grouped by them"),
    _rule("annotations", "what its alerts say", "people act on it"),
    _rule("health", "whether it can be evaluated", "a broken rule never fires"),
    _rule("state", "whether it is firing", "a healthy platform has no alert"),
    Meaning(
        "prometheus.alerts-firing",
        "the alerts that fire",
        "a healthy platform has the watchdog alone",
        _RULES,
    ),
)
