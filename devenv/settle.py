"""What an instance is before anything runs: its engine, its ports, its secrets; chosen once, then kept."""

from __future__ import annotations

import hashlib
from typing import Any

from devenv import ports, registry
from devenv.errors import DevenvError, UsageError
from devenv.instance import Instance, load_instance, make_private
from devenv.modes import check_mode
from devenv.project import Project
from devenv.secrets import Secrets, fingerprint, gone, make_secrets, read_secrets
from devenv.settings import Settings
from devenv.stack.addresses import wanted_ports
from devenv.stack.compose import load
from devenv.stack.variables import base_variables

KUBERNETES_PORT = 6443  # of the cluster's own API


def settle(
    project: Project,
    mode: str,
    settings: Settings,
    images: str | None = None,
    context: str | None = None,
) -> Instance:
    """The instance with all that `up` needs; the same as last time wherever there was one.

    images: `pull` or `build`; None is as last time
    context: the Kubernetes context of a cluster that is there already; None is as last time
    Raises DevenvError where its data were made with another S3 engine or other secrets.
    """
    instance = load_instance(project, check_mode(mode))
    instance = instance.changed(context=_context(instance, context))
    instance = instance.changed(s3_engine=_engine(instance, settings))
    instance = instance.changed(**_images(instance, settings, images))
    instance = instance.changed(secrets=_secrets(instance))
    return instance.changed(ports=_ports(instance, settings))


def _images(instance: Instance, settings: Settings, images: str | None) -> dict[str, Any]:
    images = images or instance.images
    variables = dict(instance.variables) if images == instance.images else {}
    if images == "build":
        from devenv.modes.compose.images import build_variables

        variables |= build_variables(instance.project, str(instance.s3_engine))
    variables |= {name: value for name, value in settings.variables.items() if name.endswith("_IMAGE")}
    return {"images": images, "variables": variables}


def _context(instance: Instance, context: str | None) -> str | None:
    if context is None or (context or None) == instance.context:
        return instance.context
    if instance.mode != "k3s":
        raise UsageError(
            f"mode {instance.mode} knows no context", "use it with: devenv up k3s --context NAME"
        )
    if instance.has_data:
        where = f"context {instance.context}" if instance.context else "a cluster of its own"
        raise DevenvError(
            f"the data of {instance.name} are in {where}",
            "delete them first: devenv down k3s --volumes",
        )
    return context or None


def _engine(instance: Instance, settings: Settings) -> str:
    recorded, wanted = instance.s3_engine, settings.s3_engine
    if recorded and instance.has_data:
        if wanted and wanted != recorded:
            raise DevenvError(
                f"the data of {instance.name} were written by {recorded}, and s3.engine asks for {wanted}",
                f"set s3.engine to {recorded}, or delete the data: devenv reset {instance.mode}",
            )
        return recorded
    if wanted:
        return wanted
    if instance.mode == "local":
        from devenv.modes.local import default_engine

        return default_engine()
    return "minio"


def _secrets(instance: Instance) -> str:
    file = instance.project.secrets_file
    values: Secrets = read_secrets(file)
    if not values:
        if instance.has_data and instance.secrets:
            raise gone(file)
        values = _made_once(instance.project)
    made = fingerprint(values)
    if instance.secrets and instance.secrets != made and instance.has_data:
        raise DevenvError(
            f"{file} is not the one that the data of {instance.name} were made with",
            f"put the right one back, or delete the data: devenv reset {instance.mode}",
        )
    return made


def _made_once(project: Project) -> Secrets:
    """New secrets; those of another mode's `up` where one has made them at the same moment."""
    from filelock import FileLock

    make_private(project.state)
    with FileLock(project.state / "secrets.lock"):
        return read_secrets(project.secrets_file) or make_secrets(project.secrets_file)


def _ports(instance: Instance, settings: Settings) -> dict[str, int]:
    stack = load(
        instance.project.stack_files(str(instance.s3_engine)),
        base_variables(instance, settings),
        instance.folder / "cache",
    )
    for name in settings.ports:
        if name not in stack.services:
            raise DevenvError(
                f"devenv.toml: ports.{name} is no service of the stack",
                f"the services are: {', '.join(stack.services)}",
            )
    wanted = wanted_ports(stack, settings.ports, processes=instance.mode == "local")
    if instance.mode == "k3s":
        wanted.append(ports.Wanted("kubernetes", KUBERNETES_PORT))
    if all(instance.ports.get(want.key) == want.preferred or not want.fixed for want in wanted) and all(
        want.key in instance.ports for want in wanted
    ):
        return {want.key: instance.ports[want.key] for want in wanted}
    with registry.locked():
        others = [entry for entry in registry.entries() if entry.name != instance.name]
        taken = {port for entry in others for port in entry.ports.values()}
        seed = int(hashlib.sha256(instance.name.encode()).hexdigest()[:8], 16)
        chosen = ports.choose(wanted, instance.ports, taken, ports.is_free, seed)
        registry.record(registry.Entry(instance.name, instance.mode, instance.project.root, chosen))
    return chosen
