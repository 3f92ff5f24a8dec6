"""K3s mode: the stack as Kubernetes objects, on a cluster of its own that k3d makes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from devenv.clock import Deadline
from devenv.endpoints import Endpoints, on_this_machine
from devenv.errors import DevenvError
from devenv.instance import Instance, forget, note_data, project_name
from devenv.modes.base import Change, Described, Event, Problem, Progress, Running, ServiceStatus
from devenv.modes.calling import calls
from devenv.modes.compose.engine import Engine, find_engine
from devenv.modes.k3s import cluster as own
from devenv.modes.k3s import logs, node_images, observed, preflight, render
from devenv.modes.k3s.context import ContextCluster
from devenv.modes.k3s.describing import describe
from devenv.modes.k3s.engine_images import EngineImages
from devenv.modes.k3s.forwards import end_forwards, forwarding, is_forwarded
from devenv.modes.k3s.kubectl import Kubectl
from devenv.modes.k3s.manifests import Manifests, build, without_folders
from devenv.modes.k3s.observed import Pod, Workload
from devenv.modes.k3s.reach import reach
from devenv.modes.k3s.secret import secret_object
from devenv.modes.k3s.shape import instance_variables, port_variables, rendering_variables, shape_of
from devenv.modes.k3s.watch import Watch
from devenv.modes.unfinished import unfinished
from devenv.project import Project
from devenv.ready import NotReady, wait_until
from devenv.secrets import Secrets, read_secrets
from devenv.settings import Settings
from devenv.stack.compose import last, load
from devenv.stack.model import Stack
from devenv.stack.variables import base_variables

API_DEADLINE_S = 180.0
STOP_DEADLINE_S = 180.0
# Data are never pruned.
PRUNED = ("deployments", "statefulsets", "services", "configmaps")


@dataclass
class K3sMode:
    """The instance in a namespace of its own.

    written: the stack with the containers' own addresses; stack: as it is rendered, with tokens
    placed: with the instance's own values in their place
    """

    instance: Instance
    written: Stack
    stack: Stack
    placed: Stack
    settings: Settings
    variables: Mapping[str, str]
    secrets: Secrets
    progress: Progress = field(default=lambda line: None)

    def preflight(self) -> list[Problem]:
        if self.instance.context:
            return list(preflight.port_problems(self.instance, is_forwarded(self.instance)))
        problems = list(preflight.engine_problems(self.engine))
        if problems:
            return problems
        running = self.cluster.is_running() or bool(unfinished(self.instance))
        return [
            *preflight.tool_problems(),
            *preflight.port_problems(self.instance, running),
            *preflight.resource_problems(self.engine),
        ]

    def prepare(self, progress: Progress) -> None:
        self.progress = progress
        if not self.instance.context:
            self.engine_images.obtain(progress)

    def changes(self, services: Sequence[str]) -> list[Change]:
        wanted = self.stack.needed_by(tuple(services))
        if not self.cluster.is_running():
            return [Change(name, "start", "its cluster does not run") for name in wanted]
        if not self.cluster.kubeconfig.exists():
            return [Change(name, "start", "its cluster was not finished") for name in wanted]
        self._wait_for_api(Deadline.after(API_DEADLINE_S))
        workloads, pods = self.live.workloads(), self.live.pods()
        if not self.cluster.fits(self.shape):
            return [Change(name, "restart", "its cluster has to be made anew") for name in wanted]
        digests, applied = self.manifests().digests, self.live.applied()
        current = {
            name: f"{digests[name]}@{workload.generation}"
            for name, workload in workloads.items()
            if name in digests
        }
        changed = {name for name in wanted if current.get(name) != applied.get(name)}
        return [self._change(name, workloads.get(name), pods, name in changed) for name in wanted]

    def start(self, services: Sequence[str], deadline: Deadline) -> Iterator[Event]:
        wanted = self.stack.needed_by(tuple(services))
        self.cluster.ensure(self.shape, self.progress)
        self._wait_for_api(deadline)
        stale = []
        for change in self.changes(services):
            if change.action == "keep":
                yield Event(change.service, "unchanged", deadline.passed)
            else:
                stale.append(change.service)
        if not stale:
            return
        if isinstance(self.cluster, own.Cluster):
            names = self.engine_images.names(wanted)
            node_images.load(self.engine, self.cluster.node, names, self.progress)
            self.cluster.make_folders(render.volume_folders(self.stack, self.name))
        before = self.live.pods()
        for pod in before:
            if pod.service in stale and pod.trouble:
                self.live.delete_pod(pod.name)  # or it waits for minutes before it tries again
        self.live.forget_released_volumes()
        note_data(self.instance, self._where())
        manifests = self.manifests()
        self._apply(manifests, wanted)
        self.cluster.publish({name: self.stack.services[name].ports[0].target for name in wanted})
        try:
            further = calls(self.stack, self.endpoints(), self.secrets)
            watch = Watch(self.live, self.stack, self.endpoints(), deadline, further)
            yield from watch.until_ready(stale, before)
        except DevenvError:
            # A service that cannot start would be restarted for ever.
            self._scale_down_failing(stale)
            raise
        self.live.note_applied({name: manifests.digests[name] for name in stale})

    def stop(self, services: Sequence[str]) -> Iterator[Event]:
        everything = set(services) >= set(self.stack.services)
        try:
            if not self.cluster.is_running() or not self.cluster.kubeconfig.exists():
                return
            self._wait_for_api(Deadline.after(API_DEADLINE_S))
            watch = Watch(self.live, self.stack, self.endpoints(), Deadline.after(STOP_DEADLINE_S))
            yield from watch.until_gone(list(services))
        finally:
            if everything:
                self.cluster.halt()

    def restart(self, service: str, deadline: Deadline) -> Iterator[Event]:
        yield from self.stop([service])
        yield from self.start([service], deadline)

    def purge(self) -> None:
        if self.cluster.state() is not None:
            self.cluster.delete()
        self.cluster.delete_data()
        for folder in ("instance", "stage"):
            shutil.rmtree(self.instance.folder / folder, ignore_errors=True)
        for file in ("kubeconfig", "images.env"):
            (self.instance.folder / file).unlink(missing_ok=True)
        forget(self.instance)

    def status(self) -> list[ServiceStatus]:
        if not self.cluster.is_running():
            return [ServiceStatus(name, "stopped") for name in self.stack.services]
        if answer := self.live.answers():
            seen = f"the cluster's API does not answer: {answer}"
            return [ServiceStatus(name, "unhealthy", seen) for name in self.stack.services]
        workloads, pods = self.live.workloads(), self.live.pods()
        return [self._status_of(name, workloads.get(name), pods) for name in self.stack.services]

    def endpoints(self) -> Endpoints:
        return on_this_machine(self.stack.services, self.instance.ports)

    def client_variables(self) -> Mapping[str, str]:
        return {"KUBECONFIG": str(self.cluster.kubeconfig)}

    def logs(self, services: Sequence[str], lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        names = {pod.service: pod.name for pod in self.live.pods() if pod.service in services}
        yield from logs.read(self.kubectl, names, lines, follow)

    def exec(self, service: str, command: Sequence[str]) -> int:
        pod = next((pod for pod in self.live.pods() if pod.service == service and not pod.ending), None)
        if pod is None:
            raise DevenvError(f"service {service} does not run", "start it: devenv up k3s")
        terminal = ["--stdin", "--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else ["--stdin"]
        words = self.kubectl.words("exec", *terminal, pod.name, "--container", service, "--", *command)
        return subprocess.run(words, check=False).returncode

    def describe(self) -> Mapping[str, Described]:
        loaded = self.engine_images.names(tuple(self.placed.services)) if not self.instance.context else {}
        return describe(self.manifests(), self.placed, {there: own for own, there in loaded.items()})

    # -- how -----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The cluster's name, and the namespace's."""
        return project_name(self.instance.project)

    @cached_property
    def engine(self) -> Engine:
        """The Docker engine that the cluster's node runs on."""
        return find_engine()

    @cached_property
    def cluster(self) -> own.Cluster | ContextCluster:
        """The cluster, whether it is there or not."""
        kubeconfig = self.instance.folder / "kubeconfig"
        if self.instance.context:
            return ContextCluster(self.name, self.instance.context, self.instance, kubeconfig)
        return own.Cluster(self.instance, self.engine, kubeconfig)

    @cached_property
    def live(self) -> observed.Cluster:
        """What is read of it."""
        return observed.Cluster(self.cluster.kubeconfig, self.name, self.cluster.node_started)

    @cached_property
    def kubectl(self) -> Kubectl:
        """What changes it."""
        return Kubectl(self.cluster.kubeconfig, self.name)

    @cached_property
    def engine_images(self) -> EngineImages:
        """The images of the stack on the engine."""
        return EngineImages(self.instance, self.placed, self.engine, self.variables, self.secrets)

    def manifests(self) -> Manifests:
        """What is applied."""
        values = instance_variables(self.instance, self.settings)
        # k3s/base has the images that compose.yaml names; what runs in their place is the instance's.
        pairs = [(one.image, self.placed.services[name].image) for name, one in self.stack.services.items()]
        if self.instance.context:
            return build(self.instance, without_folders(self.stack), dict(pairs), values)
        on_node = self.engine_images.names(tuple(self.placed.services))
        return build(self.instance, self.stack, {image: on_node[own] for image, own in pairs}, values)

    @cached_property
    def shape(self) -> own.Shape:
        """The cluster that the instance needs."""
        return shape_of(self.instance, self.stack, self.settings)

    def _where(self) -> str:
        if isinstance(self.cluster, own.Cluster):
            return f"the Docker volume {self.cluster.volume}"
        return f"namespace {self.name} of context {self.instance.context}"

    def _wait_for_api(self, deadline: Deadline) -> None:
        if isinstance(self.cluster, ContextCluster):
            where, remedy = f"context {self.cluster.context}", "see whether it does: kubectl get namespaces"
        else:
            where, remedy = (
                f"cluster {self.name}",
                f"read its node's log: docker logs {self.cluster.node}",
            )

        def gone() -> str | None:
            return None if self.cluster.is_running() else "its node has ended"

        try:
            wait_until(self.live.answers, deadline, gone)
        except NotReady as error:
            raise DevenvError(f"the API of {where}: {error.problem}", remedy) from error

    def _change(self, name: str, workload: Workload | None, pods: Sequence[Pod], changed: bool) -> Change:
        if workload is None or not workload.replicas:
            return Change(name, "start", "it has no pod")
        if changed:
            return Change(name, "restart", "its configuration has changed")
        mine = [pod for pod in pods if pod.service == name and pod.revision == workload.revision]
        if not any(pod.ready and not pod.ending for pod in mine):
            return Change(name, "start", mine[0].text if mine else "it has no pod")
        if seen := reach(self.stack.services[name], self.endpoints()[name]):
            return Change(name, "start", f"it is not reached from this machine: {seen}")
        return Change(name, "keep")

    def _apply(self, manifests: Manifests, services: Sequence[str]) -> None:
        from devenv import yaml_text

        objects = manifests.of(services)
        # Before the workloads that refer to it, and after its namespace.
        objects.insert(1, secret_object(self.name, self.secrets))
        self.kubectl.apply(yaml_text.dump_all(objects))
        self._prune(manifests)

    def _prune(self, manifests: Manifests) -> None:
        wanted = {f"{kind.lower()}/{name}" for kind, name in manifests.names()}
        selector = ",".join(f"{key}={value}" for key, value in observed.MANAGED.items())
        listed = self.kubectl.run("get", ",".join(PRUNED), f"--selector={selector}", "--output=name").split()
        stale = [name for name in listed if name.replace(".apps", "") not in wanted]
        if stale:
            self.progress(f"removing what the stack no longer has: {', '.join(stale)}")
            self.kubectl.run("delete", *stale, "--wait=false")

    def _scale_down_failing(self, services: Sequence[str]) -> None:
        ready = {pod.service for pod in self.live.pods() if pod.ready}
        for name, workload in self.live.workloads().items():
            if name in services and name not in ready:
                self.live.scale(workload, 0)

    def _status_of(self, name: str, workload: Workload | None, pods: Sequence[Pod]) -> ServiceStatus:
        mine = [pod for pod in pods if pod.service == name and not pod.ending]
        mine.sort(key=lambda pod: (not pod.ready, not pod.running))
        if workload is None or not workload.replicas:
            return ServiceStatus(name, "stopped")
        if not mine:
            return ServiceStatus(name, "starting", workload.trouble or "it has no pod")
        pod = mine[0]
        if pod.trouble:
            return ServiceStatus(name, "failed", pod.trouble, None, pod.restarts, pod.started, pod.image)
        state = "ready" if pod.ready else "starting"
        detail = "" if pod.ready else pod.text
        return ServiceStatus(name, state, detail, None, pod.restarts, pod.started, pod.image)  # type: ignore[arg-type]


