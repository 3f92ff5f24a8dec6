"""What any mode runs for a service, as far as the stack says it; each mode replaces what it changes."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from devenv.modes.base import Contained, Described
from devenv.stack.model import HttpProbe, Mount, Probe, Service, Stack
from devenv.stack.texts import config_text

GET = "GET"
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 (what containers bind; only 127.0.0.1 is published)


def describe_containers(stack: Stack, project: Path) -> dict[str, Described]:
    """The services as containers, with the addresses that stand in the stack file as defaults.

    stack: with the instance's own variables; project: its folder
    """
    return {name: describe_service(stack, service, project) for name, service in stack.services.items()}


def describe_service(stack: Stack, service: Service, project: Path) -> Described:
    """One service as a container."""
    port = service.ports[0]
    return Described(
        version=version_of(service.image),
        variables={
            f"{service.variable}_PORT": str(port.published),
            f"{service.variable}_ADDRESS": f"{service.name}:{port.target}",
            f"{service.variable}_LISTEN_HOST": EVERY_ADDRESS,
            f"{service.variable}_LISTEN_PORT": str(port.target),
            **{f"{name}_LISTEN_PORT": str(own) for name, own in service.local.ports.items()},
        },
        command=(*service.entrypoint, *service.command),
        environment=service.environment,
        ready=question(service.name, service.ready),
        bucket_call=service.bucket_call,
        stop=(service.stop_signal, service.stop_grace),
        depends_on=service.depends_on,
        volumes={mount.target: volume(mount, project) for mount in service.mounts},
        configs={item.target: config_text(stack.configs[item.config]) for item in service.own_configs},
        contained=_contained(stack, service),
    )


def question(service: str, probe: Probe) -> tuple[str, ...]:
    """What a probe asks, as `Described.ready` has it."""
    if isinstance(probe, HttpProbe):
        return (GET, f"{service}:{probe.port}{probe.path}")
    return probe.command


def volume(mount: Mount, project: Path) -> str:
    """What is mounted, as `Described.volumes` has it."""
    if mount.kind == "volume":
        return f"volume {mount.source}"
    source = Path(mount.source)
    folder = source.relative_to(project) if source.is_relative_to(project) else source
    return f"folder {folder}{' read-only' if mount.read_only else ''}"


def version_of(image: str) -> str:
    """The version in an image's tag, without the letter before it and the variant behind it: images of
    different makers name the same release v3.5.0, 3.5.0 and 3.5.0-bookworm."""
    tag = image.rpartition("/")[2].partition(":")[2].partition("@")[0]
    found = re.match(r"v?(\d+(?:\.\d+)*)(?:-[a-z]+\d*)?$", tag)
    return found[1] if found else tag


def _contained(stack: Stack, service: Service) -> Contained:
    options, health = cast(Mapping[str, Any], service.options), service.health
    scripts = [config_text(stack.configs[item.config]) for item in service.health_configs]
    return Contained(
        user=service.user,
        memory=service.limits.memory,
        cpus=service.limits.cpus,
        shared_memory=int(options["shm_size"]) if "shm_size" in options else None,
        read_only=bool(options.get("read_only", False)),
        dropped=tuple(sorted(options.get("cap_drop", ()))),
        security=tuple(sorted(options.get("security_opt", ()))),
        tmpfs=tuple(sorted(options.get("tmpfs", ()))),
        reaped=bool(options.get("init", False)),
        restarted=options.get("restart") in ("always", "unless-stopped"),
        # An engine that knows no start_interval asks at the other one.
        start_interval=min(health.start_interval, health.interval),
        start_period=health.start_period,
        retries=health.retries,
        asking={
            "health.test": shlex.join(health.test),
            "health.script": hashlib.sha256("".join(scripts).encode()).hexdigest()[:12],
            "health.interval": f"{health.interval:g} s",
            "health.timeout": f"{health.timeout:g} s",
        },
    )
