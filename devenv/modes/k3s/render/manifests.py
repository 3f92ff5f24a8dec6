"""k3s/base: every service as a Deployment or a StatefulSet, with its Service, its claims and its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devenv.errors import StackError
from devenv.modes.k3s.render.naming import NAME_LABEL, NAMESPACE, WAIT, check_name, labels
from devenv.modes.k3s.render.pods import pod_template
from devenv.modes.k3s.render.storage import Storage, storage
from devenv.modes.k3s.render.waiting import wait_script
from devenv.stack.model import Service, Stack

Documents = dict[str, list[dict[str, Any]]]  # file name -> Kubernetes objects
CLAIM = "PersistentVolumeClaim"
LEVELS = ("enforce", "warn", "audit")


def documents(stack: Stack, contents: Mapping[str, str]) -> Documents:
    """The files of k3s/base.

    stack: loaded with `render_variables`, so that no secret is in it
    contents: configuration file -> its text
    Raises StackError, naming service and key, for what K3s cannot express.
    """
    files: Documents = {"kustomization.yaml": [], "namespace.yaml": [_namespace()]}
    if any(service.depends_on for service in stack.services.values()):
        files[f"{WAIT}.yaml"] = [wait_script()]
    claimed: set[tuple[str, str]] = set()  # two services may share a volume
    for service in stack.services.values():
        file = f"{check_name('the stack: service', service.name)}.yaml"
        if file in files:
            raise StackError(
                f"service {service.name} has the name of a file in k3s/base", "rename the service"
            )
        files[file] = [made for made in _objects(stack, service, contents) if _key(made) not in claimed]
        claimed.update(_key(made) for made in files[file] if made["kind"] == CLAIM)
    files["kustomization.yaml"] = [
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": NAMESPACE,
            "resources": sorted(file for file in files if file != "kustomization.yaml"),
        }
    ]
    return files


def _key(made: dict[str, Any]) -> tuple[str, str]:
    return made["kind"], made["metadata"]["name"]


def _namespace() -> dict[str, Any]:
    security = {f"pod-security.kubernetes.io/{level}": "restricted" for level in LEVELS}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {**labels(), **security}},
    }


def _objects(stack: Stack, service: Service, contents: Mapping[str, str]) -> list[dict[str, Any]]:
    found = storage(service, contents)
    return [_workload(stack, service, found), _service(service), *found.objects]


def _workload(stack: Stack, service: Service, found: Storage) -> dict[str, Any]:
    selector = {"matchLabels": {NAME_LABEL: service.name}}
    template = pod_template(stack, service, found)
    if any(mount.kind == "volume" for mount in service.mounts):
        # At most one pod writes at a time, which a Deployment does not promise.
        kind, how = "StatefulSet", {"serviceName": service.name, "podManagementPolicy": "Parallel"}
    else:
        kind, how = "Deployment", {}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": service.name, "labels": labels(service.name)},
        "spec": {"replicas": 1, "revisionHistoryLimit": 2, **how, "selector": selector, "template": template},
    }


def _service(service: Service) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": service.name, "labels": labels(service.name)},
        "spec": {
            "type": "ClusterIP",
            "selector": {NAME_LABEL: service.name},
            "ports": [{"port": port.target, "targetPort": port.target} for port in service.ports],
        },
    }
