"""What runs of the instance in its cluster: workloads and pods, read from the API."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devenv.errors import DevenvError
from devenv.modes.k3s.patience import STATUSES, NotNow, patiently

if TYPE_CHECKING:
    from lightkube import Client

MANAGED = {"app.kubernetes.io/managed-by": "devenv"}
SERVICE_LABEL = "app.kubernetes.io/name"
# What was applied last: service -> digest@generation of its workload. Noted on the workload itself, it would
# count as a change of it.
APPLIED = "devenv-applied"
TIMEOUT_S = 15.0
# Reasons for which a container waits, and that time alone does not heal.
HOPELESS = {
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
}


@dataclass(frozen=True)
class Workload:
    """A Deployment or StatefulSet; `revision` is what its newest pods carry, None while it is not known."""

    kind: str
    service: str
    generation: int
    replicas: int
    revision: str | None
    trouble: str


@dataclass(frozen=True)
class Pod:
    """A pod of a service; `started` in seconds since 1970, `trouble` says why it will not get ready."""

    uid: str
    name: str
    service: str
    revision: str
    ending: bool
    running: bool
    ready: bool
    restarts: int
    started: float | None
    image: str | None
    text: str
    trouble: str


def _always() -> float:
    return 0.0


@dataclass(frozen=True)
class Cluster:
    """One namespace of the cluster that `kubeconfig` leads to.

    node_started: when its node was started last, in seconds since 1970. What the API says of a container that
    began before is a memory: for a while after a restart, its address may even be another pod's.
    """

    kubeconfig: Path
    namespace: str
    node_started: Callable[[], float] = _always

    @cached_property
    def client(self) -> Client:
        """The API's client. Raises DevenvError where its configuration cannot be used."""
        import httpx2
        from lightkube import Client, KubeConfig
        from lightkube.core.exceptions import ConfigError

        try:
            chosen = KubeConfig.from_file(self.kubeconfig).get()
            client = Client(config=chosen, namespace=self.namespace, timeout=httpx2.Timeout(TIMEOUT_S))
        except (ConfigError, OSError, ValueError) as error:
            raise DevenvError(
                f"{self.kubeconfig} leads to no cluster: {error}", "see: kubectl config get-contexts"
            ) from error
        weakref.finalize(self, client.close)
        return client

    def answers(self) -> str | None:
        """None where the API is ready; else what it said."""
        from lightkube.resources.core_v1 import Namespace

        try:
            self.client.get(Namespace, "kube-system")
        except Exception as error:  # of the library, of its transport, or of TLS: all of them mean not yet
            return str(error) or type(error).__name__
        return None

    def workloads(self) -> dict[str, Workload]:
        """The workload of each service that has one."""
        from lightkube.resources.apps_v1 import Deployment, ReplicaSet, StatefulSet

        newest: dict[str, tuple[int, str]] = {}
        for replica_set in self._list(ReplicaSet):
            number = int((replica_set.metadata.annotations or {}).get("deployment.kubernetes.io/revision", 0))
            service = replica_set.metadata.labels[SERVICE_LABEL]
            found = number, replica_set.metadata.labels["pod-template-hash"]
            newest[service] = max(newest.get(service, (-1, "")), found)
        workloads = {}
        for entry in self._list(StatefulSet):
            current = (entry.status.observedGeneration or 0) >= entry.metadata.generation
            revision = entry.status.updateRevision if current else None
            workloads[_service(entry)] = _workload("StatefulSet", entry, revision)
        for entry in self._list(Deployment):
            status = entry.status
            current = status is not None and (status.observedGeneration or 0) >= entry.metadata.generation
            service = _service(entry)
            revision = newest.get(service, (0, None))[1] if current else None
            workloads[service] = _workload("Deployment", entry, revision)
        return workloads

    def pods(self) -> list[Pod]:
        """Every pod of the instance."""
        from lightkube.resources.core_v1 import Pod as Resource

        since = self.node_started()
        pods = [_pod(entry) for entry in self._list(Resource)]
        return [
            replace(pod, running=False, ready=False, text="not started again yet")
            if pod.started is not None and pod.started < since
            else pod
            for pod in pods
        ]

    def events(self, pod: str) -> list[str]:
        """What happened to a pod, the last thing last; a line each."""
        from lightkube.resources.core_v1 import Event

        found = self._ask("list", Event, fields={"involvedObject.name": pod})
        return [
            f"{entry.type} {entry.reason}: {entry.message}" + (f" (x{entry.count})" if entry.count else "")
            for entry in sorted(found, key=lambda entry: str(entry.lastTimestamp or entry.eventTime))
        ]

    def tail(self, pod: str, container: str, lines: int) -> list[str]:
        """The last lines of a container's log; of the run before where this one has said nothing."""
        from devenv.modes.k3s.kubectl import Kubectl

        kubectl = Kubectl(self.kubeconfig, self.namespace)
        for options in ([], ["--previous"]):
            try:
                said = kubectl.run("logs", pod, f"--container={container}", f"--tail={lines}", *options)
            except DevenvError:
                continue  # it has none: no reason to lose the error that it was wanted for
            if said.strip():
                return said.splitlines()
        return []

    def scale(self, workload: Workload, replicas: int) -> None:
        """Has so many pods of it run."""
        from lightkube.resources import apps_v1
        from lightkube.types import PatchType

        resource = getattr(apps_v1, workload.kind)
        self._ask(
            "patch",
            resource.Scale,
            workload.service,
            {"spec": {"replicas": replicas}},
            patch_type=PatchType.MERGE,
        )

    def applied(self) -> dict[str, str]:
        """Service -> `digest@generation` of what was applied last."""
        from lightkube.resources.core_v1 import ConfigMap

        found = self._ask("get", ConfigMap, APPLIED)
        return dict(found.data or {}) if found else {}

    def note_applied(self, digests: Mapping[str, str]) -> None:
        """Notes what was applied of each service, with the generation that its workload has now."""
        from lightkube.models.meta_v1 import ObjectMeta
        from lightkube.resources.core_v1 import ConfigMap

        notes = {
            name: f"{digests[name]}@{workload.generation}"
            for name, workload in self.workloads().items()
            if name in digests
        }
        meta = ObjectMeta(name=APPLIED, namespace=self.namespace)
        self._ask(
            "apply",
            ConfigMap(metadata=meta, data={**self.applied(), **notes}),
            field_manager="devenv",
            force=True,
        )

    def delete_pod(self, name: str) -> None:
        """Ends a pod; its workload makes another."""
        from lightkube.resources.core_v1 import Pod as Resource

        self._ask("delete", Resource, name)

    def forget_released_volumes(self) -> None:
        """Deletes volumes whose claims are gone, or new claims of the same name would wait for ever.

        Only the API's record of them: what is on their disks stays, and is found again under the same path.
        """
        from lightkube.resources.core_v1 import PersistentVolume, PersistentVolumeClaim

        claims = {claim.metadata.uid for claim in self._ask("list", PersistentVolumeClaim)}
        for volume in self._ask("list", PersistentVolume):
            claim = volume.spec.claimRef
            kept = volume.spec.persistentVolumeReclaimPolicy == "Retain"
            if claim and claim.namespace == self.namespace and claim.uid and claim.uid not in claims and kept:
                self._ask("delete", PersistentVolume, volume.metadata.name)

    def mend_dns(self) -> None:
        """Has K3s write its hosts for CoreDNS again, where a restart has left it without them.

        A start of the node resets CoreDNS's configuration, and K3s adds the key that its pod waits for only
        when the node's record changes, which may take five minutes.
        """
        from lightkube.resources.core_v1 import ConfigMap, Node
        from lightkube.types import PatchType

        found = self._ask("get", ConfigMap, "coredns", namespace="kube-system")
        if not found or (found.data or {}).get("NodeHosts"):
            return
        for node in self._ask("list", Node):
            change = {"metadata": {"annotations": {"devenv/noticed": str(time.time())}}}
            self._ask("patch", Node, node.metadata.name, change, patch_type=PatchType.MERGE)

    def _list(self, resource: Any) -> list[Any]:
        return list(self._ask("list", resource, labels=MANAGED))

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        return patiently(lambda: self._ask_once(method, *arguments, **options))

    def _ask_once(self, method: str, *arguments: Any, **options: Any) -> Any:
        import httpx2
        from lightkube.core.exceptions import ApiError

        try:
            answer = getattr(self.client, method)(*arguments, **options)
            return list(answer) if method == "list" else answer
        except ApiError as error:
            if error.status.code == 404:
                return []
            kind = NotNow if error.status.code in STATUSES else DevenvError
            raise kind(f"the cluster refuses: {error}", "see what was asked: devenv -v up k3s") from error
        except httpx2.HTTPError as error:
            raise DevenvError(
                f"the cluster does not answer: {error or type(error).__name__}",
                "run the same command again: devenv up k3s goes on from here",
            ) from error


