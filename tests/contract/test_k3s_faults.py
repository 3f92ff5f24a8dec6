"""What K3s mode does when something goes wrong: pods, nodes, clusters and namespaces that are taken away."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import closing

import pytest

from devenv.clock import Deadline
from devenv.errors import DevenvError, ServiceFailed
from devenv.instance import load_instance
from devenv.modes import end_orphans
from devenv.modes.base import Mode
from devenv.modes.compose.engine import find_engine
from devenv.modes.k3s.k3d import k3d_program
from devenv.modes.k3s.kubectl import environment
from tests.contract.harness import deadline
from tests.contract.k3s_harness import K3sHarness
from tests.fakes.project import SERVICES


def up(harness: K3sHarness) -> Mode:
    mode = harness.open()
    for _ in mode.start(SERVICES, deadline()):
        pass
    return mode


def all_ready(mode: Mode) -> bool:
    return {entry.state for entry in mode.status()} == {"ready"}


def uids(harness: K3sHarness) -> Mapping[str, str]:
    template = '{range .items[*]}{.metadata.name}={.metadata.uid}{"\\n"}{end}'
    said = harness.kubectl.run("get", "pods", f"--output=jsonpath={template}")
    return dict(line.split("=", 1) for line in said.splitlines())


def test_a_second_start_leaves_every_pod_as_it_was(k3s: K3sHarness) -> None:
    up(k3s)
    before = uids(k3s)
    assert len(before) == len(SERVICES)
    up(k3s)
    assert uids(k3s) == before


def test_what_is_applied_is_what_kubectl_finds_by_hand(k3s: K3sHarness) -> None:
    up(k3s)
    k3s.render_base()
    words = k3s.kubectl.words("diff", "-k", str(k3s.project.root / "k3s/overlays/local"))
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_restricted_namespace_takes_every_pod_without_a_warning(k3s: K3sHarness) -> None:
    up(k3s)
    enforced = "{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}"
    assert k3s.kubectl.run("get", "namespace", k3s.name, f"--output=jsonpath={enforced}") == "restricted"
    k3s.render_base()
    folder = str(k3s.project.root / "k3s/overlays/local")
    words = k3s.kubectl.words("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-k", folder)
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "arning" not in done.stderr


def test_a_deleted_pod_comes_back_with_its_data(k3s: K3sHarness) -> None:
    k3s.put(up(k3s), "store", "42")
    k3s.kubectl.run("delete", "pod", "store-0")
    mode = up(k3s)
    assert all_ready(mode)
    assert k3s.value(mode, "store") == "42"


def test_a_killed_node_comes_back_with_its_data(k3s: K3sHarness) -> None:
    k3s.put(up(k3s), "store", "42")
    find_engine().api.kill(k3s.node, "SIGKILL")
    mode = up(k3s)
    assert all_ready(mode)
    assert k3s.value(mode, "store") == "42"


def test_a_deleted_cluster_is_made_anew_with_its_data(k3s: K3sHarness) -> None:
    k3s.put(up(k3s), "store", "42")
    subprocess.run([k3d_program(), "cluster", "delete", k3s.name], check=True, capture_output=True)
    mode = up(k3s)
    assert all_ready(mode)
    assert k3s.value(mode, "store") == "42"


def test_a_deleted_namespace_is_made_anew_with_its_data(k3s: K3sHarness) -> None:
    k3s.put(up(k3s), "store", "42")
    k3s.kubectl.run("delete", "namespace", k3s.name)
    mode = up(k3s)
    assert all_ready(mode)
    assert k3s.value(mode, "store") == "42"


def test_an_image_that_the_node_has_lost_is_loaded_again(k3s: K3sHarness) -> None:
    k3s.put(up(k3s), "store", "42")
    names = k3s.in_node("ctr", "--namespace", "k8s.io", "images", "list", "--quiet").split()
    tiny = [name for name in names if k3s.image in name]
    assert tiny
    for name in tiny:
        k3s.in_node("ctr", "--namespace", "k8s.io", "images", "remove", "--sync", name)
    k3s.kubectl.run("delete", "pod", "api-0", "--wait=true")
    mode = up(k3s)
    assert all_ready(mode)
    assert k3s.value(mode, "store") == "42"


def test_a_cluster_is_made_anew_for_another_port_with_its_data(k3s: K3sHarness) -> None:
    mode = up(k3s)
    k3s.put(mode, "store", "42")
    other = k3s.another_port("api")
    mode = up(k3s)
    assert mode.endpoints()["api"].port == other
    assert all_ready(mode)
    assert k3s.value(mode, "store") == "42"


def test_a_pod_that_never_gets_ready_ends_the_start_at_its_deadline(k3s: K3sHarness) -> None:
    up(k3s)
    k3s.give("api", BEHAVIOUR="never ready")
    mode = k3s.open()
    limit = Deadline.after(40)
    with pytest.raises(ServiceFailed, match="service api: not ready after 40 s") as caught:
        list(mode.start(SERVICES, limit))
    assert limit.left == 0
    assert "Unhealthy" in caught.value.log
    assert "503" in caught.value.log
    assert "api listens" in caught.value.log
    k3s.give("api", BEHAVIOUR="")
    assert all_ready(up(k3s))


def test_a_pod_that_ends_at_its_start_is_reported_with_its_last_words(k3s: K3sHarness) -> None:
    k3s.give("api", BEHAVIOUR="dies")
    with pytest.raises(ServiceFailed, match="service api: it does not start: CrashLoopBackOff") as caught:
        up(k3s)
    assert "the disk of the world is full" in caught.value.log
    assert "devenv logs api" in caught.value.remedy
    k3s.give("api", BEHAVIOUR="")
    assert all_ready(up(k3s))


def test_a_service_that_the_stack_no_longer_has_is_removed(k3s: K3sHarness) -> None:
    up(k3s)
    file = k3s.project.compose / "compose.yaml"
    good = file.read_text()
    start, end = good.index("  page:\n"), good.index("configs:\n")
    file.write_text(good[:start] + good[end:])
    try:
        mode = k3s.open()
        for _ in mode.start(("store", "api"), deadline()):
            pass
        assert set(k3s.kubectl.run("get", "statefulsets,services", "--output=name").split()) == {
            "statefulset.apps/store",
            "statefulset.apps/api",
            "service/store",
            "service/api",
        }
    finally:
        file.write_text(good)


def test_purge_leaves_nothing_on_the_engine(k3s: K3sHarness) -> None:
    mode = up(k3s)
    list(mode.stop(SERVICES))
    mode.purge()
    assert k3s.on_engine() == []


def test_a_cluster_whose_state_is_gone_can_be_deleted_with_its_data(k3s: K3sHarness) -> None:
    up(k3s)
    shutil.rmtree(k3s.project.state)
    assert end_orphans(load_instance(k3s.project, "k3s"), volumes=True) >= len(SERVICES)
    assert k3s.on_engine() == []


def test_a_port_that_another_program_took_is_named(k3s: K3sHarness) -> None:
    up(k3s)
    mode = k3s.open()
    list(mode.stop(SERVICES))
    with closing(socket.create_server(("127.0.0.1", mode.endpoints()["api"].port))):
        (problem,) = k3s.open().preflight()
    assert f"port {mode.endpoints()['api'].port} of api is taken by" in problem.what
    assert "devenv.toml" in problem.remedy


def test_k3d_that_is_missing_is_named_with_the_remedy(
    k3s: K3sHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("DEVENV_TOOLS", "/nowhere")
    (problem,) = [one for one in k3s.unprepared().preflight() if "k3d" in one.what]
    assert "devenv tools get k3d" in problem.remedy


def test_a_manifest_that_the_cluster_refuses_ends_the_start_with_its_words(k3s: K3sHarness) -> None:
    overlay = k3s.project.root / "k3s/overlays/local/storage.yaml"
    good = overlay.read_text()
    overlay.write_text(good.replace("volumeBindingMode: WaitForFirstConsumer", "volumeBindingMode: Whenever"))
    try:
        with pytest.raises(DevenvError, match=r"kubectl apply: .*Whenever"):
            up(k3s)
    finally:
        overlay.write_text(good)
    assert all_ready(up(k3s))
