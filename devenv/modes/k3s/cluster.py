"""The instance's own cluster: one K3s node in a container, made, started and deleted through k3d.

The data lie on a named Docker volume and outlive the cluster, so that it can be made anew at any time.
"""

from __future__ import annotations

import logging
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError
from devenv.instance import Instance, marks, project_name
from devenv.modes.base import Progress
from devenv.modes.compose.engine import Engine, seconds_of
from devenv.modes.k3s.k3d import k3d_program
from devenv.modes.k3s.render import DATA_FOLDER
from devenv.modes.unfinished import end_unfinished, noted
from devenv.stack.addresses import LOOPBACK
from devenv.state import write_private

INSTANCE_LABEL = "devenv.instance"
PROJECT_LABEL = "devenv.project"
SHAPE_LABEL = "devenv.shape"
ROLE_LABEL = "k3d.role"
CLUSTER_LABEL = "k3d.cluster"
CREATE_TIMEOUT_S = 600
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shape:
    """What is fixed when a cluster is made: another one needs another cluster.

    ports: port of this machine -> NodePort; mounts: folder of this machine -> folder of the node
    image: K3s's image; None is the one of the k3d configuration
    """

    api_port: int
    ports: Mapping[int, int]
    mounts: Mapping[Path, str]
    config: Path
    image: str | None

    @property
    def digest(self) -> str:
        """Tells whether a cluster that is there has this shape."""
        import hashlib

        facts = [self.api_port, sorted(self.ports.items()), sorted(self.mounts.items()), self.image]
        return hashlib.sha256(repr(facts).encode() + self.config.read_bytes()).hexdigest()[:16]


