"""What K3s cannot express is refused by its name, never dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devenv.errors import StackError
from devenv.modes.k3s import render
from devenv.stack.texts import config_texts
from tests.fakes.stacks import Entry, entry, stack

TEST = ["CMD", "wget", "-q", "http://127.0.0.1:8000/ready"]
HEALTH = {"test": TEST, "start_period": "30s"}


def service(**changes: Any) -> Entry:
    return entry(**{"user": "1000:1000", "healthcheck": HEALTH, **changes})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"user": "0:0"}, "service web: user '0:0' is root"),
        ({"user": "postgres"}, "service web: user 'postgres' is not two numbers"),
        ({"user": "1000"}, "service web: user '1000' is not two numbers"),
        ({"user": None}, "service web: user '' is not two numbers"),
        ({"restart": "no"}, "service web: restart no is not what K3s does"),
        ({"security_opt": ["seccomp=unconfined"]}, "service web: security_opt seccomp=unconfined"),
        ({"tmpfs": ["/run:size=1m"]}, "service web: tmpfs /run:size=1m has options"),
        ({"healthcheck": {"test": TEST}}, "service web has no healthcheck.start_period"),
        (
            {"volumes": [{"type": "bind", "source": "/project/out", "target": "/out"}]},
            "service web: the folder at /out can be written to",
        ),
        (
            {"volumes": [{"type": "volume", "source": "Web_Data", "target": "/data"}]},
            "service web: volume: 'Web_Data' is no name",
        ),
        (
            {
                "healthcheck": {"test": ["CMD", "ask"], "start_period": "1s"},
                "x_ready": {"exec": ["ask", "@secret:S3_ROOT_PASSWORD@"]},
            },
            "service web: x-ready.exec holds a secret",
        ),
        (
            {"environment": {"S3_ROOT_PASSWORD": "own", "URL": "http://@secret:S3_ROOT_PASSWORD@"}},
            "service web: environment.S3_ROOT_PASSWORD is not the secret",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_service_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(StackError) as caught:
        render.documents(stack({"web": service(**changes)}), {})
    assert caught.value.problem.startswith(problem)
    assert caught.value.remedy


@pytest.mark.parametrize("token", ["@secret:S3_ROOT_PASSWORD@", "@variable:LAKEHOUSE_ENVIRONMENT@"])
def test_a_configuration_file_with_a_token_is_refused(token: str) -> None:
    made = stack(
        {"web": service(configs=[{"source": "settings", "target": "/etc/web.json"}])},
        configs={"settings": {"content": token}},
    )
    with pytest.raises(StackError, match="service web: config settings holds a secret"):
        render.documents(made, config_texts(made))


@pytest.mark.parametrize("name", ["Web", "web_1", "1web", "w" * 53, "kustomization"])
def test_a_services_name_that_cannot_be_used_is_refused(name: str) -> None:
    with pytest.raises(StackError, match=name):
        render.documents(stack({name: service()}), {})


def test_a_missing_configuration_file_is_named(tmp_path: Path) -> None:
    made = stack({"web": service()}, configs={"settings": {"file": str(tmp_path / "gone.yml")}})
    with pytest.raises(StackError, match=r"gone\.yml: No such file"):
        config_texts(made)


def test_two_services_with_the_same_node_port_are_named() -> None:
    seen: dict[int, str] = {}
    for number in range(5_000):
        name = f"s{number}"
        other = seen.setdefault(render.node_port(name), name)
        if other != name:
            break
    with pytest.raises(StackError, match=f"services {other} and {name} have the same node port"):
        render.node_ports(stack({other: service(), name: service()}))


def test_a_folder_outside_of_the_project_is_refused() -> None:
    mount = {"type": "bind", "source": "/elsewhere/flows", "target": "/flows", "read_only": True}
    with pytest.raises(StackError, match="service web: the folder /elsewhere/flows is not in the project"):
        render.instance_component(
            stack({"web": service(volumes=[mount])}), Path("/project"), "project", {}, {}
        )


def test_one_image_in_two_versions_is_refused() -> None:
    with pytest.raises(StackError, match="two services run example/service in different versions"):
        render.instance_component(
            stack({"web": service()}),
            Path("/project"),
            "project",
            {"example/service:1": "example/service:1", "example/service:2": "example/service:2"},
            {},
        )
