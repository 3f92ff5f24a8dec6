"""Probes: often until a service is ready for the first time, seldom afterwards."""

from __future__ import annotations

import math
from typing import Any

from devenv.errors import StackError
from devenv.modes.k3s.render.environment import has_token
from devenv.stack.model import HttpProbe, Service

ANSWER_S = 4
# At next to no cost: the kubelet itself asks.
# Not longer: on a node that has just been started, the first answer is asked for up to a period late.
READY_PERIOD_S = 3


def probes(service: Service) -> dict[str, Any]:
    """startupProbe and readinessProbe.

    Probes count whole seconds: start_interval and start_period are rounded up.
    Raises StackError for a service without a start_period, and for a probe that needs a secret, which the
    kubelet would not fill in.
    """
    asked, health = _asked(service), service.health
    period = max(1, math.ceil(min(health.start_interval, health.interval)))
    if health.start_period <= 0:
        raise StackError(
            f"service {service.name} has no healthcheck.start_period: K3s would end it after a second",
            "add how long a slow start may take, such as start_period: 120s",
        )
    return {
        "startupProbe": {
            **asked,
            "periodSeconds": period,
            "timeoutSeconds": ANSWER_S,
            "failureThreshold": math.ceil(health.start_period / period),
        },
        "readinessProbe": {
            **asked,
            "periodSeconds": READY_PERIOD_S,
            "timeoutSeconds": ANSWER_S,
            "failureThreshold": health.retries,
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
