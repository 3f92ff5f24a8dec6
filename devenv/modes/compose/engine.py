"""The Docker engine: the one that DOCKER_HOST or the current context names, read through its SDK."""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from devenv.errors import DevenvError

if TYPE_CHECKING:
    from docker import APIClient

PROJECT_LABEL = "com.docker.compose.project"
FOLDER_LABEL = "com.docker.compose.project.working_dir"
SERVICE_LABEL = "com.docker.compose.service"
HASH_LABEL = "com.docker.compose.config-hash"
TIMEOUT_S = 30
# The engine's own words: "Up 3 minutes (healthy)", "Restarting (1) 2 seconds ago".
HEALTH = re.compile(r"\((healthy|unhealthy|health: starting)\)")

Health = Literal["healthy", "unhealthy", "starting", "none"]


@dataclass(frozen=True)
class Container:
    """A container of an instance as the engine lists it; `created` in seconds since 1970."""

    id: str
    name: str
    service: str
    image: str
    image_id: str
    state: str  # created, running, restarting, paused, exited, dead
    health: Health
    text: str
    config_hash: str
    created: float


@dataclass(frozen=True)
class Engine:
    """An engine at `host`, such as unix:///var/run/docker.sock."""

    host: str

    @cached_property
    def api(self) -> APIClient:
        """The SDK's client. Raises DevenvError where no engine answers."""
        import docker
        import requests

        try:
            client = docker.APIClient(base_url=self.host, timeout=TIMEOUT_S)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise not_running(self.host, error) from error
        weakref.finalize(self, client.close)
        return client

    def containers(self, project: str) -> list[Container]:
        """The instance's containers, running or not."""
        filters = {"label": f"{PROJECT_LABEL}={project}"}
        return [_container(entry) for entry in self._ask("containers", all=True, filters=filters)]

    def projects(self) -> dict[str, tuple[Path, int]]:
        """Every Compose project of which containers run -> the folder of its files, and how many run."""
        found: dict[str, tuple[Path, int]] = {}
        for entry in self._ask("containers", filters={"label": PROJECT_LABEL}):
            name, folder = entry["Labels"][PROJECT_LABEL], Path(entry["Labels"].get(FOLDER_LABEL, "/"))
            found[name] = folder, found[name][1] + 1 if name in found else 1
        return found

    def image_id(self, name: str) -> str | None:
        """The id of a local image; None where the engine lacks it."""
        import docker

        try:
            return str(self._ask("inspect_image", name)["Id"])
        except docker.errors.ImageNotFound:
            return None

    def inspect(self, container: str) -> Mapping[str, Any]:
        """All that the engine knows of a container; empty for one that is gone."""
        import docker

        try:
            found: Mapping[str, Any] = self._ask("inspect_container", container)
        except docker.errors.NotFound:
            return {}
        return found

    def tail(self, container: str, lines: int) -> list[str]:
        """The last lines of a container's log."""
        import docker

        try:
            raw = self._ask("logs", container, tail=lines)
        except docker.errors.NotFound:
            return []
        return [str(line) for line in raw.decode(errors="replace").splitlines()]

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        import requests

        try:
            return getattr(self.api, method)(*arguments, **options)
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout) as error:
            raise not_running(self.host, error) from error


def find_engine(environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine that Docker's own command would use: DOCKER_HOST, else the current context's.

    Raises DevenvError for a context that is not there.
    """
    if host := environ.get("DOCKER_HOST"):
        return Engine(host)
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context = ContextAPI.get_current_context()
    except DockerException as error:
        raise DevenvError(
            f"Docker's context cannot be read: {error}", "choose one: docker context use default"
        ) from error
    return Engine(context.Host if context and context.Host else "unix:///var/run/docker.sock")


def not_running(host: str, error: object) -> DevenvError:
    """No engine answers, and what to do."""
    why = "permission denied" if "ermission" in str(error) else "nothing answers there"
    remedy = (
        "add yourself to its group: sudo usermod -aG docker $USER, then log in again"
        if why == "permission denied"
        else "start it: sudo systemctl start docker, Docker Desktop, or colima start; or use: devenv up local"
    )
    return DevenvError(f"no Docker engine at {host}: {why}", remedy)


def _container(entry: Mapping[str, Any]) -> Container:
    labels = entry["Labels"]
    found = HEALTH.search(entry["Status"])
    words: dict[str, Health] = {
        "healthy": "healthy",
        "unhealthy": "unhealthy",
        "health: starting": "starting",
    }
    return Container(
        id=entry["Id"],
        name=entry["Names"][0].removeprefix("/"),
        service=labels.get(SERVICE_LABEL, ""),
        image=entry["Image"],
        image_id=entry["ImageID"],
        state=entry["State"],
        health=words[found[1]] if found else "none",
        text=entry["Status"],
        config_hash=labels.get(HASH_LABEL, ""),
        created=float(entry["Created"]),
    )
