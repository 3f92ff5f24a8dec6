"""The Docker engine: the one that DOCKER_HOST or the current context names, read through its SDK."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
DEFAULT_HOST = "unix:///var/run/docker.sock"
TIMEOUT_S = 30
# What can change whether a service runs and is ready. Health checks themselves are an event each second.
TOLD = ["create", "start", "die", "destroy", "health_status"]
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
        return [_container(entry) for entry in self.ask("containers", all=True, filters=filters)]

    def projects(self) -> dict[str, tuple[Path, int]]:
        """Every Compose project of which containers run -> the folder of its files, and how many run."""
        found: dict[str, tuple[Path, int]] = {}
        for entry in self.ask("containers", filters={"label": PROJECT_LABEL}):
            name, folder = entry["Labels"][PROJECT_LABEL], Path(entry["Labels"].get(FOLDER_LABEL, "/"))
            found[name] = folder, found[name][1] + 1 if name in found else 1
        return found

    def image_id(self, name: str) -> str | None:
        """The id of a local image; None where the engine lacks it."""
        import docker

        try:
            return str(self.ask("inspect_image", name)["Id"])
        except docker.errors.ImageNotFound:
            return None

    @contextlib.contextmanager
    def listening(self, project: str, heard: Callable[[], None]) -> Iterator[None]:
        """Calls `heard` from another thread whenever something happens to the instance's containers."""
        filters = {"label": f"{PROJECT_LABEL}={project}", "type": "container", "event": TOLD}
        stream = self.ask("events", filters=filters)

        def listen() -> None:
            for _ in stream:
                heard()

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield
        finally:
            import docker

            # Over SSH a stream cannot be closed: the thread ends with the program.
            with contextlib.suppress(docker.errors.DockerException):
                stream.close()
                listener.join(TIMEOUT_S)

    def inspect(self, container: str) -> Mapping[str, Any]:
        """All that the engine knows of a container; empty for one that is gone."""
        import docker

        try:
            found: Mapping[str, Any] = self.ask("inspect_container", container)
        except docker.errors.NotFound:
            return {}
        return found

    def tail(self, container: str, lines: int) -> list[str]:
        """The last lines of a container's log."""
        import docker

        try:
            raw = self.ask("logs", container, tail=lines)
        except docker.errors.NotFound:
            return []
        return [str(line) for line in raw.decode(errors="replace").splitlines()]

    def run(self, container: str, command: Sequence[str]) -> tuple[int, str]:
        """Runs a command in a container; its exit code, and what it said."""
        started = self.ask("exec_create", container, list(command))["Id"]
        said = self.ask("exec_start", started).decode(errors="replace")
        return self.ask("exec_inspect", started)["ExitCode"], said

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """What a method of the SDK's client answers. Raises DevenvError where no engine does."""
        import docker
        import requests

        try:
            return getattr(self.api, method)(*arguments, **options)
        except docker.errors.APIError as error:  # an answer
            if not error.is_server_error():
                raise
            raise DevenvError(
                f"the Docker engine at {self.host} has failed: {error.explanation or error}",
                "run the same command again; if it stays so, restart the engine and read its log",
            ) from error
        except requests.exceptions.RequestException as error:  # none
            raise not_running(self.host, error) from error


def find_engine(environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine that Docker's own command would use: DOCKER_HOST, else DOCKER_CONTEXT's, else the current
    context's.

    Raises DevenvError for a context that is not there.
    """
    if host := environ.get("DOCKER_HOST"):
        return Engine(host)
    name = environ.get("DOCKER_CONTEXT") or _current_context(environ)
    if name in (None, "", "default"):
        return Engine(DEFAULT_HOST)
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context = ContextAPI.get_context(name)
    except DockerException as error:
        raise DevenvError(
            f"Docker's context {name} cannot be read: {error}", "choose one: docker context use default"
        ) from error
    if context is None:
        raise DevenvError(f"Docker has no context {name}", "choose one: docker context use default")
    return Engine(context.Host or DEFAULT_HOST)


def seconds_of(text: str) -> float | None:
    """Seconds since 1970 of a time as the engine writes it; None for what is none."""
    try:
        return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    except ValueError:
        return None


def not_running(host: str, error: object) -> DevenvError:
    """No engine answers, and what to do."""
    why = "permission denied" if "ermission" in str(error) else "nothing answers there"
    remedy = (
        "add yourself to its group: sudo usermod -aG docker $USER, then log in again"
        if why == "permission denied"
        else "start it: sudo systemctl start docker, Docker Desktop, or colima start; or use: devenv up local"
    )
    return DevenvError(f"no Docker engine at {host}: {why}", remedy)


def _current_context(environ: Mapping[str, str]) -> str | None:
    """Its name, read without the SDK, which takes longer to load than most machines' answer: none."""
    folder = environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
    try:
        content = json.loads((Path(folder) / "config.json").read_text())
        return content.get("currentContext") if isinstance(content, dict) else None
    except (OSError, ValueError):
        return None


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
