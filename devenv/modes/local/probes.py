"""Whether a process is ready: what x-ready declares, asked on this machine."""

from __future__ import annotations

from devenv.modes.local.plan import Process
from devenv.ready import Probe, exec_probe, http_probe
from devenv.stack.addresses import LOOPBACK
from devenv.stack.model import HttpProbe


def probe_of(process: Process) -> Probe:
    """The declared probe: quick, and the one that is asked again and again."""
    if isinstance(process.probe, HttpProbe):
        return http_probe(LOOPBACK, process.probe.port, process.probe.path)
    return exec_probe(process.probe.command, process.environment)
