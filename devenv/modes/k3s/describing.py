"""What K3s mode runs, read back from the manifests that it applies, not from the stack behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.modes.base import Contained, Described
from devenv.modes.described import EVERY_ADDRESS, GET, version_of
from devenv.modes.k3s.manifests import Manifests
from devenv.modes.k3s.render import NODE_FOLDER
from devenv.modes.k3s.render.naming import SECRET, WAIT
from devenv.stack.model import Stack

# `$(NAME)` and `$$`, as the kubelet fills them in.
REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
SHARED_MEMORY = "/dev/shm"  # noqa: S108 (in the container)


def describe(manifests: Manifests, stack: Stack, images: Mapping[str, str]) -> dict[str, Described]:
    """Every service.

    stack: for what devenv itself does, which no manifest holds, and for the names of a service's variables
    images: image on the node -> the engine's image that it was loaded from
    """
    return {name: _describe(_Objects.of(manifests, name), stack, images) for name in stack.services}


@dataclass(frozen=True)
class _Objects:
    """The objects of one service: its workload's pod and container, and what they refer to, by name."""

    service: str
    pod: Mapping[str, Any]
    container: Mapping[str, Any]
    port: int
    config_maps: Mapping[str, Mapping[str, str]]
    folders: Mapping[str, str]  # claim -> folder of the node

    @staticmethod
    def of(manifests: Manifests, service: str) -> _Objects:
        own = manifests.of([service])
        by_kind: dict[str, dict[str, Any]] = {}
        for one in own:
            by_kind.setdefault(one["kind"], {})[one["metadata"]["name"]] = one
        workloads = {**by_kind.get("Deployment", {}), **by_kind.get("StatefulSet", {})}
        pod = workloads[service]["spec"]["template"]
        volumes = by_kind.get("PersistentVolume", {}).values()
        return _Objects(
            service,
            pod,
            next(one for one in pod["spec"]["containers"] if one["name"] == service),
            by_kind["Service"][service]["spec"]["ports"][0]["port"],
            {name: one.get("data") or {} for name, one in by_kind.get("ConfigMap", {}).items()},
            {one["spec"]["claimRef"]["name"]: one["spec"]["hostPath"]["path"] for one in volumes},
        )

    def mounted(self, kind: str) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """(mount, source) of the container's volumes of a kind: `emptyDir`, `configMap`, …"""
        sources = {one["name"]: one for one in self.pod["spec"].get("volumes", ())}
        for mount in self.container.get("volumeMounts", ()):
            if kind in sources[mount["name"]]:
                yield mount, sources[mount["name"]][kind]


def _describe(objects: _Objects, stack: Stack, images: Mapping[str, str]) -> Described:
    service, container, pod = stack.services[objects.service], objects.container, objects.pod["spec"]
    values = _environment(objects)
    words = (*container.get("command", ()), *container.get("args", ()))
    # What is there only to be referred to is no variable of the service.
    referred = {
        name
        for text in (*words, *(str(entry.get("value", "")) for entry in container.get("env", ())))
        for name in REFERENCE.findall(text)
    } - set(service.environment)
    annotations = objects.pod["metadata"].get("annotations") or {}
    listening = container["ports"][0]["containerPort"]
    return Described(
        version=version_of(images.get(container["image"], container["image"])),
        variables={
            f"{service.variable}_PORT": str(service.ports[0].published),
            f"{service.variable}_ADDRESS": f"{objects.service}:{objects.port}",
            f"{service.variable}_LISTEN_HOST": EVERY_ADDRESS,
            f"{service.variable}_LISTEN_PORT": str(listening),
            **{f"{name}_LISTEN_PORT": str(own) for name, own in service.local.ports.items()},
        },
        command=tuple(_filled(word, values) for word in words),
        environment={name: value for name, value in values.items() if name not in referred},
        ready=_question(objects.service, container["readinessProbe"]),
        bucket_call=service.bucket_call,
        stop=(annotations.get("devenv/stop-signal", "SIGTERM"), float(pod["terminationGracePeriodSeconds"])),
        depends_on=tuple(
            sorted(one["name"].removeprefix("wait-for-") for one in pod.get("initContainers", ()))
        ),
        volumes=_volumes(objects),
        configs={
            mount["mountPath"]: objects.config_maps[source["name"]][mount["subPath"]]
            for mount, source in objects.mounted("configMap")
            if source["name"] != WAIT
        },
        contained=_contained(objects),
    )


