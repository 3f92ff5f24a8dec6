"""Where a client on this machine reaches a service: all that seed, status and parity know of a mode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devenv.stack.addresses import LOOPBACK


@dataclass(frozen=True)
class Endpoint:
    """The address of one service, as seen from this machine."""

    service: str
    scheme: str  # "http" or "postgresql"
    host: str
    port: int

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """`scheme://host:port`."""
        return f"{self.scheme}://{self.address}"


Endpoints = Mapping[str, Endpoint]


def on_this_machine(services: Iterable[str], ports: Mapping[str, int]) -> dict[str, Endpoint]:
    """The endpoints of services that listen on their instance's ports of the loopback."""
    return {
        name: Endpoint(name, "postgresql" if name == "postgres" else "http", LOOPBACK, ports[name])
        for name in services
    }
