"""What Grafana is set up as: version, data sources and their health, settings, users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from devenv.parity.live.http_call import client, got
from devenv.parity.live.rendering import dialled, facts, part, text
from devenv.parity.observation import Check, Meaning, Observation, Target

if TYPE_CHECKING:
    import httpx

_FIELDS = (
    "name",
    "type",
    "access",
    "isDefault",
    "readOnly",
    "database",
    "user",
    "basicAuth",
    "withCredentials",
    "jsonData",
)
_SETTINGS = (
    *("auth.anonymous.enabled", "auth.disable_login_form", "auth.basic.enabled", "users.allow_sign_up"),
    *("users.viewers_can_edit", "users.default_theme", "users.auto_assign_org_role"),
    *("security.allow_embedding", "security.cookie_secure", "security.disable_gravatar"),
    *("security.admin_user", "security.disable_initial_admin_creation", "analytics.reporting_enabled"),
    *("analytics.check_for_updates", "analytics.check_for_plugin_updates"),
    *("analytics.feedback_links_enabled", "news.news_feed_enabled", "snapshots.external_enabled"),
    *("log.mode", "log.level", "database.type", "unified_alerting.enabled", "explore.enabled"),
    *("metrics.enabled", "server.protocol", "server.serve_from_sub_path", "plugins.plugin_admin_enabled"),
    *("date_formats.default_timezone", "dataproxy.timeout"),
)


def grafana(target: Target) -> httpx.Client:
    """A client of the API as its administrator."""
    return client(target, "grafana", "/api", ("admin", target.secrets["GRAFANA_ADMIN_PASSWORD"]))


def _setup(target: Target) -> Iterator[Observation]:
    with grafana(target) as api:
        health = got(api, "/health")
        yield from facts("grafana", {"version": health["version"], "database": health["database"]})
        settings = got(api, "/admin/settings")
        for name in _SETTINGS:
            section, _, key = name.rpartition(".")
            found = settings.get(section, {}).get(key, "unknown")
            yield from facts("grafana.setting", {name.replace(".", "-").replace("_", "-"): found})
        yield from facts(
            "grafana",
            {
                "organisations": sorted(entry["name"] for entry in got(api, "/orgs")),
                "users": sorted(f"{entry['login']} {entry['role']}" for entry in got(api, "/org/users")),
                "service-accounts": got(api, "/serviceaccounts/search")["totalCount"],
                "alert-rules": len(got(api, "/v1/provisioning/alert-rules")),
                "contact-points": sorted(
                    entry["name"] for entry in got(api, "/v1/provisioning/contact-points")
                ),
                "home-dashboard": got(api, "/dashboards/home").get("dashboard", {}).get("uid"),
                "plugins-added": sorted(
                    entry["id"] for entry in got(api, "/plugins") if entry["signature"] != "internal"
                ),
            },
        )


def _sources(target: Target) -> Iterator[Observation]:
    with grafana(target) as api:
        sources = got(api, "/datasources")
        yield Observation("grafana.data-sources", text(sorted(source["uid"] for source in sources)))
        for source in sources:
            prefix = f"grafana.data-source.{part(source['uid'])}"
            yield from facts(prefix, {name: source.get(name) for name in _FIELDS})
            yield Observation(f"{prefix}.url", dialled(target, text(source["url"])))
            health = api.get(f"/datasources/uid/{source['uid']}/health")
            if health.status_code in (401, 403):
                health.raise_for_status()
            yield from facts(prefix, {"health": f"{health.status_code} {health.json().get('status')}"})


CHECKS = (Check("grafana setup", "grafana", _setup), Check("grafana data sources", "grafana", _sources))

_STACK = "compose.yaml"
_SOURCES = "config/grafana/datasources.yaml"
MEANINGS = (
    Meaning("grafana.version", "the version that runs", "another one draws and queries otherwise", _STACK),
    Meaning("grafana.database", "whether its own database answers", "nothing can be kept without", _STACK),
    Meaning(
        "grafana.setting.{name}",
        "the setting as the server has it",
        "who may sign in, and what leaves this machine",
        _STACK,
    ),
    Meaning("grafana.organisations", "its organisations", "dashboards belong to one", _STACK),
    Meaning("grafana.users", "its users with their roles", "a user too many is a way in", _STACK),
    Meaning(
        "grafana.service-accounts",
        "how many accounts of programs it has",
        "an account too many is a way in",
        _STACK,
    ),
    Meaning(
        "grafana.alert-rules", "how many alert rules it has of its own", "alerts are Prometheus's", _STACK
    ),
    Meaning(
        "grafana.contact-points", "where its own alerts would go", "they would leave this machine", _STACK
    ),
    Meaning(
        "grafana.home-dashboard",
        "the dashboard that it opens with",
        "people find the platform's state there",
        _STACK,
    ),
    Meaning(
        "grafana.plugins-added",
        "plugins that did not come with it",
        "a dashboard may need one, and it may phone home",
        _STACK,
    ),
    Meaning("grafana.data-sources", "the uids of all data sources", "dashboards name them by uid", _SOURCES),
    Meaning(
        "grafana.data-source.{uid}.{field}",
        "a field of the data source, its address, or what its own test says",
        "panels are empty or wrong otherwise",
        _SOURCES,
    ),
)
