"""The whole platform in K3s: what only a cluster has."""

from __future__ import annotations

import subprocess

from devenv.modes.compose.engine import find_engine
from devenv.modes.k3s.kubectl import Kubectl, environment
from tests.integration.clone import Clone, eventually


def kubectl(clone: Clone) -> Kubectl:
    """kubectl with what `devenv env` prints."""
    folder = clone.root / ".devenv" / "k3s"
    return Kubectl(folder / "kubeconfig", clone.name.removesuffix("-k3s"))


def uids(clone: Clone) -> dict[str, str]:
    template = '{range .items[*]}{.metadata.name}={.metadata.uid}{"\\n"}{end}'
    said = kubectl(clone).run("get", "pods", f"--output=jsonpath={template}")
    return dict(line.split("=", 1) for line in said.splitlines())


def lake(clone: Clone) -> tuple[list[tuple[object, ...]], set[str]]:
    """The gold rows, and the names of all objects."""
    rows = clone.sql("select symbol, day, close from lakehouse.daily_candles order by 1, 2")
    s3 = clone.s3("lakehouse-admin")
    names = {
        f"{bucket.name}/{entry.object_name}"
        for bucket in s3.list_buckets()
        for entry in s3.list_objects(bucket.name, recursive=True)
    }
    return rows, names


def test_env_leads_kubectl_to_the_cluster(k3s_platform: Clone) -> None:
    assert k3s_platform.variables()["KUBECONFIG"] == str(kubectl(k3s_platform).kubeconfig)
    assert len(uids(k3s_platform)) == len(k3s_platform.services())


def test_what_is_committed_and_what_runs_are_the_same(k3s_platform: Clone) -> None:
    words = kubectl(k3s_platform).words("diff", "-k", str(k3s_platform.root / "k3s/overlays/local"))
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_both_overlays_are_taken_by_the_api_without_a_warning(k3s_platform: Clone) -> None:
    for overlay in ("local", "production"):
        folder = str(k3s_platform.root / "k3s/overlays" / overlay)
        if overlay == "production":  # a dry run makes no namespace for what is in it
            kubectl(k3s_platform).run("create", "namespace", "crypto-lakehouse")
        words = kubectl(k3s_platform).words("apply", "--dry-run=server", "--server-side", "-k", folder)
        del words[words.index("--namespace") : words.index("--namespace") + 2]
        words += ["--force-conflicts", "--field-manager=devenv"]
        done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "arning" not in done.stderr
    kubectl(k3s_platform).run("delete", "namespace", "crypto-lakehouse")


def test_a_second_up_leaves_every_pod_as_it_was(k3s_platform: Clone) -> None:
    before = uids(k3s_platform)
    assert k3s_platform.facts("up")["changed"] is False
    assert uids(k3s_platform) == before


def test_an_edit_of_a_flow_reaches_the_worker(k3s_platform: Clone) -> None:
    marker = "# edited\n"
    flow = k3s_platform.root / "seed" / "flows" / "daily.py"
    flow.write_text(flow.read_text() + marker)
    pod = "prefect-worker-0"
    said = kubectl(k3s_platform).run("exec", pod, "--", "tail", "-n", "1", "/opt/lakehouse/flows/daily.py")
    assert said == marker


def test_nothing_is_lost_when_the_node_is_killed_and_the_cluster_deleted(k3s_platform: Clone) -> None:
    before = lake(k3s_platform)
    assert before[0]
    name = k3s_platform.name.removesuffix("-k3s")
    find_engine().api.kill(f"k3d-{name}-server-0", "SIGKILL")
    k3s_platform.devenv("up")
    assert lake(k3s_platform) == before
    kubectl(k3s_platform).run("delete", "namespace", name)
    k3s_platform.devenv("up")
    assert lake(k3s_platform) == before
    subprocess.run(["k3d", "cluster", "delete", name], check=True, capture_output=True)
    k3s_platform.devenv("up")
    assert lake(k3s_platform) == before


def test_down_and_up_keep_everything(k3s_platform: Clone) -> None:
    before = lake(k3s_platform)
    k3s_platform.devenv("down")
    assert set(k3s_platform.states().values()) == {"stopped"}
    k3s_platform.devenv("up")
    assert lake(k3s_platform) == before
    eventually(lambda: None if set(k3s_platform.states().values()) == {"ready"} else "not all are ready")
