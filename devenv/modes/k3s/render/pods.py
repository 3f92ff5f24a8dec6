"""A service's pod: its container, as tight as a `restricted` namespace wants it."""

from __future__ import annotations

import math
import re
from typing import Any

from devenv.errors import StackError
from devenv.modes.k3s.render.environment import run_of
from devenv.modes.k3s.render.naming import WAIT, labels
from devenv.modes.k3s.render.probes import probes
from devenv.modes.k3s.render.storage import Storage, quantity
from devenv.modes.k3s.render.waiting import wait_containers
from devenv.stack.model import Limits, Service, Stack

NO_NEW_PRIVILEGES = ("no-new-privileges:true", "no-new-privileges")
# The part of its limit that a service is promised, about what it needs when idle. The limits together are
# more than a developer's machine has, and a pod whose request does not fit would never start.
CPU_SHARE, MEMORY_SHARE = 20, 4


def pod_template(stack: Stack, service: Service, storage: Storage) -> dict[str, Any]:
    """The pod template of `service`. Raises StackError for what K3s or the namespace would refuse."""
    _check_options(service)
    user, group = _user(service)
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": bool(service.options.get("read_only", False)),
    }
    waiting = wait_containers(stack, service, security)
    volumes = list(storage.volumes)
    if waiting:
        volumes.append({"name": WAIT, "configMap": {"name": WAIT}})
    return {
        "metadata": {"labels": labels(service.name), "annotations": _annotations(service, storage)},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": math.ceil(service.stop_grace),
            # The pause container is then process 1, and reaps, as Docker's init does.
            **({"shareProcessNamespace": True} if service.options.get("init") else {}),
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": user,
                "runAsGroup": group,
                "fsGroup": group,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            **({"initContainers": waiting} if waiting else {}),
            "containers": [_container(service, storage, security)],
            **({"volumes": volumes} if volumes else {}),
        },
    }


def _container(service: Service, storage: Storage, security: dict[str, Any]) -> dict[str, Any]:
    run = run_of(service)
    return {
        "name": service.name,
        "image": service.image,
        "imagePullPolicy": "IfNotPresent",
        **({"command": run.command} if run.command else {}),
        **({"args": run.args} if run.args else {}),
        **({"env": run.env} if run.env else {}),
        "ports": [{"containerPort": port.target} for port in service.ports],
        **probes(service),
        **_resources(service.limits),
        "securityContext": security,
        **({"volumeMounts": storage.mounts} if storage.mounts else {}),
    }


def _annotations(service: Service, storage: Storage) -> dict[str, str]:
    found = {"kubectl.kubernetes.io/default-container": service.name, **storage.annotations}
    if service.stop_signal != "SIGTERM":
        # It is the image's own STOPSIGNAL that counts: whoever runs the pod can check it against this.
        found["devenv/stop-signal"] = service.stop_signal
    return found


def _resources(limits: Limits) -> dict[str, Any]:
    most, promised = {}, {}
    if limits.cpus is not None:
        most["cpu"] = _cpu(limits.cpus)
        promised["cpu"] = _cpu(limits.cpus / CPU_SHARE)
    if limits.memory is not None:
        most["memory"] = quantity(limits.memory)
        promised["memory"] = quantity(limits.memory // MEMORY_SHARE)
    return {"resources": {"limits": most, "requests": promised}} if most else {}


def _cpu(cores: float) -> str:
    return f"{cores:g}" if cores == int(cores) else f"{math.ceil(cores * 1000)}m"


def _user(service: Service) -> tuple[int, int]:
    numbers = re.fullmatch(r"(\d+):(\d+)", service.user)
    if not numbers:
        raise StackError(
            f"service {service.name}: user {service.user!r} is not two numbers",
            'write it as user: "1000:1000"; a restricted namespace takes no name',
        )
    if int(numbers[1]) == 0:
        raise StackError(
            f"service {service.name}: user {service.user!r} is root, which a restricted namespace refuses",
            'run it as another, such as user: "1000:1000"',
        )
    return int(numbers[1]), int(numbers[2])


def _check_options(service: Service) -> None:
    restart = service.options.get("restart", "always")
    if restart not in ("always", "unless-stopped"):
        raise StackError(
            f"service {service.name}: restart {restart} is not what K3s does",
            "write restart: unless-stopped: a service that has ended is started again",
        )
    given: Any = service.options.get("security_opt") or []
    for option in given:
        if option.replace("=", ":") not in NO_NEW_PRIVILEGES:
            raise StackError(
                f"service {service.name}: security_opt {option} has no meaning in K3s",
                "take it out; no-new-privileges:true is what every mode has",
            )
