"""Volumes: what a pod mounts, and the claims for what outlives it."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devenv.errors import StackError
from devenv.modes.k3s.render.environment import has_token
from devenv.modes.k3s.render.naming import CLAIM_LABEL, check_name, labels, path_name
from devenv.stack.model import ConfigMount, Mount, Service

# The stack gives volumes no size, and local-path enforces none; k3s/overlays/production chooses its own.
VOLUME_SIZE = "10Gi"
FOLDER_SIZE = "1Mi"  # a claim has to have one


@dataclass(frozen=True)
class Storage:
    """A pod's volumes, where its container mounts them, and the objects that they refer to."""

    volumes: list[dict[str, Any]]
    mounts: list[dict[str, Any]]
    objects: list[dict[str, Any]]
    annotations: dict[str, str]


def storage(service: Service, contents: Mapping[str, str]) -> Storage:
    """What `service` mounts. Raises StackError for what K3s cannot mount."""
    found = Storage([], [], [], {})
    for mount in service.mounts:
        _add_claim(found, service, mount)
    _add_memory(found, service)
    _add_configs(found, service, contents)
    return found


def claim_name(service: Service, mount: Mount) -> str:
    """The claim of a mount: a volume's own name, or the service's and the folder's."""
    if mount.kind == "volume":
        return check_name(f"service {service.name}: volume", mount.source)
    return check_name(
        f"service {service.name}: folder", f"{service.name}-{path_name(posixpath.basename(mount.source))}"
    )


def _add_claim(found: Storage, service: Service, mount: Mount) -> None:
    folder = mount.kind == "bind"
    if folder and not mount.read_only:
        raise StackError(
            f"service {service.name}: the folder at {mount.target} can be written to",
            f"mount it with :ro; what a service writes belongs in a named volume ({mount.target})",
        )
    name = claim_name(service, mount)
    read_only = {"readOnly": True} if mount.read_only else {}
    found.volumes.append({"name": name, "persistentVolumeClaim": {"claimName": name, **read_only}})
    found.mounts.append({"name": name, "mountPath": mount.target, **read_only})
    found.objects.append(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": name,
                "labels": {**labels(service.name), CLAIM_LABEL: "folder" if folder else "volume"},
            },
            "spec": {
                "accessModes": ["ReadOnlyMany" if folder else "ReadWriteOnce"],
                "resources": {"requests": {"storage": FOLDER_SIZE if folder else VOLUME_SIZE}},
                **({"storageClassName": ""} if folder else {}),
            },
        }
    )


def _add_memory(found: Storage, service: Service) -> None:
    tmpfs: Any = service.options.get("tmpfs") or []
    for path in [tmpfs] if isinstance(tmpfs, str) else tmpfs:
        if ":" in path:
            raise StackError(f"service {service.name}: tmpfs {path} has options", "name the folder alone")
        name = path_name(path)
        found.volumes.append({"name": name, "emptyDir": {}})
        found.mounts.append({"name": name, "mountPath": path})
    size = service.options.get("shm_size")
    if size:
        found.volumes.append(
            {"name": "dev-shm", "emptyDir": {"medium": "Memory", "sizeLimit": quantity(int(str(size)))}}
        )
        found.mounts.append({"name": "dev-shm", "mountPath": "/dev/shm"})  # noqa: S108 (in the container)


def _add_configs(found: Storage, service: Service, contents: Mapping[str, str]) -> None:
    wanted = service.own_configs  # the kubelet asks by itself: what a health check runs has no use here
    if not wanted:
        return
    name = f"{service.name}-config"
    for item in wanted:
        _check_config(service, item, contents[item.config])
        found.mounts.append(
            {"name": name, "mountPath": item.target, "subPath": item.config, "readOnly": True}
        )
    found.volumes.append({"name": name, "configMap": {"name": name}})
    found.objects.append(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "labels": labels(service.name)},
            "data": {item.config: contents[item.config] for item in wanted},
        }
    )
    digest = hashlib.sha256()
    for item in wanted:
        digest.update(f"{item.target}\0{contents[item.config]}\0".encode())
    # Files mounted one by one never change in a running pod: another hash makes it anew.
    found.annotations["devenv/config-hash"] = digest.hexdigest()[:16]


def _check_config(service: Service, item: ConfigMount, text: str) -> None:
    if has_token(text):
        raise StackError(
            f"service {service.name}: config {item.config} holds a secret or a variable of the instance",
            "give it to the service through its environment, which K3s fills in",
        )


def quantity(size: int) -> str:
    """Bytes as Kubernetes writes them: `1Gi`, `128Mi`."""
    for unit, factor in (("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
