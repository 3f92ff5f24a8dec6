"""What an instance adds to the manifests: its namespace, images, variables, and the folders it mounts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.errors import StackError
from devenv.modes.k3s.render.manifests import Documents
from devenv.modes.k3s.render.naming import INSTANCE, labels
from devenv.modes.k3s.render.storage import FOLDER_SIZE, VOLUME_SIZE, claim_name
from devenv.stack.model import Mount, Service, Stack

NODE_FOLDER = "/lakehouse"  # where the cluster's node has the project's folders
DATA_FOLDER = "/var/lib/rancher/k3s/storage"  # where K3s's local-path provisioner keeps volumes
STORAGE_CLASS = "lakehouse-local"


def instance_component(
    stack: Stack,
    project_root: Path,
    namespace: str,
    images: Mapping[str, str],
    variables: Mapping[str, str],
    own_node: bool = True,
) -> Documents:
    """The files of a kustomize component.

    project_root: the folder that mounted folders lie in; the node has them under /lakehouse
    own_node: whether the node is the instance's: its volumes are folders of it then, made beforehand, because
        the provisioner starts a pod for each, which takes seconds
    images: image as the stack names it -> image that is run
    variables: the values of `INSTANCE_VARIABLES`
    Raises StackError for a folder outside of the project.
    """
    mounts = [(service, mount) for service in stack.services.values() for mount in service.mounts]
    volumes = [_folder(*one, project_root, namespace) for one in mounts if one[1].kind == "bind"]
    if own_node:
        claims = dict.fromkeys(claim_name(*one) for one in mounts if one[1].kind == "volume")
        volumes += [_volume(claim, namespace) for claim in claims]
    files: Documents = {
        "kustomization.yaml": [
            {
                "apiVersion": "kustomize.config.k8s.io/v1alpha1",
                "kind": "Component",
                "namespace": namespace,
                **({"resources": ["volumes.yaml"]} if volumes else {}),
                "images": _images(images),
                "configMapGenerator": [
                    {
                        "name": INSTANCE,
                        "literals": [f"{name}={value}" for name, value in sorted(variables.items())],
                        "options": {"labels": labels()},
                    }
                ],
            }
        ]
    }
    if volumes:
        files["volumes.yaml"] = volumes
    return files


def volume_folders(stack: Stack, namespace: str) -> list[str]:
    """The folders of the node that the instance's volumes are, one a claim."""
    mounts = [(service, mount) for service in stack.services.values() for mount in service.mounts]
    claims = dict.fromkeys(claim_name(*one) for one in mounts if one[1].kind == "volume")
    return [_place(claim, namespace) for claim in claims]


def _place(claim: str, namespace: str) -> str:
    return f"{DATA_FOLDER}/{namespace}/{claim}"  # as the storage class's pathPattern has it


def _volume(claim: str, namespace: str) -> dict[str, Any]:
    return _persistent_volume(
        claim,
        namespace,
        labels(),
        storageClassName=STORAGE_CLASS,
        capacity={"storage": VOLUME_SIZE},
        accessModes=["ReadWriteOnce"],
        hostPath={"path": _place(claim, namespace), "type": "Directory"},
    )


def folder_on_node(service: Service, mount: Mount, project_root: Path) -> str:
    """Where the node has a folder of the project. Raises StackError for one that is not in it."""
    try:
        inside = Path(mount.source).relative_to(project_root)
    except ValueError:
        raise StackError(
            f"service {service.name}: the folder {mount.source} is not in the project",
            f"move it into {project_root}: a cluster's node sees nothing else of this machine",
        ) from None
    return f"{NODE_FOLDER}/{inside.as_posix()}"


def _folder(service: Service, mount: Mount, project_root: Path, namespace: str) -> dict[str, Any]:
    return _persistent_volume(
        claim_name(service, mount),
        namespace,
        labels(service.name),
        storageClassName="",
        capacity={"storage": FOLDER_SIZE},
        accessModes=["ReadOnlyMany"],
        hostPath={"path": folder_on_node(service, mount, project_root), "type": "Directory"},
    )


def _persistent_volume(claim: str, namespace: str, marks: dict[str, str], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{namespace}-{claim}", "labels": marks},
        "spec": {
            **spec,
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": namespace,
                "name": claim,
            },
        },
    }


def _images(images: Mapping[str, str]) -> list[dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for image, other in sorted(images.items()):
        name, _ = _split(image)
        new_name, version = _split(other)
        entry = {"name": name, "newName": new_name, **version}
        if found.setdefault(name, entry) != entry:
            raise StackError(
                f"two services run {name} in different versions",
                "let them run the same: kustomize knows an image by its name alone",
            )
    return list(found.values())


def _split(image: str) -> tuple[str, dict[str, str]]:
    name, _, digest = image.partition("@")
    if digest:
        return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name, {"digest": digest}
    start, colon, tag = name.rpartition(":")
    return (start, {"newTag": tag}) if colon and "/" not in tag else (name, {"newTag": "latest"})
