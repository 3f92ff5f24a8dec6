"""`devenv up k3s`, beside k3d and kubectl by hand with the same cluster, images and manifests."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

from benchmarks.measure import Clock, Result
from benchmarks.platform_copy import PlatformCopy, platform_copy
from devenv.instance import load_instance
from devenv.modes.k3s import K3sMode, open_mode
from devenv.modes.k3s.cluster import Cluster
from devenv.modes.k3s.k3d import k3d_program
from devenv.modes.k3s.kubectl import Kubectl
from devenv.modes.k3s.manifests import WORKLOADS
from devenv.modes.k3s.node_images import CTR, full_name
from devenv.modes.k3s.render import volume_folders
from devenv.settings import read_settings

NOTHING, BARE_NOTHING = "devenv up k3s, from nothing", "k3d, docker save | ctr import, kubectl, from nothing"
EXISTING, BARE_EXISTING = "devenv up k3s, on a cluster with the images", "kubectl apply -k and rollout status"
NOOP = "devenv up k3s, all is well"
RATIO_LIMIT, NOOP_LIMIT_S = 1.1, 2.0
WAIT = "--timeout=300s"


def measure(runs: int, patience: float) -> Result:
    """Rounds of both, from nothing and on a cluster that runs; one round does not count."""
    clock = Clock(patience)
    with platform_copy("k3s") as copy:
        # Images are built once, and the instance's part of the manifests is there from then on.
        copy.devenv("up", "k3s", "--no-seed", "--images", "build")
        by_hand = ByHand(copy)
        for number in range(runs + 1):
            _round(clock, copy, by_hand, counts=number > 0)
    figures = [
        clock.ratio(NOTHING, BARE_NOTHING, RATIO_LIMIT),
        clock.ratio(EXISTING, BARE_EXISTING, RATIO_LIMIT),
        clock.figure(NOOP, limit=NOOP_LIMIT_S),
        *(clock.figure(label) for label in clock.series if label != NOOP),
    ]
    return Result("k3s", figures, clock.series)


def _round(clock: Clock, copy: PlatformCopy, by_hand: ByHand, counts: bool) -> None:
    def up() -> None:
        copy.devenv("up", "k3s", "--no-seed")

    by_hand.delete()
    clock.time(NOTHING, up, counts)
    clock.time(NOOP, up, counts)
    by_hand.empty()
    clock.time(EXISTING, up, counts)
    by_hand.delete()
    clock.time(BARE_NOTHING, by_hand.from_nothing, counts)
    by_hand.empty()
    clock.time(BARE_EXISTING, by_hand.apply, counts)


@dataclass(frozen=True)
class ByHand:
    """What a person would type, with the files that devenv wrote."""

    copy: PlatformCopy

    def from_nothing(self) -> None:
        """Cluster, images, manifests."""
        mode, cluster = self._mode(), self._cluster()
        _run("docker", "volume", "create", cluster.volume)
        _run(k3d_program(), *cluster.create_words(mode.shape))
        cluster.write_kubeconfig()
        images = mode.engine_images.names(tuple(mode.stack.services))
        sender = subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE)
        node = ["docker", "exec", "--interactive", cluster.node, *CTR]
        subprocess.run([*node, "import", "-"], stdin=sender.stdout, check=True, capture_output=True)
        sender.wait()
        for name, target in images.items():
            _run(*node, "tag", "--force", full_name(name), full_name(target))
        self.apply()

    def apply(self) -> None:
        """The manifests, on a cluster that runs and has the images, until every workload is ready."""
        mode = self._mode()
        root, kubectl = mode.instance.project.root, mode.kubectl
        folders = volume_folders(mode.stack, mode.name)
        _run("docker", "exec", self._cluster().node, "mkdir", "-p", "-m", "0777", *folders)
        _run(*kubectl.words("create", "namespace", mode.name), may_fail=True)
        secrets = f"--from-env-file={mode.instance.project.secrets_file}"
        _run(*kubectl.words("create", "secret", "generic", "lakehouse-secrets", secrets))
        _run(*kubectl.words("apply", "--server-side", "-k", str(root / "k3s/overlays/local")))
        for kind in WORKLOADS:
            for name in _names(kubectl, kind):
                _run(*kubectl.words("rollout", "status", f"{kind}/{name}", WAIT))

    def empty(self) -> None:
        """Leaves the cluster and its images, and nothing of the platform."""
        mode = self._mode()
        _run(*mode.kubectl.words("delete", "namespace", mode.name, WAIT))
        _run("docker", "exec", self._cluster().node, "sh", "-c", "rm -rf /var/lib/rancher/k3s/storage/*")
        _run(*mode.kubectl.words("delete", "persistentvolumes", "--all", WAIT))

    def delete(self) -> None:
        """Leaves nothing."""
        self._cluster().delete()
        self._cluster().delete_data()

    def _cluster(self) -> Cluster:
        cluster = self._mode().cluster
        assert isinstance(cluster, Cluster)
        return cluster

    def _mode(self) -> K3sMode:
        settings = read_settings(self.copy.project.root, self.copy.environment)
        return open_mode(load_instance(self.copy.project, "k3s"), settings)


def _names(kubectl: Kubectl, kind: str) -> list[str]:
    found = json.loads(kubectl.run("get", kind, "--output=json"))["items"]
    return [one["metadata"]["name"] for one in found]


def _run(*words: str, may_fail: bool = False) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode and not may_fail:
        raise SystemExit(f"{' '.join(words)}: {done.stderr}")
