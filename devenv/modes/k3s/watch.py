"""Follows pods until they are ready, or gone, and notices when one of them will not make it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from devenv.clock import Deadline
from devenv.endpoints import Endpoints
from devenv.errors import DevenvError, ServiceFailed
from devenv.modes.base import Event
from devenv.modes.k3s.observed import Cluster, Pod, Workload
from devenv.modes.k3s.reach import reach
from devenv.ready import Probe
from devenv.stack.model import Stack

PAUSE_S = 0.3
LOG_LINES = 15
EVENT_LINES = 5


@dataclass(frozen=True)
class Watch:
    """The services of `stack` in `cluster`, reached at `endpoints`, within `deadline`.

    calls: what a service is asked, too, once it is reached
    """

    cluster: Cluster
    stack: Stack
    endpoints: Endpoints
    deadline: Deadline
    calls: Mapping[str, Probe] = field(default_factory=dict)

    def until_ready(self, services: Collection[str], before: Sequence[Pod]) -> Iterator[Event]:
        """Yields events until each of `services` has a ready pod of its newest revision.

        before: the pods that there were; those of an older revision are seen to stop
        Raises ServiceFailed for one whose pod fails, or is not ready at the deadline.
        """
        order = [name for name in ordered(self.stack) if name in services]
        old = {pod.uid: pod.service for pod in before if pod.service in services}
        stopping: set[str] = set()
        running: set[str] = set()
        ready: set[str] = set()
        while True:
            workloads, pods = self.cluster.workloads(), self.cluster.pods()
            current = {name: _current(workloads.get(name), pods) for name in order}
            there = {pod.uid: pod for pod in pods}
            for name in order:
                for uid in [uid for uid, service in old.items() if service == name]:
                    yield from self._replaced(uid, name, there, current[name], old, stopping)
                pod = current[name]
                if pod is None or pod.ending:
                    continue
                if not ready >= set(self.stack.services[name].depends_on) & set(order):
                    continue  # what it needs is ready inside the cluster, and not reached from here yet
                if pod.running and name not in running:
                    running.add(name)
                    yield Event(name, "starting", self.deadline.passed)
                if pod.ready and name not in ready and self._reach(name) is None:
                    ready.add(name)
                    yield Event(name, "ready", self.deadline.passed)
            if ready >= set(order):
                return
            self._check(order, ready, workloads, current)
            self.cluster.mend_dns()
            if self.deadline.left <= 0:
                raise self._late([name for name in order if name not in ready], workloads, current)
            time.sleep(min(PAUSE_S, self.deadline.left))

    def until_gone(self, services: Sequence[str]) -> Iterator[Event]:
        """Scales services to nothing, each after what depends on it; yields events until they are gone."""
        dependents = {
            name: {other for other in services if name in self.stack.services[other].depends_on}
            for name in services
        }
        scaled: set[str] = set()
        gone: set[str] = set()
        while gone < set(services):
            workloads = self.cluster.workloads()
            with_pods = {pod.service for pod in self.cluster.pods()}
            for name in reversed([name for name in ordered(self.stack) if name in services]):
                if name in gone or not dependents[name] <= gone:
                    continue
                workload = workloads.get(name)
                if name not in scaled:
                    scaled.add(name)
                    if workload and workload.replicas:
                        self.cluster.scale(workload, 0)
                    if name in with_pods:
                        yield Event(name, "stopping", self.deadline.passed)
                        continue
                    gone.add(name)
                elif name not in with_pods:
                    gone.add(name)
                    yield Event(name, "stopped", self.deadline.passed)
            if gone < set(services):
                if self.deadline.left <= 0:
                    waiting = [name for name in services if name not in gone]
                    raise DevenvError(
                        f"service {waiting[0]} has not ended after {self.deadline.passed:.0f} s",
                        "run the same command again; see: devenv logs " + waiting[0],
                    )
                time.sleep(PAUSE_S)

    def _replaced(
        self,
        uid: str,
        name: str,
        there: Mapping[str, Pod],
        current: Pod | None,
        old: dict[str, str],
        stopping: set[str],
    ) -> Iterator[Event]:
        pod = there.get(uid)
        if pod is not None and current is not None and pod.uid == current.uid and not pod.ending:
            del old[uid]  # it is kept
            return
        if (pod is None or pod.ending) and uid not in stopping:
            stopping.add(uid)
            yield Event(name, "stopping", self.deadline.passed)
        if pod is None:
            del old[uid]
            yield Event(name, "stopped", self.deadline.passed)

    def _check(
        self,
        order: Sequence[str],
        ready: Collection[str],
        workloads: Mapping[str, Workload],
        current: Mapping[str, Pod | None],
    ) -> None:
        for name in order:
            pod, workload = current[name], workloads.get(name)
            if name in ready:
                continue
            if pod and pod.trouble and not pod.ending:
                raise self._failed(name, pod, f"it does not start: {pod.trouble}")
            if pod is None and workload and workload.trouble:
                raise self._failed(name, None, f"no pod can be made: {workload.trouble}")

    def _late(
        self,
        waiting: Sequence[str],
        workloads: Mapping[str, Workload],
        current: Mapping[str, Pod | None],
    ) -> ServiceFailed:
        # The one that runs is what the others wait for.
        culprit = next((name for name in waiting if (pod := current[name]) and pod.running), waiting[0])
        pod = current[culprit]
        workload = workloads.get(culprit)
        said = pod.text if pod else (workload.trouble if workload else "") or "it has no pod"
        if pod and pod.ready:
            said = f"it is not reached from this machine: {self._reach(culprit)}"
        return self._failed(culprit, pod, f"not ready after {self.deadline.passed:.0f} s; {said}")

    def _reach(self, name: str) -> str | None:
        seen = reach(self.stack.services[name], self.endpoints[name])
        call = self.calls.get(name)
        return seen or (call() if call else None)

    def _failed(self, name: str, pod: Pod | None, what: str) -> ServiceFailed:
        lines = []
        if pod:
            lines = self.cluster.events(pod.name)[-EVENT_LINES:]
            lines += self.cluster.tail(pod.name, name, LOG_LINES)
        return ServiceFailed(
            f"service {name}: {what}",
            f"read its log: devenv logs {name} (its events and last lines are above)",
            "\n".join(lines),
        )


def ordered(stack: Stack) -> list[str]:
    """The services, each after what it depends on."""
    graph = {name: service.depends_on for name, service in stack.services.items()}
    return list(TopologicalSorter(graph).static_order())


def _current(workload: Workload | None, pods: Sequence[Pod]) -> Pod | None:
    """The pod of the workload's newest revision."""
    if workload is None or workload.revision is None or not workload.replicas:
        return None
    found = [pod for pod in pods if pod.service == workload.service and pod.revision == workload.revision]
    found.sort(key=lambda pod: (pod.ending, not pod.ready))
    return found[0] if found else None
