"""Kubernetes objects out of the stack: what k3s/base holds, and what an instance adds to it."""

from devenv.modes.k3s.render.instance import (
    DATA_FOLDER,
    NODE_FOLDER,
    folder_on_node,
    instance_component,
    volume_folders,
)
from devenv.modes.k3s.render.manifests import Documents, documents
from devenv.modes.k3s.render.node_ports import node_port, node_ports
from devenv.modes.k3s.render.source import render_variables
from devenv.modes.k3s.render.writing import stale, text, write

__all__ = [
    "DATA_FOLDER",
    "NODE_FOLDER",
    "Documents",
    "documents",
    "folder_on_node",
    "instance_component",
    "node_port",
    "node_ports",
    "render_variables",
    "stale",
    "text",
    "volume_folders",
    "write",
]
