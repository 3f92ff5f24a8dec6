"""Stacks as `docker-compose config` prints them, small enough to read in a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.stack.document import stack_from
from devenv.stack.model import Stack

Entry = dict[str, Any]


def entry(port: int = 8000, **changes: Any) -> Entry:
    """A service that every mode can run, with other keys where `changes` says so; None takes a key out."""
    plain = {
        "image": "example/service:1",
        "command": ["serve", "--verbose"],
        "healthcheck": {"test": ["CMD", "wget", "-q", f"http://127.0.0.1:{port}/ready"]},
        "ports": [{"host_ip": "127.0.0.1", "target": port, "published": str(port), "mode": "ingress"}],
        "x-ready": {"http": {"path": "/ready", "port": port}},
        "x-local": {"program": "serve"},
    }
    keys = {key.replace("x_", "x-"): value for key, value in changes.items()}
    return {key: value for key, value in {**plain, **keys}.items() if value is not None}


def needs(*services: str) -> Mapping[str, Any]:
    """A depends_on of these services."""
    return {name: {"condition": "service_healthy", "required": True} for name in services}


def document(services: Mapping[str, Entry], **more: Any) -> dict[str, Any]:
    """A whole document; `more` are further keys of the top level."""
    return {"name": "tiny", "services": dict(services), **more}


def stack(services: Mapping[str, Entry], **more: Any) -> Stack:
    """The stack of `document`."""
    return stack_from(document(services, **more))
