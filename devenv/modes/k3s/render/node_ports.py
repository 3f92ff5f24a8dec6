"""Node ports: where a service is reached from outside the cluster, the same at every rendering."""

from __future__ import annotations

import zlib
from typing import Any

from devenv.errors import StackError
from devenv.stack.model import Stack

FIRST, COUNT = 30_000, 2_768  # Kubernetes' own range


def node_port(service_name: str) -> int:
    """The node port of a service, out of its name."""
    return FIRST + zlib.crc32(service_name.encode()) % COUNT


def node_ports(stack: Stack) -> list[dict[str, Any]]:
    """Patches that make every Service a NodePort. Raises StackError where two services have the same."""
    taken: dict[int, str] = {}
    patches = []
    for service in stack.services.values():
        number = node_port(service.name)
        if number in taken:
            raise StackError(
                f"services {taken[number]} and {service.name} have the same node port, {number}",
                "rename one of them: the port is made out of the name",
            )
        taken[number] = service.name
        target = service.ports[0].target
        patches.append(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": service.name},
                "spec": {
                    "type": "NodePort",
                    "ports": [{"port": target, "targetPort": target, "nodePort": number}],
                },
            }
        )
    return patches
