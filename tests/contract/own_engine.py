"""A Docker engine of the tests' own, to be stopped, killed and filled up; it touches no other one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import docker
import psutil
import requests

from devenv.clock import Deadline
from devenv.errors import DevenvError
from devenv.modes.compose.engine import Engine
from devenv.ready import wait_until

DEADLINE_S = 120.0
DISK_MB = 32
PROGRAMS = ("dockerd", "containerd", "ip")
BRIDGE_ADDRESS = "10.214.0.1/24"  # not of a range that an engine takes by itself
USUAL_RUNTIMES = ("runc", "io.containerd.runc.v2")


def unavailable() -> str | None:
    """Why no engine can be started here; None where one can be."""
    if not sys.platform.startswith("linux"):
        return "it needs Linux"
    if os.getuid():
        return "only root can start dockerd"
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    return f"there is no {' and no '.join(missing)}" if missing else None


@contextmanager
def open_engine(like: Engine, small_disk: bool = True) -> Iterator[OwnEngine]:
    """An engine that runs containers as `like` does; all of it is gone in the end.

    small_disk: whether its volumes have only DISK_MB
    """
    info = like.api.info()
    name = info["DefaultRuntime"]
    path = info["Runtimes"].get(name, {}).get("path", "")
    runtime = [] if name in USUAL_RUNTIMES else ["--add-runtime", f"{name}={path}", "--default-runtime", name]
    # Not pytest's folder: a socket's path may have about 100 bytes.
    engine = OwnEngine(Path(tempfile.mkdtemp(prefix="devenv-engine-", dir="/tmp")), tuple(runtime))
    engine.volumes.mkdir(parents=True)
    others = set(os.listdir("/sys/class/net")) & {"docker0"}
    data = str(engine.volumes.parent)
    # dockerd would mount its folder upon itself, and hide a disk in it.
    small = (["--bind", data, data], ["-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(engine.volumes)])
    try:
        engine.has_small_disk = small_disk and all(
            subprocess.run(["mount", *words], capture_output=True, check=False).returncode == 0
            for words in small
        )
        engine.start()
        yield engine
    finally:
        engine.close()
        left = engine.left()
        if not left:
            shutil.rmtree(engine.folder)
        assert left == []
        assert others <= set(os.listdir("/sys/class/net"))


@dataclass
class OwnEngine:
    """dockerd with a containerd, all of whose files lie in `folder`."""

    folder: Path
    runtime: tuple[str, ...]
    has_small_disk: bool = False
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    networks: set[str] = field(default_factory=set)

    @property
    def host(self) -> str:
        """What DOCKER_HOST has to be."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def volumes(self) -> Path:
        """The folder of its volumes: a disk of DISK_MB."""
        return self.folder / "data" / "volumes"

    @property
    def bridge(self) -> str:
        """Its default network: a name has 15 characters at most."""
        return f"devenv{os.getpid() % 1_000_000}"

    def start(self) -> None:
        """Starts what of it does not run, and waits until it answers."""
        socket = self.folder / "containerd.sock"
        if not self._runs("containerd"):
            self._run(
                *("--root", self._path("c"), "--state", self._path("c-state"), "--address", str(socket)),
                program="containerd",
            )
            wait_until(lambda: None if socket.exists() else "no socket", Deadline.after(DEADLINE_S))
        if not self._runs("dockerd"):
            self._make_bridge()
            (self.folder / "docker.pid").unlink(missing_ok=True)
            self._run(
                *("--data-root", self._path("data"), "--exec-root", self._path("exec")),
                *("--pidfile", self._path("docker.pid")),
                *("--host", self.host, "--containerd", str(socket)),
                # With none, and at a second start with address pools, dockerd deletes docker0: another's.
                *("--bridge", self.bridge),
                # The machine's firewall and routing are another engine's.
                *("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"),
                *self.runtime,
                program="dockerd",
            )
        wait_until(self._answer, Deadline.after(DEADLINE_S), self._end_of_dockerd)

    def stop(self) -> None:
        """Has it end its containers, and itself."""
        self._end("dockerd", signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once: what runs in its containers goes on."""
        self._end("dockerd", signal.SIGKILL)

    def close(self) -> None:
        """Ends it, and deletes what it has outside of its folder."""
        self.start()
        api = Engine(self.host).api
        for container in api.containers(all=True):
            api.remove_container(container["Id"], force=True)
        for network in api.networks(filters={"type": "custom"}):
            self.networks.add(network["Id"])
            api.remove_network(network["Id"])
        self.stop()
        self._end("containerd", signal.SIGTERM)
        subprocess.run(["ip", "link", "delete", self.bridge], check=True, capture_output=True)
        for point in reversed(self._mounts()):
            subprocess.run(["umount", "--lazy", point], check=True, capture_output=True)

    def left(self) -> list[str]:
        """What of it is on this machine, beside its folder."""
        left = [f"process {process.pid}: {process.name()}" for process in self._processes()]
        left += [f"mount {point}" for point in self._mounts()]
        bridges = {self.bridge, *(f"br-{network[:12]}" for network in self.networks)}
        return left + sorted(bridges & set(os.listdir("/sys/class/net")))

    # -- how ----------------------------------------------------------------------------------------

    def _make_bridge(self) -> None:
        if self.bridge not in os.listdir("/sys/class/net"):
            for words in (
                ["link", "add", "name", self.bridge, "type", "bridge"],
                ["address", "add", BRIDGE_ADDRESS, "dev", self.bridge],
                ["link", "set", self.bridge, "up"],
            ):
                subprocess.run(["ip", *words], check=True, capture_output=True)

    def _run(self, *words: str, program: str) -> None:
        with (self.folder / f"{program}.log").open("ab") as log:
            self.programs[program] = subprocess.Popen(
                [program, *words], cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )

    def _path(self, name: str) -> str:
        return str(self.folder / name)

    def _runs(self, program: str) -> bool:
        return program in self.programs and self.programs[program].poll() is None

    def _end(self, program: str, how: signal.Signals) -> None:
        if self._runs(program):
            self.programs[program].send_signal(how)
            self.programs[program].wait(DEADLINE_S)

    def _answer(self) -> str | None:
        try:
            Engine(self.host).api.ping()
        except (DevenvError, docker.errors.DockerException, requests.RequestException) as error:
            return str(error)
        return None

    def _end_of_dockerd(self) -> str | None:
        if self._runs("dockerd"):
            return None
        return f"dockerd has ended: {(self.folder / 'dockerd.log').read_text()[-2000:]}"

    def _processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                named = any(str(self.folder) in word for word in process.cmdline())
                inside = Path(process.cwd()).is_relative_to(self.folder)
                if (named or inside) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found

    def _mounts(self) -> list[str]:
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        return [point for point in points if Path(point).is_relative_to(self.folder)]
