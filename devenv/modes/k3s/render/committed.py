"""The manifests that lie in the repository: rendered out of compose/compose.yaml alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from devenv.errors import DevenvError
from devenv.modes.k3s.render.manifests import Documents, documents
from devenv.modes.k3s.render.node_ports import node_ports
from devenv.modes.k3s.render.source import render_variables
from devenv.modes.k3s.render.writing import stale, write
from devenv.project import STACK_FILE, Project
from devenv.stack.compose import load
from devenv.stack.texts import config_texts

BASE = "k3s/base"
OVERLAY = "k3s/overlays/local"


def render_committed(project: Project) -> list[str]:
    """Writes them, and removes what is no longer rendered; the paths of the files that changed."""
    changed = []
    for folder, files, whole in _folders(project):
        changed += [f"{folder}/{name}" for name in write(project.root / folder, files, whole)]
    return changed


def check_committed(project: Project) -> None:
    """Raises DevenvError that names the files which are not as they would be rendered."""
    found = []
    for folder, files, whole in _folders(project):
        found += [f"{folder}/{name}" for name in stale(project.root / folder, files, whole)]
    if found:
        raise DevenvError(
            f"not as the stack would be rendered: {', '.join(found)}", "render them: devenv render k3s"
        )


def _folders(project: Project) -> list[tuple[str, Documents, bool]]:
    """(folder, its files, whether it holds nothing else)"""
    # No override and no setting: what is committed is the same for everybody.
    with tempfile.TemporaryDirectory() as cache:
        stack = load([project.root / STACK_FILE], render_variables(), Path(cache))
    return [
        (BASE, documents(stack, config_texts(stack)), True),
        (OVERLAY, {"node-ports.yaml": node_ports(stack)}, False),
    ]