def _service(entry: Any) -> str:
    return str(entry.metadata.labels[SERVICE_LABEL])


def _workload(kind: str, entry: Any, revision: str | None) -> Workload:
    conditions = (entry.status.conditions if entry.status else None) or []
    failing = [one for one in conditions if one.type == "ReplicaFailure" and one.status == "True"]
    return Workload(
        kind=kind,
        service=_service(entry),
        generation=entry.metadata.generation,
        replicas=entry.spec.replicas if entry.spec.replicas is not None else 1,
        revision=revision,
        trouble=str(failing[0].message) if failing else "",
    )


def _pod(entry: Any) -> Pod:
    labels = entry.metadata.labels
    status = entry.status
    main = next(iter(status.containerStatuses or []), None)
    first = list(status.initContainerStatuses or [])
    running = main.state.running if main and main.state else None
    containers = [*first, *([main] if main else [])]
    waiting = [one.state.waiting for one in containers if one.state and one.state.waiting]
    hopeless = [one for one in waiting if one.reason in HOPELESS]
    ready = any(one.type == "Ready" and one.status == "True" for one in status.conditions or [])
    return Pod(
        uid=entry.metadata.uid,
        name=entry.metadata.name,
        service=labels[SERVICE_LABEL],
        revision=labels.get("controller-revision-hash") or labels.get("pod-template-hash", ""),
        ending=entry.metadata.deletionTimestamp is not None,
        running=running is not None,
        ready=ready,
        restarts=main.restartCount if main else 0,
        started=running.startedAt.timestamp() if running and running.startedAt else None,
        image=entry.spec.containers[0].image,
        text=_text(status, first, waiting),
        trouble=_reason(hopeless[0]) if hopeless else "",
    )


def _text(status: Any, first: list[Any], waiting: list[Any]) -> str:
    going_on = [one.name for one in first if one.state and one.state.running]
    if going_on:
        return str(going_on[0]).replace("-", " ").replace("wait for", "waiting for")
    if waiting and waiting[-1].reason not in ("PodInitializing", "ContainerCreating"):
        return _reason(waiting[-1])
    unscheduled = [
        one for one in status.conditions or [] if one.type == "PodScheduled" and one.status == "False"
    ]
    if unscheduled:
        return str(unscheduled[0].message)
    unready = [one for one in status.conditions or [] if one.type == "Ready" and one.status == "False"]
    return "not ready" if unready else str(status.phase or "pending").lower()


def _reason(waiting: Any) -> str:
    return f"{waiting.reason}: {waiting.message}" if waiting.message else str(waiting.reason)
