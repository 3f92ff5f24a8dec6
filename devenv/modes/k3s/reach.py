"""Whether a service is reached from this machine: a node's port is open before anything stands behind it."""

from __future__ import annotations

import socket

from devenv.endpoints import Endpoint
from devenv.ready import http_probe
from devenv.stack.model import HttpProbe, Service

TIMEOUT_S = 2.0
# A server that waits for its client says nothing for so long; a proxy with nobody behind it hangs up.
SILENCE_S = 0.2


def reach(service: Service, endpoint: Endpoint) -> str | None:
    """None when it is; else what was seen."""
    if isinstance(service.ready, HttpProbe):
        return http_probe(endpoint.host, endpoint.port, service.ready.path, TIMEOUT_S)()
    try:
        with socket.create_connection((endpoint.host, endpoint.port), TIMEOUT_S) as connection:
            connection.settimeout(SILENCE_S)
            if connection.recv(1) == b"":
                return f"{endpoint.address} hangs up"
    except TimeoutError:
        return None
    except OSError as error:
        return f"{endpoint.address}: {error.strerror or error}"
    return None
