"""What an instance makes of a cluster: its ports, the folders its node sees, the values of its variables."""

from __future__ import annotations

from pathlib import Path

from devenv.instance import Instance
from devenv.modes.k3s import render
from devenv.modes.k3s.cluster import Shape
from devenv.settings import Settings
from devenv.stack.addresses import LOOPBACK
from devenv.stack.model import Stack

API_PORT = "kubernetes"  # the key of the API's port among the instance's


def shape_of(instance: Instance, stack: Stack, settings: Settings) -> Shape:
    """The cluster that the instance needs. Raises StackError for a folder that its node cannot see."""
    root = instance.project.root
    folders = {
        Path(mount.source): render.folder_on_node(service, mount, root)
        for service in stack.services.values()
        for mount in service.mounts
        if mount.kind == "bind"
    }
    return Shape(
        api_port=instance.ports[API_PORT],
        ports={instance.ports[name]: render.node_port(name) for name in stack.services},
        mounts=folders,
        config=root / "k3s" / "k3d.yaml",
        image=settings.variables.get("K3S_IMAGE"),
    )


def rendering_variables(settings: Settings) -> dict[str, str]:
    """The stack's variables as k3s/base is rendered with, and a person's own; but not the images, which the
    instance puts in the place of those that compose.yaml names."""
    own = {name: value for name, value in settings.variables.items() if not name.endswith("_IMAGE")}
    return {**render.render_variables(), **own}


def instance_variables(instance: Instance, settings: Settings) -> dict[str, str]:
    """The values of what stands as a token in the manifests."""
    return {
        "LAKEHOUSE_ENVIRONMENT": settings.environment,
        **{
            f"{name.upper()}_URL": f"http://{LOOPBACK}:{instance.ports[name]}"
            for name in ("prometheus", "alertmanager")
            if name in instance.ports
        },
    }


def port_variables(stack: Stack, instance: Instance) -> dict[str, str]:
    """The ports on this machine, by their names in the stack file."""
    return {f"{one.variable}_PORT": str(instance.ports[one.name]) for one in stack.services.values()}