def open_mode(instance: Instance, settings: Settings) -> K3sMode:
    """K3s mode for `instance`, whose ports and secrets have been chosen."""
    files = instance.project.stack_files(str(instance.s3_engine))
    cache = instance.folder / "cache"
    variables = base_variables(instance, settings)
    written = load(files, variables, cache)
    rendered = rendering_variables(settings)
    stack = load(files, rendered, cache)
    own_values = {**instance_variables(instance, settings), **port_variables(written, instance)}
    placed = load(files, {**variables, **rendered, **own_values}, cache)
    secrets = read_secrets(instance.project.secrets_file)
    return K3sMode(instance, written, stack, placed, settings, variables, secrets)


def open_last(instance: Instance) -> K3sMode | None:
    """K3s mode with the stack that was read last: enough to stop what runs when the files are broken."""
    stack = last(instance.folder / "cache")
    return K3sMode(instance, stack, stack, stack, Settings(), {}, {}) if stack else None


def end_orphans(instance: Instance, volumes: bool) -> int:
    """Stops the cluster of an instance whose state folder is gone, with `volumes` deletes it and its data;
    returns how many pods, or forwards to a cluster elsewhere, there were."""
    import tempfile
    from pathlib import Path

    if forwards := end_forwards(instance):
        return forwards  # what it reaches is a cluster elsewhere, which only the lost state has named
    with tempfile.TemporaryDirectory(prefix="devenv-k3s-") as folder:
        cluster = own.Cluster(instance, find_engine(), Path(folder) / "kubeconfig")
        ended = _end_pods(cluster) if cluster.is_running() else 0
        cluster.halt()
        if volumes:
            if cluster.state() is not None:
                cluster.delete()
            cluster.delete_data()
    return ended


def _end_pods(cluster: own.Cluster) -> int:
    """Ends the pods of the instance, whatever they depend on; returns how many there were, at least 1."""
    cluster.write_kubeconfig()
    live = observed.Cluster(cluster.kubeconfig, cluster.name)
    wait_until(live.answers, Deadline.after(API_DEADLINE_S))
    found = live.pods()
    for workload in live.workloads().values():
        live.scale(workload, 0)
    wait_until(lambda: "pods are ending" if live.pods() else None, Deadline.after(STOP_DEADLINE_S))
    return len(found) or 1


def running() -> list[Running]:
    """The instances whose clusters run, and those that are forwarded to."""
    found = [Running(name, "k3s", folder, parts) for name, (folder, parts) in forwarding().items()]
    try:
        clusters = own.clusters(find_engine())
    except DevenvError:
        return found  # there is no engine to ask
    own_ones = [(n, folder) for n, folder in clusters if f"{project_name(Project(folder))}-k3s" == n]
    return found + [Running(name, "k3s", folder, 1) for name, folder in own_ones]
