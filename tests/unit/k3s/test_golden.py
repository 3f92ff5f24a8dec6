"""One small stack a rule, and the manifests that it becomes, as files that a person reads.

A rule changed on purpose: DEVENV_WRITE_GOLDEN=1 pytest tests/unit/k3s, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from devenv.modes.k3s import render
from devenv.stack.model import Stack
from tests.fakes.stacks import Entry, entry, needs, stack

GOLDEN = Path(__file__).with_name("golden")
HEALTH = {
    "test": ["CMD", "wget", "-q", "http://127.0.0.1:8000/ready"],
    "interval": "1s",
    "start_interval": "1s",
    "start_period": "30s",
}
PROJECT = Path("/project")


def service(**changes: Any) -> Entry:
    return entry(**{"user": "1000:1000", "healthcheck": HEALTH, **changes})


def web(**changes: Any) -> Stack:
    return stack({"web": service(**changes)})


STACKS: dict[str, tuple[Stack, Mapping[str, str]]] = {
    "plain": (web(), {}),
    "tokens": (
        web(
            entrypoint=["serve"],
            command=["--url=@variable:PROMETHEUS_URL@", "$$(date)"],
            environment={
                "PASSWORD": "@secret:S3_ROOT_PASSWORD@",
                "ENVIRONMENT": "@variable:LAKEHOUSE_ENVIRONMENT@",
                "URL": "postgresql://web:@secret:POSTGRES_PASSWORD@@db:5432/web",
                "SCRIPT": "echo $$(id) $$HOME",
            },
        ),
        {},
    ),
    "probe_exec": (
        web(
            healthcheck={
                "test": ["CMD", "ask", "--all"],
                "interval": "7s",
                "start_interval": "1s500ms",
                "start_period": "1m30s500ms",
                "retries": 5,
            },
            x_ready={"exec": ["ask", "--quick"]},
        ),
        {},
    ),
    "configs": (
        stack(
            {
                "web": service(
                    configs=[
                        {"source": "settings", "target": "/etc/web/settings.yml"},
                        {"source": "health", "target": "/usr/local/bin/health"},
                    ],
                    healthcheck={
                        "test": ["CMD", "sh", "/usr/local/bin/health", "http://127.0.0.1:8000/ready"],
                        "start_period": "30s",
                    },
                )
            },
            configs={"settings": {"content": "a: 1\nb: 2\n"}, "health": {"content": "exit 0\n"}},
        ),
        {"settings": "a: 1\nb: 2\n", "health": "exit 0\n"},
    ),
    "volumes": (
        stack(
            {
                "web": service(
                    volumes=[
                        {"type": "volume", "source": "web-data", "target": "/data"},
                        {
                            "type": "bind",
                            "source": "/project/seed/flows",
                            "target": "/opt/flows",
                            "read_only": True,
                        },
                    ],
                    tmpfs=["/tmp", "/run/web"],  # noqa: S108 (in the container)
                    shm_size="134217728",
                )
            },
            volumes={"web-data": {"name": "tiny_web-data"}},
        ),
        {},
    ),
    "depends_on": (
        stack({"store": service(), "queue": service(), "web": service(depends_on=needs("store", "queue"))}),
        {},
    ),
    "container": (
        web(
            init=True,
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            restart="unless-stopped",
            user="472:0",
            stop_signal="SIGINT",
            stop_grace_period="2500ms",
            deploy={"resources": {"limits": {"memory": "536870912", "cpus": 0.5}}},
        ),
        {},
    ),
}


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_becomes_these_manifests(name: str) -> None:
    made = render.documents(*STACKS[name])
    for shared in ("namespace.yaml", "kustomization.yaml"):
        del made[shared]
    assert_golden(f"{name}.yaml", "".join(render.text(objects) for _, objects in sorted(made.items())))


def test_what_every_stack_has() -> None:
    made = render.documents(web(), {})
    assert_golden("shared.yaml", render.text(made["namespace.yaml"] + made["kustomization.yaml"]))


def test_the_instance_becomes_a_component() -> None:
    made = render.instance_component(
        STACKS["volumes"][0],
        PROJECT,
        "project-3f2a9c",
        {"example/service:1": "example.org:5000/service:sha-5d41"},
        {"LAKEHOUSE_ENVIRONMENT": "dev", "PROMETHEUS_URL": "http://127.0.0.1:9090"},
    )
    assert_golden("instance.yaml", "".join(render.text(objects) for objects in made.values()))


def test_node_ports_are_patches_of_the_services() -> None:
    assert_golden("node_ports.yaml", render.text(render.node_ports(STACKS["depends_on"][0])))


def assert_golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("DEVENV_WRITE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()
