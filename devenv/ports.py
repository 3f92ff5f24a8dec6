"""Ports of an instance: the well-known ones where free, else others, the same from then on."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from devenv.errors import PreflightError

# Below the range that Linux (32768) and macOS (49152) hand out to outgoing connections.
FALLBACK = range(20_000, 32_000)
ABOVE = 10_000


@dataclass(frozen=True)
class Wanted:
    """A port to choose: `key` names it, `preferred` is the well-known one; `fixed` allows no other.

    above: the key of the port that it has to be 10000 above: SeaweedFS dials its gRPC ports there
    """

    key: str
    preferred: int
    fixed: bool = False
    above: str | None = None


def choose(
    wanted: Collection[Wanted],
    known: Mapping[str, int],
    taken: Collection[int],
    free: Callable[[int], bool],
    seed: int,
) -> dict[str, int]:
    """A port for each key: what is `known` stays, a fixed one is used as it is, else the first free.

    taken: ports that other instances have on record
    free: whether nobody listens on a port now
    seed: spreads the fallback ports of different instances over the range
    Raises PreflightError where none is left.
    """
    chosen: dict[str, int] = {}
    used = set(taken)
    for want in wanted:
        if want.fixed:
            chosen[want.key] = want.preferred
        elif want.key in known and not want.above:
            chosen[want.key] = known[want.key]
    used.update(chosen.values())
    start = seed % len(FALLBACK)
    fallback = iter([*FALLBACK[start:], *FALLBACK[:start]])
    paired = {want.above for want in wanted}
    for want in wanted:
        if want.key in chosen or want.above:
            continue
        offsets = (0, ABOVE) if want.key in paired else (0,)
        port: int | None = want.preferred
        while port is not None and any(port + o in used or not free(port + o) for o in offsets):
            port = next(fallback, None)
        if port is None:
            raise PreflightError(
                "no port from 20000 to 31999 is free", "stop what listens there: devenv list"
            )
        chosen[want.key] = port
        used.update(port + offset for offset in offsets)
    for want in wanted:
        if want.above:
            chosen[want.key] = chosen[want.above] + ABOVE
    return {want.key: chosen[want.key] for want in wanted}


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    # A listener on 0.0.0.0 of another user can leave 127.0.0.1 bindable on macOS.
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def holder(port: int) -> int | None:
    """The pid of the process that listens on `port`, where this user may know it."""
    import psutil

    try:
        for connection in psutil.net_connections("tcp"):
            if _listens(connection, port):
                return connection.pid
    except psutil.Error:
        pass
    return None


def is_held_by(port: int, pids: Collection[int]) -> bool:
    """Whether one of the processes `pids` of this user listens on `port`; macOS tells of no others."""
    import psutil

    for pid in pids:
        with suppress(psutil.Error):
            if any(_listens(found, port) for found in psutil.Process(pid).net_connections("tcp")):
                return True
    return False


def _listens(connection: Any, port: int) -> bool:
    return connection.status == "LISTEN" and bool(connection.laddr) and connection.laddr.port == port


def is_ending(pid: int) -> bool:
    """Whether a process is about to be gone: a killed one loses its memory before its files and ports."""
    import psutil

    try:
        return not psutil.Process(pid).cmdline()
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def holder_name(port: int) -> str:
    """Who listens on `port`, as a person knows it."""
    import psutil

    pid = holder(port)
    try:
        return f"{psutil.Process(pid).name()} (pid {pid})" if pid else "another program"
    except psutil.Error:
        return "another program"
