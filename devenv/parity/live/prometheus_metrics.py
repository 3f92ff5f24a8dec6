"""The metrics of each scrape job that dashboards and rules ask for, and their labels.

Not all metrics: most programs tell some of them only after a first request, error, scan or reload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from devenv.parity.live.http_call import got
from devenv.parity.live.prometheus import prometheus, scraped
from devenv.parity.live.rendering import part, text
from devenv.parity.observation import Check, Meaning, Observation, Target
from devenv.stack.texts import config_text

# Metrics of those that come and go with what happens, too.
_AFTER_EVENTS = re.compile(
    r"minio_(s3|inter_node|audit|notify|heal|usage)_.*"
    r"|minio_cluster_(ilm|bucket|usage|objects)_.*"
    r"|minio_node_(drive|scanner|ilm)_.*"
    r"|pg_stat_activity_.*|ALERTS.*"
    r"|SeaweedFS_.*_(bucket|count|sum|total)"
)


def _names(target: Target) -> Iterator[Observation]:
    asked_for = _asked_for(target)
    with prometheus(target) as api:
        for job in [str(entry["labels"]["job"]) for entry in scraped(api)]:
            prefix = f"prometheus.job.{part(job)}"
            series = [
                entry["metric"] for entry in got(api, "/query", query=f'{{job="{job}"}}')["data"]["result"]
            ]
            used = [
                one
                for one in series
                if one["__name__"] in asked_for and not _AFTER_EVENTS.fullmatch(one["__name__"])
            ]
            yield Observation(f"{prefix}.metrics", text(sorted({one["__name__"] for one in used})))
            labels = sorted({label for one in used for label in one} - {"__name__"})
            yield Observation(f"{prefix}.label-names", text(labels))


def _asked_for(target: Target) -> frozenset[str]:
    """Every word of the rules and the dashboards: the names of metrics are among them."""
    files = {
        item.config for name in ("prometheus", "grafana") for item in target.written.services[name].configs
    }
    texts = [config_text(target.written.configs[name]) for name in sorted(files)]
    return frozenset(word for each in texts for word in re.findall(r"[a-zA-Z_:][\w:]*", each))


CHECKS = (Check("prometheus metrics", "prometheus", _names),)

_SOURCE = "config/prometheus/prometheus.yml"


def _job(name: str, what: str) -> Meaning:
    return Meaning(
        f"prometheus.job.{{job}}.{name}", what, "without them a panel is empty, a rule silent", _SOURCE
    )


MEANINGS = (
    _job("metrics", "those of its metrics that dashboards and rules ask for"),
    _job("label-names", "the names of their labels"),
)
