"""What local mode runs: each service of the stack as one process of this machine."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.instance import Instance, marks
from devenv.modes.local.identity import not_root
from devenv.modes.local.translate import Translation, translation
from devenv.programs import Program
from devenv.stack.addresses import LOOPBACK, process_addresses
from devenv.stack.model import ExecProbe, HttpProbe, Probe, Service, Stack
from devenv.stack.texts import config_text

# Runs a program with its environment out of a private file, and its output into a file: a pipe to the
# supervisor would end it when the supervisor dies.
RUN = 'log=$1; . "$2"; shift 2; exec "$@" >>"$log" 2>&1'


@dataclass(frozen=True)
class Process:
    """One service as a process; secrets stand in it as their tokens.

    folders: to be there before it starts
    files: configuration files, translated
    words: what the words of its container mean here
    fingerprint: another one means that the process has to be restarted
    """

    service: Service
    program: Program
    words: Translation
    port: int
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    environment_file: Path
    directory: Path
    folders: tuple[Path, ...]
    files: Mapping[Path, str]
    probe: Probe
    log: Path

    @property
    def fingerprint(self) -> str:
        """A digest of all that the process is started and ended with."""
        content = [
            self.argv,
            sorted(self.environment.items()),
            sorted((str(k), v) for k, v in self.files.items()),
            [self.service.stop_signal, self.service.stop_grace],
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def plan(
    written: Stack, placed: Stack, instance: Instance, programs: Mapping[str, Program]
) -> dict[str, Process]:
    """The processes of all services that have a program.

    written: the stack with the containers' own ports; placed: the same with this instance's variables
    Raises StackError for a path or an address that has no meaning on this machine.
    """
    addresses = process_addresses(written, instance.ports)
    absent = [name for name in placed.services if name not in programs]
    return {
        name: _process(placed, service, instance, programs[name], addresses, absent)
        for name, service in placed.services.items()
        if name in programs
    }


def config_folder(instance: Instance, service: Service) -> Path:
    """Where a service's configuration files lie, at their paths in the container."""
    return instance.folder / "config" / service.name


def _process(
    stack: Stack,
    service: Service,
    instance: Instance,
    program: Program,
    addresses: Mapping[str, str],
    absent: list[str],
) -> Process:
    config = config_folder(instance, service)
    words = translation(stack, service, instance.data, config, addresses, absent)
    temporary = instance.folder / "tmp" / service.name
    environment = {
        **_base_environment(instance, service, program, temporary),
        **{key: words.word(value, key) for key, value in service.environment.items()},
    }
    volumes = [instance.data / mount.source for mount in service.mounts if mount.kind == "volume"]
    log = instance.logs / f"{service.name}.log"
    environment_file = instance.folder / "config" / f"{service.name}.env"
    command = _command(instance, service, program, words)
    return Process(
        service=service,
        program=program,
        words=words,
        port=instance.ports[service.name],
        argv=("/bin/sh", "-c", RUN, "sh", str(log), str(environment_file), *command),
        environment=environment,
        environment_file=environment_file,
        directory=temporary,
        folders=(*volumes, temporary),
        files=_files(stack, service, words, config),
        probe=_probe(service, addresses, program),
        log=log,
    )


def _command(instance: Instance, service: Service, program: Program, words: Translation) -> tuple[str, ...]:
    given = service.local.command
    arguments = list(given if given is not None else service.command)
    if given is None and arguments and arguments[0] == service.local.program:
        del arguments[0]
    translated = [words.word(argument, "command") for argument in arguments]
    home = str(program.home or program.path.parent)
    command = [str(program.path), *(argument.replace("{home}", home) for argument in translated)]
    if service.local.entrypoint:
        command = ["/bin/sh", str(instance.project.compose / service.local.entrypoint), *command]
    if not service.local.as_root and (identity := not_root()):
        command = [*identity.command, *command]
    return tuple(command)


def _base_environment(
    instance: Instance, service: Service, program: Program, temporary: Path
) -> dict[str, str]:
    """A clean one: nothing of the caller's leaks into a service."""
    programs = dict.fromkeys([str(program.path.parent), str(Path(sys.executable).parent)])
    return {
        "PATH": ":".join([*programs, "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]),
        "HOME": str(instance.folder / "tmp"),
        "TMPDIR": str(temporary),
        "XDG_RUNTIME_DIR": str(instance.runtime),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **marks(instance, service.name),
    }


def _files(stack: Stack, service: Service, words: Translation, config: Path) -> dict[Path, str]:
    files = {}
    for item in service.own_configs:
        source = stack.configs[item.config]
        name = Path(source.file).name if source.file else Path(item.target).name
        files[Path(f"{config}{item.target}")] = words.file(name, config_text(source))
    return files


def _probe(service: Service, addresses: Mapping[str, str], program: Program) -> Probe:
    ready = service.ready
    if isinstance(ready, HttpProbe):
        address = addresses[f"{service.name}:{ready.port}"]
        return HttpProbe(ready.path, int(address.removeprefix(f"{LOOPBACK}:")))
    return ExecProbe((str(program.path.with_name(ready.command[0])), *ready.command[1:]))
