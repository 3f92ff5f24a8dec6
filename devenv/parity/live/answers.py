"""What each service answers to anyone who asks, and who can ask at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial

from devenv.endpoints import Endpoint
from devenv.parity.live.http_call import client
from devenv.parity.live.rendering import facts, path, symbolic, text
from devenv.parity.observation import Check, Meaning, Observation, Target
from devenv.stack.model import HttpProbe

# Asked for without credentials; nothing of it changes anything.
_PATHS = {
    "s3": (
        "/",
        "/minio/health/live",
        "/minio/v2/metrics/cluster",
        "/minio/v2/metrics/node",
        "/minio/admin/v3/info",
    ),
    "prefect-server": (
        "/",
        "/api/health",
        "/api/ready",
        "/api/metrics",
        "/api/admin/version",
        "/api/missing",
        "/docs",
    ),
    "prefect-worker": ("/", "/health"),
    "prometheus": (
        *("/", "/-/healthy", "/-/ready", "/-/reload", "/-/quit", "/metrics", "/api/v1/query?query=1"),
        *("/api/v1/query?query=(", "/api/v1/missing", "/api/v1/admin/tsdb/snapshot", "/consoles/"),
    ),
    "alertmanager": (
        "/",
        "/-/healthy",
        "/-/ready",
        "/-/reload",
        "/metrics",
        "/api/v2/status",
        "/api/v1/status",
    ),
    "postgres-exporter": ("/", "/metrics", "/probe", "/missing"),
    "grafana": (
        *("/", "/login", "/api/health", "/metrics", "/api/org", "/api/datasources", "/api/search"),
        *("/api/admin/settings", "/api/dashboards/home", "/d/platform", "/api/missing"),
    ),
}
_HEADERS = (
    *("server", "access-control-allow-origin", "content-security-policy", "strict-transport-security"),
    *("x-content-type-options", "x-frame-options", "x-xss-protection", "cache-control"),
)
_CONNECT_S = 3.0


def _answers(service: str, target: Target) -> Iterator[Observation]:
    with client(target, service) as web:
        for asked in _PATHS[service]:
            answer = web.get(asked)
            kind = answer.headers.get("content-type", "").partition(";")[0]
            said = f"{answer.status_code} {kind} {answer.headers.get('location', '')}"
            yield Observation(f"{service}.answer.{path(asked)}", text(symbolic(target, said)))
        ready = target.written.services[service].ready
        if isinstance(ready, HttpProbe):
            answer = web.get(ready.path)
            yield Observation(f"{service}.ready", text(f"{ready.path} {answer.status_code}"))
            yield Observation(
                f"{service}.headers",
                text({name: answer.headers[name] for name in _HEADERS if name in answer.headers}),
            )
        put = web.put("/", content=b"")
        yield Observation(f"{service}.answer-to-put", text(put.status_code))


def _listening(service: str, target: Target) -> Iterator[Observation]:
    endpoint = target.endpoints[service]
    yield from facts(
        f"{service}.listens",
        {
            "host": endpoint.host,
            "other-loopback": _open(endpoint, "127.0.0.2"),
            "ipv6": _open(endpoint, "::1"),
        },
    )


def _open(endpoint: Endpoint, host: str) -> bool:
    """Whether the port is open at another address of this machine: it is where everyone is let in."""
    try:
        socket.create_connection((host, endpoint.port), timeout=_CONNECT_S).close()
    except OSError:
        return False
    return True


def _grafana_credentials(target: Target) -> Iterator[Observation]:
    """Without a wrong password of the administrator: Grafana shuts out whoever gives a few of them."""
    tried = {
        "administrator": ("admin", target.secrets["GRAFANA_ADMIN_PASSWORD"]),
        "unknown-user": ("nobody-of-this-name", "wrong"),
    }
    for name, user in tried.items():
        with client(target, "grafana", "/api", user) as api:
            yield from facts("grafana.credentials", {name: api.get("/org").status_code})


CHECKS = (
    *(Check(f"{service} answers", service, partial(_answers, service)) for service in _PATHS),
    *(
        Check(f"{service} listens", service, partial(_listening, service))
        for service in (*_PATHS, "postgres")
    ),
    Check("grafana credentials", "grafana", _grafana_credentials),
)

_SOURCE = "compose.yaml"
MEANINGS = (
    Meaning(
        "{service}.answer.{path*}",
        "status, type and place of the answer to anyone who asks for this path",
        "who may see what, and clients decide by the status",
        _SOURCE,
    ),
    Meaning(
        "{service}.answer-to-put",
        "the status of the answer to a PUT of nothing to /",
        "a server that takes writes from anyone is open",
        _SOURCE,
    ),
    Meaning(
        "{service}.ready",
        "what the path answers by which the service is known to be ready",
        "ready has to mean the same everywhere",
        _SOURCE,
    ),
    Meaning(
        "{service}.headers",
        "headers of that answer which browsers and proxies act on",
        "another server, or a proxy before it",
        _SOURCE,
    ),
    Meaning(
        "{service}.listens.{where}",
        "the address of its port, and whether it is open at others of this machine",
        "what is open beyond 127.0.0.1 is open to others",
        _SOURCE,
    ),
    Meaning(
        "grafana.credentials.{attempt}",
        "the answer to these credentials",
        "no other password lets the administrator in",
        _SOURCE,
    ),
)
