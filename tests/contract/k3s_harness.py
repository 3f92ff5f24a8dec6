"""How to make a fresh instance of K3s mode, and how to look at it from outside."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from devenv import programs, yaml_text
from devenv.errors import DevenvError
from devenv.instance import load_instance
from devenv.modes.base import Mode
from devenv.modes.compose.engine import find_engine
from devenv.modes.k3s import render
from devenv.modes.k3s.cluster import INSTANCE_LABEL
from devenv.modes.k3s.kubectl import Kubectl
from devenv.ports import is_free
from devenv.ready import wait_until
from devenv.settings import read_settings
from devenv.stack.compose import load
from devenv.stack.texts import config_texts
from tests.contract.harness import Tiny, deadline, image_with_python
from tests.fakes.project import free_port

PROJECT = Path(__file__).parents[2]


class K3sHarness(Tiny):
    """K3s mode on a real cluster, in an image with Python. `clear` keeps the cluster, for the next one."""

    mode_name = "k3s"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        for name in ("k3d.yaml", "overlays/local"):
            _copy(PROJECT / "k3s" / name, root / "k3s" / name)
        self.image = image_with_python()
        settings = f's3.engine = "minio"\n[variables]\nTINY_IMAGE = "{self.image}"\nTINY_USER = "1000:1000"\n'
        (root / "devenv.toml").write_text(settings)
        self.settings = read_settings(root, {})

    @property
    def node(self) -> str:
        """The container of the cluster's node."""
        return f"k3d-{self.name}-server-0"

    @property
    def node_image(self) -> str:
        """K3s's image."""
        return str(yaml_text.parse((PROJECT / "k3s" / "k3d.yaml").read_text())["image"])

    @property
    def kubectl(self) -> Kubectl:
        """kubectl as a person would use it."""
        return Kubectl(self.project.state / "k3s" / "kubeconfig", self.name)

    def unavailable(self) -> str | None:
        if programs.find("k3d") is None:
            return programs.why_missing("k3d")
        try:
            engine = find_engine()
            engine.api.ping()
        except DevenvError as error:
            return error.problem
        missing = [image for image in (self.image, self.node_image) if engine.image_id(image) is None]
        return f"the engine has no image {missing[0]}" if missing else None

    def put(self, mode: Mode, service: str, value: str) -> None:
        answer = self._ask("PUT", self._url(mode, service), content=value)
        answer.raise_for_status()

    def value(self, mode: Mode, service: str) -> str | None:
        answer = self._ask("GET", self._url(mode, service))
        return answer.text if answer.is_success else None

    def left(self) -> list[str]:
        filters = {"label": f"{INSTANCE_LABEL}={self.name}-k3s"}
        left = [f"container {one['Names'][0]}" for one in find_engine().api.containers(filters=filters)]
        ports = load_instance(self.project, self.mode_name).ports
        return left + [f"port {port} of {key}" for key, port in ports.items() if not is_free(port)]

    def on_engine(self) -> list[str]:
        """Every container, volume and network of the project's name."""
        api = find_engine().api
        names = [one["Names"][0] for one in api.containers(all=True)]
        names += [one["Name"] for one in api.volumes()["Volumes"] or []]
        names += [one["Name"] for one in api.networks()]
        return [name for name in names if self.name in name]

    def render_base(self) -> None:
        """Writes k3s/base, as the repository has it for the real stack."""
        variables = {**render.render_variables(), "TINY_USER": "1000:1000"}
        files = self.project.stack_files("minio")
        stack = load(files, variables, self.project.state / "k3s" / "cache")
        render.write(self.project.root / "k3s" / "base", render.documents(stack, config_texts(stack)))
        ports = render.text(render.node_ports(stack))
        (self.project.root / "k3s/overlays/local/node-ports.yaml").write_text(ports)

    def another_port(self, service: str) -> int:
        """Has `service` be given another port, as devenv.toml would."""
        port = free_port()
        self.settings = replace(self.settings, ports={service: port})
        return port

    def clear(self) -> None:
        self.project.override.unlink(missing_ok=True)
        if self.node_state() is None:
            return
        if self.node_state() != "running":
            find_engine().api.start(self.node)
        if not self.kubectl.kubeconfig.exists():
            self.remove()
            return
        wait_until(self._api, deadline())
        # Without its namespace, which takes longer than all that is in it.
        kinds = "statefulsets,deployments,services,configmaps,secrets"
        self.kubectl.run("delete", kinds, "--selector=app.kubernetes.io/managed-by=devenv", "--wait=false")
        self.kubectl.run("delete", "pods", "--all", "--force", "--grace-period=0")
        self.kubectl.run("delete", "persistentvolumeclaims", "--all")
        self.in_node("sh", "-c", f"rm -rf {render.DATA_FOLDER}/*")

    def remove(self) -> None:
        """Deletes the cluster and its data, and what is known of them."""
        self.unprepared().purge()
        shutil.rmtree(self.project.state, ignore_errors=True)

    def node_state(self) -> str | None:
        """The engine's word for it; None where there is no cluster."""
        state: dict[str, Any] = find_engine().inspect(self.node).get("State") or {}
        return state.get("Status")

    def in_node(self, *command: str) -> str:
        """What a command in the node says."""
        api = find_engine().api
        said: bytes = api.exec_start(api.exec_create(self.node, list(command))["Id"])
        return said.decode()

    def _api(self) -> str | None:
        try:
            self.kubectl.run("get", "namespace", "kube-system")
        except DevenvError as error:
            return error.problem
        return None

    def _ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        """A node's ports are open before its service is reached through them."""
        found: list[httpx.Response] = []

        def probe() -> str | None:
            try:
                found.append(httpx.request(method, url, trust_env=False, **options))
            except httpx.TransportError as error:
                return str(error)
            return None

        wait_until(probe, deadline())
        return found[0]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)
