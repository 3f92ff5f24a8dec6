"""The dashboards, panel by panel, and whether each query of theirs finds anything."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from devenv.parity.live.grafana import grafana
from devenv.parity.live.http_call import got
from devenv.parity.live.prometheus import prometheus, scraped
from devenv.parity.live.rendering import digest, facts, part, text
from devenv.parity.observation import Check, Meaning, Observation, Target

if TYPE_CHECKING:
    import httpx

_SPAN_MS = 15 * 60 * 1000
_OF_DASHBOARD = (
    "title",
    "tags",
    "timezone",
    "refresh",
    "time",
    "editable",
    "schemaVersion",
    "graphTooltip",
    "style",
)


def _dashboards(target: Target) -> Iterator[Observation]:
    with grafana(target) as api:
        found = sorted(got(api, "/search", type="dash-db"), key=lambda entry: str(entry["uid"]))
        yield Observation("grafana.dashboards", text([entry["uid"] for entry in found]))
        if "prometheus" in target.endpoints:
            with prometheus(target) as queries:
                scraped(queries)
        for entry in found:
            yield from _dashboard(target, api, str(entry["uid"]))


def _dashboard(target: Target, api: httpx.Client, uid: str) -> Iterator[Observation]:
    answer = got(api, f"/dashboards/uid/{uid}")
    dashboard, prefix = answer["dashboard"], f"grafana.dashboard.{part(uid)}"
    panels = list(_flat(dashboard["panels"]))
    yield from facts(prefix, {name: dashboard.get(name) for name in _OF_DASHBOARD})
    yield from facts(
        prefix,
        {
            "provisioned": answer["meta"]["provisioned"],
            "folder": answer["meta"].get("folderTitle"),
            "panels": [panel["id"] for panel in panels],
            "variables": digest(dashboard.get("templating")),
            "annotations": digest(dashboard.get("annotations")),
            "links": digest(dashboard.get("links")),
        },
    )
    for panel in panels:
        below = f"{prefix}.panel.{panel['id']}"
        yield from facts(below, {"title": panel.get("title"), "type": panel["type"]})
        yield Observation(f"{below}.place", text(panel.get("gridPos")))
        own = {name: value for name, value in panel.items() if name not in ("panels", "gridPos")}
        yield Observation(f"{below}.definition", digest(own))
        for query in panel.get("targets", []):
            yield Observation(f"{below}.query.{part(query['refId'])}", _asked(target, api, panel, query))


def _flat(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in panels:
        yield panel
        yield from _flat(panel.get("panels", []))


_RATE = re.compile(r"\b(?:rate|irate|increase)\(")


def _asked(target: Target, api: httpx.Client, panel: Mapping[str, Any], query: Mapping[str, Any]) -> str:
    """Whether a query of metrics finds rows; of SQL, whose rows change with the seed alone, the rows."""
    now = int(time.time() * 1000)
    symbol = target.spec.sample.symbols[0]
    asked = {
        name: value.replace("$symbol", symbol) if isinstance(value, str) else value
        for name, value in {"datasource": panel.get("datasource"), **query}.items()
    }
    body = {
        "queries": [{**asked, "intervalMs": 5000, "maxDataPoints": 200}],
        "from": str(now - _SPAN_MS),
        "to": str(now),
    }
    answer = api.post("/ds/query", json=body)
    if answer.status_code in (401, 403):
        answer.raise_for_status()
    result = answer.json().get("results", {}).get(query["refId"], {})
    if result.get("error") or "frames" not in result:
        return text(f"error: {result.get('error', 'no answer')}")
    frames = result["frames"]
    columns = [field["name"] for frame in frames for field in frame["schema"]["fields"]]
    rows = sum(len(frame["data"]["values"][0]) for frame in frames if frame["data"]["values"])
    if "rawSql" in query:
        return text([rows, columns, digest([frame["data"]["values"] for frame in frames])])
    if _RATE.search(str(query.get("expr", ""))):
        return "answered"  # there are rows once something has happened, and been scraped twice
    return "rows>0" if rows else "rows=0"


CHECKS = (Check("grafana dashboards", "grafana", _dashboards),)

_SOURCE = "config/grafana/dashboards"


def _panel(name: str, what: str, why: str) -> Meaning:
    return Meaning(f"grafana.dashboard.{{uid}}.panel.{{id}}.{name}", what, why, _SOURCE)


MEANINGS = (
    Meaning("grafana.dashboards", "the uids of all dashboards", "people keep links to them", _SOURCE),
    Meaning(
        "grafana.dashboard.{uid}.{field}",
        "a field of the dashboard, its panels, or a digest of a part of it",
        "people would see another dashboard",
        _SOURCE,
    ),
    _panel("title", "the panel's title", "people know it by its title"),
    _panel("type", "how it draws", "the same data look otherwise"),
    _panel("place", "where it is, and how large", "people look for it there"),
    _panel(
        "definition",
        "a digest of all else that it is: queries, units, thresholds",
        "a threshold or a unit changes what is seen",
    ),
    _panel(
        "query.{ref}",
        "whether its query finds rows; for SQL how many, of which columns, and a digest",
        "an empty panel helps nobody",
    ),
)
