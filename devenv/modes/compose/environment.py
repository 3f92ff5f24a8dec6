"""What Compose is given beside the stack files: `.devenv/compose.env`, so that it can be run by hand too."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from devenv.instance import Instance
from devenv.secrets import Secrets
from devenv.stack.model import Service, Stack
from devenv.stack.texts import config_text
from devenv.state import write_private


def env_file(instance: Instance) -> Path:
    """Where it lies."""
    return instance.project.state / "compose.env"


def container_variables(stack: Stack, instance: Instance) -> dict[str, str]:
    """The instance's ports, and for each service the hash of its configuration files: containers are made
    anew when it changes, which Compose by itself would not notice."""
    variables = {}
    for service in stack.services.values():
        variables[f"{service.variable}_PORT"] = str(instance.ports[service.name])
        if service.configs:
            variables[f"{service.variable}_CONFIG"] = _digest(stack, service)
    return variables


def write_env_file(instance: Instance, variables: Mapping[str, str], secrets: Secrets) -> Path:
    """Writes it, readable by its owner alone, unless it says the same already."""
    values = {**variables, **secrets}
    # Single quotes: nothing in a value is expanded.
    lines = [f"{name}='{value}'" for name, value in sorted(values.items())]
    text = "# Made by devenv for Docker Compose.\n" + "\n".join(lines) + "\n"
    file = env_file(instance)
    if not file.exists() or file.read_text() != text:
        write_private(file, text)
    return file


def _digest(stack: Stack, service: Service) -> str:
    digest = hashlib.sha256()
    for item in service.configs:
        text = config_text(stack.configs[item.config])
        digest.update(f"{item.target}\0{text}\0".encode())
    return digest.hexdigest()[:16]
