"""A project with a stack of three tiny services, which any mode can bring up within seconds."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

from devenv.ports import is_free
from devenv.project import Project

SERVER = Path(__file__).with_name("server.py")
# page needs api, and api needs store.
SERVICES = ("store", "api", "page")

_SERVICE = """\
  {name}:
    image: ${{TINY_IMAGE:-python:3.12-slim}}
    user: ${{TINY_USER:-0:0}}
    init: true
    entrypoint: [python3]
    command: [/opt/tiny/server.py]
    environment:
      NAME: {name}
      DATA: /data
      LISTEN_HOST: ${{{variable}_LISTEN_HOST:-0.0.0.0}}
      LISTEN_PORT: ${{{variable}_LISTEN_PORT:-8000}}
      PASSWORD: ${{S3_ROOT_PASSWORD:?made by devenv}}
      STORE: http://${{STORE_ADDRESS:-store:8000}}
    ports: ["127.0.0.1:${{{variable}_PORT:-{port}}}:8000"]
    volumes: ["{name}-data:/data"]
    configs: [{{source: server, target: /opt/tiny/server.py}}]
    depends_on: {needs}
    healthcheck:
      test: [CMD, python3, -c, "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/ready')"]
      interval: 1s
      start_period: 60s
      start_interval: 1s
    stop_grace_period: 2s
    x-ready: {{http: {{path: /ready, port: 8000}}}}
    x-local: {{program: python3}}
"""


def write_project(root: Path) -> Project:
    """The project in `root`, on ports that nobody listens on."""
    compose = root / "compose"
    compose.mkdir(parents=True)
    (compose / "server.py").write_text(SERVER.read_text())
    text = "name: ${COMPOSE_PROJECT_NAME:-tiny}\nservices:\n"
    below = ""
    for name in SERVICES:
        needs = f"{{{below}: {{condition: service_healthy}}}}" if below else "{}"
        text += _SERVICE.format(name=name, variable=name.upper(), port=free_port(), needs=needs)
        below = name
    text += "configs:\n  server: {file: server.py}\nvolumes:\n"
    text += "".join(f"  {name}-data:\n" for name in SERVICES)
    (compose / "compose.yaml").write_text(text)
    (root / "devenv.toml").write_text('s3.engine = "minio"\n')
    return Project(root)


def override(project: Project, service: str, entry: Mapping[str, object]) -> None:
    """Has the project's own compose.override.yaml change `service`. JSON is YAML too."""
    project.override.write_text(json.dumps({"services": {service: entry}}))


def free_port() -> int:
    """A port below those that outgoing connections are given."""
    return next(port for port in iter(lambda: random.randrange(20_000, 32_000), 0) if is_free(port))  # noqa: S311
