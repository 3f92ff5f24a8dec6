"""Compose mode: Docker Compose runs the stack file as it stands. The engine is read, Compose changes it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devenv.clock import Deadline
from devenv.endpoints import Endpoints, on_this_machine
from devenv.errors import DevenvError
from devenv.instance import Instance, forget, make_private, marks, note_data, project_name
from devenv.modes.base import Change, Described, Event, Problem, Progress, Running, ServiceStatus
from devenv.modes.calling import calls
from devenv.modes.compose import images, preflight
from devenv.modes.compose.command import Compose
from devenv.modes.compose.engine import Container, Engine, find_engine, seconds_of
from devenv.modes.compose.environment import container_variables, env_file, write_env_file
from devenv.modes.compose.watch import Watch
from devenv.modes.described import describe_containers
from devenv.modes.unfinished import end_unfinished, noted, unfinished
from devenv.project import Project
from devenv.secrets import Secrets, read_secrets
from devenv.settings import Settings
from devenv.stack.compose import last, load
from devenv.stack.model import Stack
from devenv.stack.variables import base_variables
from devenv.state import write_private

LOG_LINE = re.compile(r"^(?P<service>[\w-]+?)-\d+\s*\| ?(?P<line>.*)$")


@dataclass
class ComposeMode:
    """The instance as containers of the Compose project `name`.

    written: the stack with the well-known ports; stack: with this instance's variables
    """

    instance: Instance
    written: Stack
    stack: Stack
    variables: Mapping[str, str]
    secrets: Secrets

    def preflight(self) -> list[Problem]:
        problems = list(preflight.engine_problems(self.engine))
        if problems:
            return problems
        return [
            *preflight.port_problems(self.instance, self._published()),
            *preflight.file_problems(self.stack),
            *preflight.memory_problems(self.engine),
        ]

    def prepare(self, progress: Progress) -> None:
        missing = [image for image in self.images() if image.id is None]
        built = [image for image in missing if image.built]
        images.build(self.compose, self.build_files, built, progress)
        images.pull(self.compose, [image for image in missing if not image.built], progress)

    def changes(self, services: Sequence[str]) -> list[Change]:
        found = {entry.service: entry for entry in self.engine.containers(self.name)}
        return [self._change(name, found.get(name)) for name in self.stack.needed_by(tuple(services))]

    def start(self, services: Sequence[str], deadline: Deadline) -> Iterator[Event]:
        stale = []
        for change in self.changes(services):
            if change.action == "keep":
                yield Event(change.service, "unchanged", deadline.passed)
            else:
                stale.append(change.service)
        if not stale:
            return
        make_private(self.instance.logs)
        note_data(self.instance, f"the Docker volumes {self.name}_*")
        end_unfinished(self.instance)
        hashes = {name: self._hashes[name] for name in stale}
        further = calls(self.stack, self.endpoints(), self.secrets)
        watch = Watch(self.engine, self.name, hashes, deadline, further)
        output = self.instance.logs / "compose.log"
        with noted(self.instance), output.open("w") as stream:
            process = self.compose.begin(
                "up",
                "--detach",  # without --wait: the watch knows sooner
                "--no-build",
                "--pull",
                "never",
                "--remove-orphans",
                *services,
                output=stream,
                marks=marks(self.instance),
            )
            try:
                yield from watch.until_ready(process, output)
            except DevenvError:
                with suppress(DevenvError):  # it may be the engine that fails
                    self._stop_failing(stale)
                raise

    def stop(self, services: Sequence[str]) -> Iterator[Event]:
        if set(services) >= set(self.stack.services):
            compose, words = self.by_labels, ["down", "--remove-orphans"]
        else:
            compose, words = self.compose, ["stop", *services]
        end_unfinished(self.instance)
        watch = Watch(self.engine, self.name, {}, Deadline.after(0))
        began = time.time()
        with noted(self.instance):
            process = compose.begin(*words, output=subprocess.PIPE, marks=marks(self.instance))
            yield from watch.until_gone(process, began)

    def restart(self, service: str, deadline: Deadline) -> Iterator[Event]:
        yield from self.stop([service])
        yield from self.start([service], deadline)

    def purge(self) -> None:
        self.by_labels.run("down", "--volumes", "--remove-orphans")
        env_file(self.instance).unlink(missing_ok=True)
        forget(self.instance)

    def status(self) -> list[ServiceStatus]:
        found = {entry.service: entry for entry in self.engine.containers(self.name)}
        return [self._status_of(name, found.get(name)) for name in self.stack.services]

    def endpoints(self) -> Endpoints:
        return on_this_machine(self.stack.services, self.instance.ports)

    def client_variables(self) -> Mapping[str, str]:
        return {}

    def logs(self, services: Sequence[str], lines: int, follow: bool) -> Iterator[tuple[str, str]]:
        options = ["--no-color", "--tail", str(lines), *(["--follow"] if follow else [])]
        command = self.compose.words("logs", *options, *services)
        with subprocess.Popen(
            command, env=self.compose.environment(), stdout=subprocess.PIPE, text=True, errors="replace"
        ) as process:
            try:
                for line in process.stdout or ():
                    if found := LOG_LINE.match(line.rstrip("\n")):
                        yield found["service"], found["line"]
            finally:
                process.terminate()

    def exec(self, service: str, command: Sequence[str]) -> int:
        terminal = [] if sys.stdin.isatty() and sys.stdout.isatty() else ["--no-TTY"]
        words = self.compose.words("exec", *terminal, service, *command)
        return subprocess.run(words, env=self.compose.environment(), check=False).returncode

    def describe(self) -> Mapping[str, Described]:
        return describe_containers(self.stack, self.instance.project.root)

    # -- images, beside the protocol -----------------------------------------------------------

    def images(self) -> list[images.Image]:
        """The images of the stack, and whether the engine has them."""
        return images.stack_images(self.stack, self.engine, self.build_variables)

    @property
    def build_variables(self) -> Mapping[str, str]:
        """What compose.yaml has to be given so that it runs the images that are built here."""
        return images.build_variables(self.instance.project, str(self.instance.s3_engine))

    @property
    def build_files(self) -> list[Path]:
        """The files that say how images are built."""
        return images.build_files(self.instance.project, str(self.instance.s3_engine))

    # -- how -----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Compose's name for the project; the label of everything that belongs to the instance."""
        return project_name(self.instance.project)

    @cached_property
    def engine(self) -> Engine:
        """The one engine that is read and changed."""
        return find_engine()

    @cached_property
    def compose(self) -> Compose:
        """Compose, with this instance's files; without any where they, or the secrets, cannot be read."""
        if not self.variables or not self.secrets:
            return self.by_labels
        written = write_env_file(self.instance, self.variables, self.secrets)
        files = self.instance.project.stack_files(str(self.instance.s3_engine))
        return Compose(self.name, self.engine.host, files, written)

    @property
    def by_labels(self) -> Compose:
        """Compose, by the labels of what it has made."""
        return Compose(self.name, self.engine.host)

    @cached_property
    def _hashes(self) -> dict[str, str]:
        """Compose's own hash of each service's configuration, as its containers' labels carry it."""
        file = self.instance.folder / "cache" / "hashes.json"
        key = self._key()
        try:
            known = json.loads(file.read_text())
        except (OSError, ValueError):
            known = {}
        if known.get("key") != key:
            lines = self.compose.run("config", "--hash", "*").splitlines()
            known = {"key": key, "hashes": dict(line.split(" ", 1) for line in lines if " " in line)}
            write_private(file, json.dumps(known))
        hashes: dict[str, str] = known["hashes"]
        return hashes

    def _key(self) -> str:
        import hashlib

        digest = hashlib.sha256()
        for file in (*self.compose.files, env_file(self.instance)):
            digest.update(file.read_bytes() + b"\0")
        return digest.hexdigest()

    def _change(self, name: str, found: Container | None) -> Change:
        if found is None:
            return Change(name, "start", "it has no container")
        if found.config_hash != self._hashes[name]:
            return Change(name, "restart", "its configuration has changed")
        wanted = self.engine.image_id(self.stack.services[name].image)
        if wanted and found.image_id != wanted:
            return Change(name, "restart", "its image has changed")
        if found.state != "running" or found.health != "healthy":
            return Change(name, "start", found.text)
        return Change(name, "keep")

    def _published(self) -> set[str]:
        """The services that may hold their ports."""
        if unfinished(self.instance):
            return set(self.stack.services)
        return {entry.service for entry in self.engine.containers(self.name) if entry.state == "running"}

    def _stop_failing(self, names: Sequence[str]) -> None:
        """A service that cannot start would be restarted for ever."""
        if failing := [name for name in names if self._is_failing(name)]:
            self.compose.run("stop", *failing)  # without a name it would stop all

    def _is_failing(self, name: str) -> bool:
        found = [entry for entry in self.engine.containers(self.name) if entry.service == name]
        return any(entry.state == "restarting" or entry.health != "healthy" for entry in found)

    def _status_of(self, name: str, found: Container | None) -> ServiceStatus:
        if found is None or found.state in ("exited", "created", "dead"):
            return ServiceStatus(name, "stopped", found.text if found else "")
        inspected = self.engine.inspect(found.id)
        restarts = int(inspected.get("RestartCount", 0))
        state_now = inspected.get("State") or {}
        started, pid = seconds_of(state_now.get("StartedAt", "")), state_now.get("Pid") or None
        if found.state == "restarting":
            last_lines = self.engine.tail(found.id, 1)
            return ServiceStatus(
                name, "failed", last_lines[0] if last_lines else found.text, None, restarts, started
            )
        states = {"healthy": "ready", "starting": "starting", "unhealthy": "unhealthy", "none": "ready"}
        state = states[found.health]
        detail = "" if state == "ready" else found.text
        return ServiceStatus(name, state, detail, pid, restarts, started, found.image)  # type: ignore[arg-type]


