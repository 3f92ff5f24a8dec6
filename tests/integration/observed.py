"""What an instance has on this machine, seen from outside: processes, sockets, files, memory, data."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.integration.clone import Clone

SHARED_MEMORY = "/dev/shm/"  # noqa: S108
PASSING = (SHARED_MEMORY, "/tmp/", "/run/", "/var/")  # noqa: S108
LAYERS = ("bronze", "silver", "gold")
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess)


def processes(clone: Clone) -> list[psutil.Process]:
    """The instance's processes: all that carry its mark, run in its folder, or descend from one that does."""
    name, found = clone.name, {}
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE, OSError):
            marked = process.environ().get("DEVENV_INSTANCE") == name
            inside = Path(process.cwd()).is_relative_to(clone.root / ".devenv")
            if (marked or inside) and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = process
    for process in list(found.values()):
        with contextlib.suppress(*GONE):
            found.update({child.pid: child for child in process.children(recursive=True)})
    return list(found.values())


def roots(clone: Clone) -> list[psutil.Process]:
    """Those of the instance's processes that none of the others has started."""
    found = processes(clone)
    pids = {process.pid for process in found}
    alone = []
    for process in found:
        with contextlib.suppress(*GONE):
            if process.ppid() not in pids and process.status() != psutil.STATUS_ZOMBIE:
                alone.append(process)
    return alone


def bound(clone: Clone) -> list[tuple[str, int]]:
    """The addresses on which the instance's processes take connections or datagrams."""
    found = []
    for process in processes(clone):
        with contextlib.suppress(*GONE):
            for connection in process.net_connections("inet"):
                listens = connection.status == psutil.CONN_LISTEN
                unconnected = connection.type == socket.SOCK_DGRAM and not connection.raddr
                if connection.laddr and (listens or unconnected):
                    found.append((connection.laddr.ip, connection.laddr.port))
    return found


def files_outside(clone: Clone) -> set[Path]:
    """The files and sockets that its processes have open outside the project: to be gone after `down`."""
    found = set()
    for process in processes(clone):
        with contextlib.suppress(*GONE):
            names = [file.path for file in process.open_files()]
            names += [str(item.laddr) for item in process.net_connections("unix") if item.laddr]
            names += [item.path for item in process.memory_maps() if item.path.startswith(SHARED_MEMORY)]
            found |= {Path(name) for name in names if name.startswith(PASSING)}
    return {file for file in found if not file.is_relative_to(clone.root)}


def sockets(clone: Clone) -> list[Path]:
    """The Unix sockets with a name at which its processes take connections."""
    found = set()
    for process in processes(clone):
        with contextlib.suppress(*GONE):
            found |= {Path(str(item.laddr)) for item in process.net_connections("unix") if item.laddr}
    return sorted(file for file in found if file.exists())


def segments(creators: set[int]) -> list[str]:
    """The ids of the System V shared memory segments that these processes have made."""
    table = Path("/proc/sysvipc/shm")
    if not table.exists():
        return []
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [row[1] for row in rows if int(row[4]) in creators]


def versions(clone: Clone) -> dict[str, int]:
    """How many versions of objects each bucket holds."""
    client, variables = clone.s3("lakehouse-admin"), clone.variables()
    return {
        layer: sum(
            1
            for _ in client.list_objects(
                variables[f"LAKEHOUSE_{layer.upper()}"], recursive=True, include_version=True
            )
        )
        for layer in LAYERS
    }


def rows(clone: Clone) -> list[tuple[object, ...]]:
    """The rows of gold, each with the transaction that wrote it."""
    return clone.sql("SELECT xmin, * FROM lakehouse.daily_candles ORDER BY symbol, day")


@contextlib.contextmanager
def leaving_nothing(clone: Clone) -> Iterator[None]:
    """What the instance has on the machine before the block has to be gone after it."""
    before = processes(clone)
    creators, files, ports = {process.pid for process in before}, files_outside(clone), bound(clone)
    assert ports, "the instance did not run"
    yield
    assert describe(processes(clone)) == []
    assert [file for file in files if file.exists()] == []
    assert segments(creators) == []
    assert [port for _, port in ports if _answers(port)] == []
    temporary = Path(clone.environ["TMPDIR"])
    assert list(temporary.iterdir()) == []


def describe(found: list[psutil.Process]) -> list[str]:
    """The processes in words, for a message."""
    words = []
    for process in found:
        with contextlib.suppress(*GONE):
            words.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
    return words


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