@dataclass(frozen=True)
class Cluster:
    """The cluster of `instance` on `engine`, whether it is there or not.

    kubeconfig: where its configuration for clients is kept; without it the cluster was not finished
    """

    instance: Instance
    engine: Engine
    kubeconfig: Path

    @property
    def name(self) -> str:
        """k3d's name for it."""
        return project_name(self.instance.project)

    @property
    def node(self) -> str:
        """The container of its one node."""
        return f"k3d-{self.name}-server-0"

    @property
    def volume(self) -> str:
        """The Docker volume with the data."""
        return f"{self.name}-k3s-data"

    def state(self) -> str | None:
        """`running`, `exited`, … as its node is; `unfinished` where k3d was killed before it made one; None
        where there is no cluster."""
        status: str | None = (self.engine.inspect(self.node).get("State") or {}).get("Status")
        return status or ("unfinished" if self._parts() else None)

    def is_running(self) -> bool:
        """Whether its node runs; the API may not answer yet."""
        return self.state() == "running"

    def node_started(self) -> float:
        """When its node was started last, in seconds since 1970; 0 where it never was."""
        text = str((self.engine.inspect(self.node).get("State") or {}).get("StartedAt") or "")
        return seconds_of(text) or 0.0

    def fits(self, shape: Shape) -> bool:
        """Whether it was made in that shape."""
        return _label(self.engine.inspect(self.node), SHAPE_LABEL) == shape.digest

    def ensure(self, shape: Shape, progress: Progress) -> None:
        """Has the cluster run in that shape: made, made anew, or started. The data stay in any case."""
        end_unfinished(self.instance)
        found = self.engine.inspect(self.node)
        if self._parts() and not (found and self.kubeconfig.exists()):
            progress(f"cluster {self.name} is made anew: it was not finished")
            self.delete()
            found = {}
        elif found and _label(found, SHAPE_LABEL) != shape.digest:
            progress(f"cluster {self.name} is made anew: its ports, mounts or version have changed")
            self.delete()
            found = {}
        if not found:
            progress(f"creating cluster {self.name}")
            self._create(shape)
        elif (found.get("State") or {}).get("Status") != "running":
            progress(f"starting cluster {self.name}")
            self._start()

    def write_kubeconfig(self) -> None:
        """Writes its configuration for clients, readable by its owner alone."""
        write_private(self.kubeconfig, self._k3d("kubeconfig", "get", self.name))

    def make_folders(self, folders: Sequence[str]) -> None:
        """Makes folders of the node that every user can write to, as the local-path provisioner would."""
        code, said = self.engine.run(self.node, ["mkdir", "-p", "-m", "0777", *folders])
        if code:
            raise DevenvError(
                f"cluster {self.name} cannot make the folders of its volumes: {said.strip()}",
                "run the same command again: devenv up k3s",
            )

    def publish(self, targets: Mapping[str, int]) -> None:
        """Its node publishes every port by itself."""

    def halt(self) -> None:
        """Stops the node at once. Its pods have been ended before; its own store survives a crash."""
        import docker

        end_unfinished(self.instance)
        if self.state() == "unfinished":
            self.delete()
        if not self.is_running():
            return

        try:
            self.engine.ask("kill", self.node)
        except docker.errors.APIError as error:
            if self.is_running():
                raise DevenvError(
                    f"cluster {self.name} cannot be stopped: {error.explanation}", f"docker kill {self.node}"
                ) from error

    def delete(self) -> None:
        """Removes the cluster; the data stay."""
        import docker

        end_unfinished(self.instance)
        self.kubeconfig.unlink(missing_ok=True)
        self._k3d("cluster", "delete", self.name)
        # k3d leaves them where there was no node yet.
        leftovers = {"remove_network": f"k3d-{self.name}", "remove_volume": f"k3d-{self.name}-images"}
        for method, name in leftovers.items():
            with suppress(docker.errors.APIError):
                self.engine.ask(method, name)

    def delete_data(self) -> None:
        """Removes the volume with the data, which nothing may use any more."""
        import docker

        try:
            self.engine.ask("remove_volume", self.volume)
        except docker.errors.NotFound:
            return
        except docker.errors.APIError as error:
            raise DevenvError(
                f"the volume {self.volume} cannot be deleted: {error.explanation}",
                f"see what uses it: docker ps --all --filter volume={self.volume}",
            ) from error

    def _create(self, shape: Shape) -> None:
        self.kubeconfig.unlink(missing_ok=True)
        self.engine.ask("create_volume", self.volume, labels=self._labels)
        self._k3d(*self.create_words(shape))
        self.write_kubeconfig()

    def _parts(self) -> list[Any]:
        """The containers that k3d has made for it, its helpers among them."""
        label = f"{CLUSTER_LABEL}={self.name}"
        return list(self.engine.ask("containers", all=True, filters={"label": label}))

    @property
    def _labels(self) -> dict[str, str]:
        return {INSTANCE_LABEL: self.instance.name, PROJECT_LABEL: str(self.instance.project.root)}

    def create_words(self, shape: Shape) -> list[str]:
        """The words after `k3d` that make the cluster, once its volume is there."""
        ports = [f"{LOOPBACK}:{port}:{node_port}@server:0:direct" for port, node_port in shape.ports.items()]
        mounts = [f"{source}:{target}@server:0" for source, target in shape.mounts.items()]
        labels = {**self._labels, SHAPE_LABEL: shape.digest}
        return [
            *("cluster", "create", self.name, "--config", str(shape.config)),
            *("--api-port", f"{LOOPBACK}:{shape.api_port}"),
            *(("--image", shape.image) if shape.image else ()),
            *("--volume", f"{self.volume}:{DATA_FOLDER}@server:0"),
            *(word for mount in mounts for word in ("--volume", mount)),
            *(word for port in ports for word in ("--port", port)),
            *(
                word
                for label in labels.items()
                for word in ("--runtime-label", "=".join(label) + "@server:0")
            ),
        ]

    def _start(self) -> None:
        import docker

        try:
            self.engine.ask("start", self.node)
        except docker.errors.APIError as error:
            raise DevenvError(
                f"cluster {self.name} cannot be started: {error.explanation}",
                "stop what holds its ports, or delete the cluster (the data stay): "
                f"k3d cluster delete {self.name}",
            ) from error

    def _k3d(self, *words: str) -> str:
        import os

        command = [k3d_program(), *words]
        log.debug(shlex.join(command))
        # k3d leaves files in its temporary folder.
        with noted(self.instance), tempfile.TemporaryDirectory(prefix="devenv-k3d-") as folder:
            environment = {
                **os.environ,
                **marks(self.instance),
                "TMPDIR": folder,
                "DOCKER_HOST": self.engine.host,
            }
            try:
                done = subprocess.run(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=CREATE_TIMEOUT_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise _failed(words, f"no end after {CREATE_TIMEOUT_S} s") from error
        if done.returncode:
            raise _failed(words, done.stderr)
        return done.stdout


def clusters(engine: Engine) -> list[tuple[str, Path]]:
    """(instance, project) of every cluster of devenv's that runs on the engine."""
    nodes = engine.ask("containers", filters={"label": [INSTANCE_LABEL, f"{ROLE_LABEL}=server"]})
    return [(node["Labels"][INSTANCE_LABEL], Path(node["Labels"][PROJECT_LABEL])) for node in nodes]


def _label(found: Mapping[str, Any], name: str) -> str | None:
    label: str | None = ((found.get("Config") or {}).get("Labels") or {}).get(name)
    return label


def _failed(words: tuple[str, ...], said: str) -> DevenvError:
    lines = [line for line in said.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATA" in line or "ERRO" in line] or lines
    reason = fatal[0].split("] ", 1)[-1].strip() if fatal else "it said nothing"
    remedy = "see what it runs with: devenv -v up k3s"
    if "port is already allocated" in said or "address already in use" in said:
        remedy = "stop what holds the port, or give the service another: [ports] in devenv.toml"
    elif "pull" in said and ("denied" in said or "no such host" in said or "ailed to pull" in said):
        remedy = "check the network; the images that k3d needs are named in docs/k3s.md"
    elif "no space left" in said:
        remedy = "make room for Docker: docker system prune"
    return DevenvError(f"k3d {' '.join(words[:2])}: {reason}", remedy)