def open_mode(instance: Instance, settings: Settings) -> ComposeMode:
    """Compose mode for `instance`, whose ports and secrets have been chosen."""
    files = instance.project.stack_files(str(instance.s3_engine))
    cache = instance.folder / "cache"
    variables = base_variables(instance, settings)
    written = load(files, variables, cache)
    placed_variables = {**variables, **container_variables(written, instance)}
    placed = load(files, placed_variables, cache)
    secrets = read_secrets(instance.project.secrets_file)
    return ComposeMode(instance, written, placed, placed_variables, secrets)


def open_last(instance: Instance) -> ComposeMode | None:
    """Compose mode with the stack that was read last: enough to stop what runs when the files are broken."""
    stack = last(instance.folder / "cache")
    return ComposeMode(instance, stack, stack, {}, {}) if stack else None


def end_orphans(instance: Instance, volumes: bool) -> int:
    """Removes containers of an instance whose state folder is gone, and with `volumes` its volumes; returns
    how many containers there were. Compose goes by their labels."""
    end_unfinished(instance)
    engine = find_engine()
    found = engine.containers(project_name(instance.project))
    if found or volumes:
        words = ["down", "--remove-orphans", *(["--volumes"] if volumes else [])]
        Compose(project_name(instance.project), engine.host).run(*words)
    return len(found)


def running() -> list[Running]:
    """The instances of which containers run; none where there is no engine to ask."""
    try:
        found = find_engine().projects()
    except DevenvError:
        return []
    return [
        Running(f"{name}-compose", "compose", folder.parent, parts)
        for name, (folder, parts) in found.items()
        if project_name(Project(folder.parent)) == name
    ]
