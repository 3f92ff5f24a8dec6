"""Probes: each second until a service is ready for the first time, seldom afterwards."""

from __future__ import annotations

import math
from typing import Any

from devenv.errors import StackError
from devenv.modes.k3s.render.environment import has_token
from devenv.stack.model import HttpProbe, Service

ANSWER_S = 4
# A dead service is known after three of these, at next to no cost: the kubelet itself asks.
# Not longer: on a node that has just been started, the first answer is asked for up to a period late.
READY_PERIOD_S = 3
READY_FAILURES = 3


def probes(service: Service) -> dict[str, Any]:
    """startupProbe and readinessProbe.

    Probes count whole seconds: start_period is rounded up. Raises StackError for a service without one, and
    for a probe that needs a secret, which the kubelet would not fill in.
    """
    asked = _asked(service)
    seconds = math.ceil(service.health.start_period)
    if seconds < 1:
        raise StackError(
            f"service {service.name} has no healthcheck.start_period: K3s would end it after a second",
            "add how long a slow start may take, such as start_period: 120s",
        )
    return {
        "startupProbe": {
            **asked,
            "periodSeconds": 1,
            "timeoutSeconds": ANSWER_S,
            "failureThreshold": seconds,
        },
        "readinessProbe": {
            **asked,
            "periodSeconds": READY_PERIOD_S,
            "timeoutSeconds": ANSWER_S,
            "failureThreshold": READY_FAILURES,
        },
    }


def _asked(service: Service) -> dict[str, Any]:
    if isinstance(service.ready, HttpProbe):
        return {"httpGet": {"path": service.ready.path, "port": service.ready.port}}
    for word in service.ready.command:
        if has_token(word):
            raise StackError(
                f"service {service.name}: x-ready.exec holds a secret or a variable of the instance",
                "ask without it: a probe's command is run as it stands",
            )
    return {"exec": {"command": list(service.ready.command)}}
