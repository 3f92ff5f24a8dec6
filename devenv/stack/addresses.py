"""Ports and addresses as the stack file's variables: how a mode moves the stack without changing it."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.ports import Wanted
from devenv.stack.model import Service, Stack

LOOPBACK = "127.0.0.1"


def wanted_ports(stack: Stack, fixed: Mapping[str, int], processes: bool) -> list[Wanted]:
    """The ports that an instance needs: one a service, and with `processes` those of x-local.ports.

    fixed: service -> port that a person has chosen
    """
    wanted = []
    for service in stack.services.values():
        preferred = fixed.get(service.name, service.ports[0].published)
        wanted.append(Wanted(service.name, preferred, service.name in fixed))
        if processes:
            for name, port in service.local.ports.items():
                above = service.local.above.get(name)
                key = f"{service.name}:{name}"
                wanted.append(Wanted(key, port, above=f"{service.name}:{above}" if above else None))
    return wanted


def process_variables(stack: Stack, ports: Mapping[str, int]) -> dict[str, str]:
    """Variables that make every service listen on its own port of the loopback, and find the others there.

    ports: as `wanted_ports` names them
    """
    return {
        name: value
        for service in stack.services.values()
        for name, value in service_variables(service, ports).items()
    }


def service_variables(service: Service, ports: Mapping[str, int]) -> dict[str, str]:
    """Those of one service."""
    port = str(ports[service.name])
    return {
        f"{service.variable}_PORT": port,
        f"{service.variable}_ADDRESS": f"{LOOPBACK}:{port}",
        f"{service.variable}_LISTEN_HOST": LOOPBACK,
        f"{service.variable}_LISTEN_PORT": port,
        **{f"{name}_LISTEN_PORT": str(ports[f"{service.name}:{name}"]) for name in service.local.ports},
    }


def process_addresses(stack: Stack, ports: Mapping[str, int]) -> dict[str, str]:
    """`service:port` inside the stack -> `127.0.0.1:port` of this instance, for configuration files.

    stack: as it is written, with the containers' own ports
    """
    addresses = {}
    for service in stack.services.values():
        addresses[f"{service.name}:{service.ports[0].target}"] = f"{LOOPBACK}:{ports[service.name]}"
        for name, port in service.local.ports.items():
            addresses[f"{service.name}:{port}"] = f"{LOOPBACK}:{ports[f'{service.name}:{name}']}"
    return addresses
