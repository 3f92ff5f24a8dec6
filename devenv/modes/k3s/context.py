"""A cluster that is there already, by the name of its context: the instance is a namespace in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import DevenvError
from devenv.instance import Instance
from devenv.modes.base import Progress
from devenv.modes.k3s.cluster import Shape
from devenv.modes.k3s.forwards import end_forwards, forward
from devenv.modes.k3s.kubectl import Kubectl, configuration
from devenv.state import write_private


@dataclass(frozen=True)
class ContextCluster:
    """The cluster of `context`, with the part of a person's configuration that leads to it kept at
    `kubeconfig`."""

    name: str
    context: str
    instance: Instance
    kubeconfig: Path

    def state(self) -> str | None:
        """`running` once an `up` has used it: whether it answers is asked of its API."""
        return "running" if self.kubeconfig.exists() else None

    def is_running(self) -> bool:
        """Whether the instance is in it."""
        return self.kubeconfig.exists()

    def node_started(self) -> float:
        """Unknown: its nodes are nobody's here to restart."""
        return 0.0

    def fits(self, shape: Shape) -> bool:
        """Nothing of a cluster elsewhere is the instance's to choose."""
        return True

    def ensure(self, shape: Shape, progress: Progress) -> None:
        """Notes how the cluster is reached. Raises DevenvError for a context that is not there."""
        self.write_kubeconfig()

    def write_kubeconfig(self) -> None:
        """Writes the part of the person's configuration that leads to it, readable by its owner alone."""
        write_private(self.kubeconfig, configuration(self.context))

    def publish(self, targets: Mapping[str, int]) -> None:
        """Has services be reached on this machine: service -> its port in the cluster."""
        forward(self.instance, self._kubectl, targets)

    def halt(self) -> None:
        """Ends what the instance runs on this machine."""
        end_forwards(self.instance)

    def delete(self) -> None:
        """Deletes the namespace, and with it the instance's data."""
        end_forwards(self.instance)
        try:
            self._kubectl.run("delete", "namespace", self.name, "--ignore-not-found", "--timeout=180s")
        except DevenvError as error:
            raise DevenvError(
                f"namespace {self.name} in context {self.context}: {error.problem}", error.remedy
            ) from error
        self.kubeconfig.unlink(missing_ok=True)

    def delete_data(self) -> None:
        """They have gone with the namespace."""

    @property
    def _kubectl(self) -> Kubectl:
        return Kubectl(self.kubeconfig, self.name)
