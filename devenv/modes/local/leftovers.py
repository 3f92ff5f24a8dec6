"""What services leave behind outside the state folder when they are killed, and some when they end."""

from __future__ import annotations

import ctypes
from collections.abc import Collection
from pathlib import Path

IPC_RMID = 0
# SeaweedFS has this folder and the names in its code; TMPDIR does not move them.
SOCKETS = Path("/tmp")  # noqa: S108


def remove_segment(cluster: Path) -> None:
    """Removes the System V segment of the database cluster whose server has died.

    Source: line 7 of postmaster.pid is the segment's key and id (src/include/utils/pidfile.h).
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        segment = int(lines[6].split()[1])
    except (OSError, IndexError, ValueError):
        return
    ctypes.CDLL(None, use_errno=True).shmctl(segment, IPC_RMID, None)


def remove_sockets(ports: Collection[int]) -> None:
    """Removes SeaweedFS's local sockets, which are named after its ports."""
    for port in ports:
        for socket in SOCKETS.glob(f"seaweedfs-*-{port}.sock"):
            socket.unlink(missing_ok=True)
