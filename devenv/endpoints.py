"""Where a client on this machine reaches a service: all that seed, status and parity know of a mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
