"""What services leave behind outside the state folder when they are killed, and some when they end."""

from __future__ import annotations

import ctypes
from collections.abc import Collection
from pathlib import Path

import psutil

IPC_RMID = 0
# SeaweedFS has this folder and the names in its code; TMPDIR does not move them.
SOCKETS = Path("/tmp")  # noqa: S108


def remove_segment(cluster: Path) -> None:
    """Removes the System V segment of the database cluster whose server has died, unless its id is that of
    another segment by now.

    Source: line 7 of postmaster.pid is the segment's key and id (src/include/utils/pidfile.h).
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        key, segment = map(int, lines[6].split())
    except (OSError, IndexError, ValueError):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.shmget(key, 0, 0) == segment:
        libc.shmctl(segment, IPC_RMID, None)


def remove_lock(cluster: Path) -> None:
    """Removes the lock of the database cluster whose server has died.

    Postgres does that itself, but not while the dead server is a zombie (where nobody waits for orphans, as
    in a container with no init, it is one for ever), nor while its number is another process's by now.
    """
    lock = cluster / "postmaster.pid"
    try:
        server = psutil.Process(int(lock.read_text().split()[0]))
        # A server's working directory is its cluster; one that may not be looked at is given the benefit.
        dead = server.status() == psutil.STATUS_ZOMBIE or Path(server.cwd()) != cluster.resolve()
    except (OSError, IndexError, ValueError, psutil.AccessDenied):
        return
    except psutil.NoSuchProcess:
        dead = True
    if dead:
        lock.unlink(missing_ok=True)


def remove_sockets(ports: Collection[int]) -> None:
    """Removes SeaweedFS's local sockets, which are named after its ports."""
    for port in ports:
        for socket in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
            socket.unlink(missing_ok=True)
