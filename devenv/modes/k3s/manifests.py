"""What is applied: objects of the stack, of k3s/overlays/local and of the instance, joined by kustomize."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError
from devenv.instance import Instance, project_name
from devenv.modes.k3s import render
from devenv.modes.k3s.kubectl import kustomize
from devenv.modes.k3s.observed import SERVICE_LABEL
from devenv.stack.model import Stack
from devenv.stack.texts import config_texts
from devenv.state import write_private

WORKLOADS = ("Deployment", "StatefulSet")
OVERLAY = Path("k3s/overlays/local")
# For a cluster elsewhere: its own storage, and no ports of its nodes.
BASE_ALONE = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [../../base]
components: [../../../.devenv/k3s/instance]
"""
# Two clusters' worth of them is enough to go back to a branch.
KEPT = 4


@dataclass(frozen=True)
class Manifests:
    """Objects in the order in which they are applied."""

    objects: list[dict[str, Any]]

    @cached_property
    def digests(self) -> dict[str, str]:
        """Service -> digest of its objects and of those that all share."""
        services = {_service(one) for one in self.objects} - {None}
        return {str(name): _digest(self.of([str(name)])) for name in services}

    def of(self, services: Iterable[str]) -> list[dict[str, Any]]:
        """The objects of some services, with those that belong to none."""
        wanted = {*services, None}
        return [one for one in self.objects if _service(one) in wanted]

    def names(self) -> set[tuple[str, str]]:
        """(kind, name) of every object."""
        return {(one["kind"], one["metadata"]["name"]) for one in self.objects}

    def stop_signals(self) -> dict[str, str]:
        """Service -> the signal that its image has to declare."""
        pods = [one["spec"]["template"] for one in self.objects if one["kind"] in WORKLOADS]
        marks = {
            pod["metadata"]["labels"][SERVICE_LABEL]: pod["metadata"].get("annotations") or {} for pod in pods
        }
        return {
            name: mark["devenv/stop-signal"] for name, mark in marks.items() if "devenv/stop-signal" in mark
        }


def component_folder(instance: Instance) -> Path:
    """Where the instance's own part lies, which k3s/overlays/local refers to."""
    return instance.folder / "instance"


def build(
    instance: Instance, stack: Stack, images: Mapping[str, str], variables: Mapping[str, str]
) -> Manifests:
    """The objects of the instance; its own part is written to the state folder, for kubectl by hand.

    images: the stack's image -> the name under which the node has it
    variables: the values of what stands as `@variable:NAME@` in the stack
    """
    root = instance.project.root
    base = render.documents(stack, config_texts(stack))
    component = render.instance_component(
        stack, root, project_name(instance.project), images, variables, own_node=instance.context is None
    )
    if instance.context:
        overlay = {"kustomization.yaml": BASE_ALONE}
    else:
        overlay = _overlay(root)
        overlay["node-ports.yaml"] = render.text(render.node_ports(stack))
    texts = {
        **{f"k3s/base/{name}": render.text(one) for name, one in base.items()},
        **{f"{OVERLAY}/{name}": text for name, text in overlay.items()},
        **{f".devenv/k3s/instance/{name}": render.text(one) for name, one in component.items()},
    }
    key = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:32]
    cached = instance.folder / "cache" / f"manifests-{key}.json"
    try:
        objects = json.loads(cached.read_text())
    except (OSError, ValueError):
        render.write(component_folder(instance), component)
        objects = _kustomized(instance, texts)
        write_private(cached, json.dumps(objects))
        _forget_old(cached.parent)
    return Manifests(objects)


def without_folders(stack: Stack) -> Stack:
    """The stack without the project's folders, which a cluster elsewhere cannot see: images have a copy."""
    services = {
        name: replace(one, mounts=tuple(mount for mount in one.mounts if mount.kind != "bind"))
        for name, one in stack.services.items()
    }
    return replace(stack, services=services)


def _overlay(root: Path) -> dict[str, str]:
    folder = root / OVERLAY
    try:
        return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*.yaml")}
    except OSError as error:
        raise DevenvError(
            f"{folder} cannot be read: {error.strerror}", f"restore it: git checkout {OVERLAY}"
        ) from error


def _kustomized(instance: Instance, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """What kustomize makes of a copy, so that a person's override is in it, and k3s/base stays as it is."""
    from devenv import yaml_text

    stage = instance.folder / "stage"
    shutil.rmtree(stage, ignore_errors=True)
    try:
        for name, text in texts.items():
            write_private(stage / name, text)
        objects = [one for one in yaml_text.parse_all(kustomize(stage / OVERLAY)) if one]
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return objects


def _forget_old(cache: Path) -> None:
    by_age = sorted(cache.glob("manifests-*.json"), key=lambda file: file.stat().st_mtime)
    for file in by_age[:-KEPT]:
        file.unlink(missing_ok=True)


def _service(one: Mapping[str, Any]) -> str | None:
    service: str | None = (one["metadata"].get("labels") or {}).get(SERVICE_LABEL)
    return service


def _digest(objects: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(objects, sort_keys=True).encode()).hexdigest()[:16]
