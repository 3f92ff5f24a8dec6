"""What local mode runs, in the words of the containers that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from devenv.instance import Instance
from devenv.modes.base import Described
from devenv.modes.described import describe_service
from devenv.modes.local.plan import Process, config_folder
from devenv.stack.addresses import LOOPBACK, service_variables
from devenv.stack.model import HttpProbe, Stack


def describe(stack: Stack, instance: Instance, processes: Mapping[str, Process]) -> dict[str, Described]:
    """Every service that is part of the instance.

    stack: with the instance's own variables
    """
    return {name: _describe(stack, instance, process) for name, process in processes.items()}


def _describe(stack: Stack, instance: Instance, process: Process) -> Described:
    service, words = process.service, process.words
    config = str(config_folder(instance, service))
    as_container = describe_service(stack, service, instance.project.root)
    return replace(
        as_container,
        variables=service_variables(service, instance.ports),
        command=_command(process),
        # The rest of its environment is what an image brings along: PATH, HOME and the like.
        environment={name: words.word_back(process.environment[name]) for name in service.environment},
        ready=_question(process),
        volumes={mount.target: _volume(mount.target, instance, process) for mount in service.mounts},
        configs={
            str(file).removeprefix(config): words.file_back(file.name, text)
            for file, text in process.files.items()
        },
        contained=None,
    )


def _command(process: Process) -> tuple[str, ...]:
    """The words behind the program, which is told by its name, as is the script that runs it."""
    local, program = process.service.local, process.program
    words = list(process.argv)
    words = words[words.index(str(program.path)) + 1 :]
    if any("{home}" in word for word in local.command or ()):
        home = str(program.home or program.path.parent)
        words = ["{home}" if word == home else word for word in words]
    script = (Path(local.entrypoint).name,) if local.entrypoint else ()
    return (*script, local.program, *(process.words.word_back(word) for word in words))


def _volume(target: str, instance: Instance, process: Process) -> str:
    """What lies here in the place of the container's path: data that are made for the process, or a folder of
    the project, which nothing keeps it from writing to."""
    here, root = Path(process.words.paths[target]), instance.project.root
    if here in process.folders and here.is_relative_to(instance.data):
        return f"volume {here.relative_to(instance.data)}"
    return f"folder {here.relative_to(root) if here.is_relative_to(root) else here}"


def _question(process: Process) -> tuple[str, ...]:
    probe = process.probe
    if not isinstance(probe, HttpProbe):
        return (Path(probe.command[0]).name, *probe.command[1:])
    names = {here: container for container, here in process.words.addresses.items()}
    address = f"{LOOPBACK}:{probe.port}"
    return ("GET", f"{names.get(address, address)}{probe.path}")