def _environment(objects: _Objects) -> dict[str, str]:
    """The container's variables with references filled in; secrets stand in them as their tokens."""
    found: dict[str, str] = {}
    for entry in objects.container.get("env", ()):
        source = entry.get("valueFrom", {})
        if secret := source.get("secretKeyRef"):
            known = secret["name"] == SECRET
            found[entry["name"]] = f"@secret:{secret['key']}@" if known else f"a secret of {secret['name']}"
        elif value := source.get("configMapKeyRef"):
            found[entry["name"]] = objects.config_maps[value["name"]][value["key"]]
        else:
            found[entry["name"]] = _filled(str(entry.get("value", "")), found)
    return found


def _filled(text: str, values: Mapping[str, str]) -> str:
    """`text` as the kubelet fills it in: from variables that stand before it; others stay as they stand."""
    return REFERENCE.sub(
        lambda found: "$" if found[0] == "$$" else values.get(found[1], found[0]),
        text,
    )


def _question(service: str, probe: Mapping[str, Any]) -> tuple[str, ...]:
    if asked := probe.get("httpGet"):
        return (GET, f"{service}:{asked['port']}{asked['path']}")
    return tuple(probe["exec"]["command"])


def _volumes(objects: _Objects) -> dict[str, str]:
    found = {}
    for mount, source in objects.mounted("persistentVolumeClaim"):
        folder = objects.folders.get(source["claimName"], "")
        if folder.startswith(f"{NODE_FOLDER}/"):
            read_only = " read-only" if mount.get("readOnly") and source.get("readOnly") else ""
            found[mount["mountPath"]] = f"folder {folder.removeprefix(f'{NODE_FOLDER}/')}{read_only}"
        else:
            found[mount["mountPath"]] = f"volume {source['claimName']}"
    return found


def _contained(objects: _Objects) -> Contained:
    from lightkube.utils.quantity import parse_quantity

    pod, container = objects.pod["spec"], objects.container
    limits = (container.get("resources") or {}).get("limits") or {}
    cpus, memory = parse_quantity(limits.get("cpu")), parse_quantity(limits.get("memory"))
    held, first, later = container["securityContext"], container["startupProbe"], container["readinessProbe"]
    in_memory = {mount["mountPath"]: source for mount, source in objects.mounted("emptyDir")}
    shared = parse_quantity((in_memory.pop(SHARED_MEMORY, None) or {}).get("sizeLimit"))
    return Contained(
        user="{runAsUser}:{runAsGroup}".format(**pod["securityContext"]),
        memory=None if memory is None else int(memory),
        cpus=None if cpus is None else float(cpus),
        shared_memory=None if shared is None else int(shared),
        read_only=bool(held.get("readOnlyRootFilesystem")),
        dropped=tuple(sorted(held["capabilities"]["drop"])),
        security=() if held.get("allowPrivilegeEscalation", True) else ("no-new-privileges:true",),
        tmpfs=tuple(sorted(in_memory)),
        reaped=bool(pod.get("shareProcessNamespace")),
        restarted=pod.get("restartPolicy", "Always") == "Always",
        start_interval=float(first["periodSeconds"]),
        start_period=float(first["periodSeconds"] * first["failureThreshold"]),
        retries=int(later["failureThreshold"]),
        asking={
            "probe.period": f"{later['periodSeconds']} s",
            "probe.timeout": f"{later['timeoutSeconds']} s",
        },
    )
