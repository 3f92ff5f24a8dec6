"""From Compose's canonical document to a Stack: every key is known, or refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from devenv.errors import StackError
from devenv.stack.model import (
    ConfigFile,
    ConfigMount,
    ExecProbe,
    HealthCheck,
    HttpProbe,
    Limits,
    Local,
    Mount,
    Port,
    Probe,
    Service,
    Stack,
)

TOP_LEVEL = {"name", "services", "networks", "volumes", "configs"}
REQUIRED = ("image", "healthcheck", "x-ready", "x-local")
# Keys that change how a container is run but not what runs in it: kept as they stand.
OPTIONS = (
    "cap_drop",
    "init",
    "labels",
    "logging",
    "pull_policy",
    "read_only",
    "restart",
    "security_opt",
    "shm_size",
    "tmpfs",
)
SERVICE = {
    *REQUIRED,
    *OPTIONS,
    "build",
    "command",
    "configs",
    "depends_on",
    "deploy",
    "entrypoint",
    "environment",
    "expose",
    "networks",
    "ports",
    "stop_grace_period",
    "stop_signal",
    "user",
    "volumes",
}
LOCAL = {"program", "command", "entrypoint", "ports", "above", "optional", "as_root"}
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def stack_from(document: Mapping[str, Any]) -> Stack:
    """The stack of what `docker-compose config` printed.

    Raises StackError for a key that not every mode can express, naming service and key.
    """
    for key in document:
        if key not in TOP_LEVEL and not key.startswith("x-"):
            raise _refused("the stack", key)
    extra = set(document.get("networks") or {}) - {"default"}
    if extra:
        raise _refused("the stack", f"networks.{min(extra)}")
    services = {name: _service(name, entry) for name, entry in (document.get("services") or {}).items()}
    if not services:
        raise StackError("compose.yaml has no services", "restore it: git checkout compose/compose.yaml")
    for service in services.values():
        for needed in service.depends_on:
            if needed not in services:
                raise StackError(
                    f"service {service.name} depends on {needed}, which is not there",
                    "add it, or take it out of depends_on",
                )
    return Stack(
        name=document["name"],
        services=services,
        configs={
            name: ConfigFile(entry.get("file"), _plain(entry["content"]) if "content" in entry else None)
            for name, entry in (document.get("configs") or {}).items()
        },
        volumes={
            name: (entry or {}).get("name", name) for name, entry in (document.get("volumes") or {}).items()
        },
    )


def _service(name: str, entry: Mapping[str, Any]) -> Service:
    for key in entry:
        if key not in SERVICE:
            raise _refused(f"service {name}", key)
    for key in REQUIRED:
        if key not in entry:
            raise StackError(
                f"service {name} has no {key}", "add it: every mode needs it (see compose/compose.yaml)"
            )
    health = _health(name, entry["healthcheck"])
    ready, bucket_call = _ready(name, entry["x-ready"])
    _agree(name, ready, health)
    local = _local(name, entry["x-local"])
    ports = tuple(_port(name, port) for port in entry.get("ports") or ())
    if len(ports) != 1:
        raise StackError(
            f"service {name} publishes {len(ports)} ports",
            "publish the one that clients use; every service has one",
        )
    return Service(
        name=name,
        image=entry["image"],
        entrypoint=_words(entry.get("entrypoint")),
        command=_words(entry.get("command")),
        environment={key: _plain(value) for key, value in (entry.get("environment") or {}).items()},
        ports=ports,
        mounts=tuple(_mount(name, mount) for mount in entry.get("volumes") or ()),
        configs=tuple(ConfigMount(item["source"], item["target"]) for item in entry.get("configs") or ()),
        depends_on=_depends_on(name, entry.get("depends_on") or {}),
        health=health,
        ready=ready,
        bucket_call=bucket_call,
        stop_signal=entry.get("stop_signal", "SIGTERM"),
        stop_grace=seconds(entry.get("stop_grace_period", "10s")),
        user=str(entry.get("user", "")),
        limits=_limits(name, entry.get("deploy") or {}),
        options={key: entry[key] for key in OPTIONS if key in entry},
        local=local,
    )


def _health(name: str, entry: Mapping[str, Any]) -> HealthCheck:
    test = _words(entry.get("test"))
    if not test or test[0] != "CMD":
        raise StackError(
            f"service {name}: the health check is not a list that begins with CMD",
            "write it as test: [CMD, program, argument, ...]; a shell string differs between modes",
        )
    return HealthCheck(
        test=test[1:],
        interval=seconds(entry.get("interval", "30s")),
        timeout=seconds(entry.get("timeout", "30s")),
        retries=int(entry.get("retries", 3)),
        start_period=seconds(entry.get("start_period", "0s")),
        start_interval=seconds(entry.get("start_interval", "5s")),
    )


def _ready(name: str, entry: Mapping[str, Any]) -> tuple[Probe, bool]:
    kinds = set(entry) - {"bucket_call"}
    bucket_call = bool(entry.get("bucket_call", False))
    if kinds == {"http"} and set(entry["http"]) == {"path", "port"}:
        return HttpProbe(str(entry["http"]["path"]), int(entry["http"]["port"])), bucket_call
    if kinds == {"exec"} and entry["exec"]:
        return ExecProbe(_words(entry["exec"])), bucket_call
    raise StackError(
        f"service {name}: x-ready is neither an http nor an exec probe",
        "write x-ready: {http: {path: /ready, port: 8080}} or {exec: [program, argument]}",
    )


def _agree(name: str, ready: Probe, health: HealthCheck) -> None:
    if isinstance(ready, HttpProbe):
        asked = f":{ready.port}{ready.path}"
        same = any(asked in word for word in health.test)
    else:
        asked = " ".join(ready.command)
        same = ready.command[0] in health.test
    if not same:
        raise StackError(
            f"service {name}: x-ready asks {asked}, the health check asks {' '.join(health.test)}",
            "make both ask the same",
        )


def _local(name: str, entry: Mapping[str, Any]) -> Local:
    for key in entry:
        if key not in LOCAL:
            raise _refused(f"service {name}", f"x-local.{key}")
    if "program" not in entry:
        raise StackError(f"service {name}: x-local names no program", "add x-local: {program: NAME}")
    return Local(
        program=entry["program"],
        command=_words(entry["command"]) if "command" in entry else None,
        entrypoint=entry.get("entrypoint"),
        ports={key: int(port) for key, port in (entry.get("ports") or {}).items()},
        above=entry.get("above") or {},
        optional=entry.get("optional"),
        as_root=entry.get("as_root", True),
    )


def _port(name: str, entry: Mapping[str, Any]) -> Port:
    if entry.get("host_ip") != "127.0.0.1":
        raise StackError(
            f"service {name}: port {entry['target']} is not published on 127.0.0.1",
            f'write it as "127.0.0.1:PORT:{entry["target"]}"',
        )
    return Port(int(entry["target"]), int(entry["published"]), "127.0.0.1")


def _mount(name: str, entry: Mapping[str, Any]) -> Mount:
    kind = entry["type"]
    if kind not in ("volume", "bind"):
        raise _refused(f"service {name}", f"volumes.type {kind}")
    return Mount(kind, entry["source"], entry["target"], bool(entry.get("read_only", False)))


def _depends_on(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    for needed, how in entry.items():
        if how.get("condition") != "service_healthy":
            raise StackError(
                f"service {name}: depends_on.{needed} waits for {how.get('condition')}",
                "wait for service_healthy, which every mode can",
            )
    return tuple(sorted(entry))


def _limits(name: str, entry: Mapping[str, Any]) -> Limits:
    for path in _paths(entry):
        if path not in ("resources.limits.memory", "resources.limits.cpus"):
            raise _refused(f"service {name}", f"deploy.{path}")
    limits = (entry.get("resources") or {}).get("limits") or {}
    return Limits(
        int(limits["memory"]) if "memory" in limits else None,
        float(limits["cpus"]) if "cpus" in limits else None,
    )


def _paths(entry: Mapping[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in entry.items():
        path = f"{prefix}{key}"
        # Compose always writes these two, empty.
        if path in ("placement",) and not value:
            continue
        found += _paths(value, f"{path}.") if isinstance(value, Mapping) and value else [path]
    return found


def _words(value: list[str] | None) -> tuple[str, ...]:
    return tuple(_plain(word) for word in value or ())


def _plain(value: object) -> str:
    """A value as the service sees it: `docker-compose config` doubles every `$`."""
    return "" if value is None else str(value).replace("$$", "$")


def seconds(duration: str) -> float:
    """Seconds of a duration in Go's syntax (`1m30s`, `250ms`), which is what Compose prints."""
    parts = re.findall(r"([\d.]+)(h|ms|us|µs|ns|m|s)", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise StackError(f"{duration!r} is not a duration", "write it as 1m30s, 10s or 250ms")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def _refused(where: str, key: str) -> StackError:
    return StackError(
        f"{where}: {key} is not a key that every mode can express",
        "take it out; the keys that all modes share are listed in docs/stack.md",
    )
