"""The manifests in the repository are those of compose.yaml, and `devenv render k3s` keeps them so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from devenv.errors import DevenvError
from devenv.modes.k3s.render.committed import check_committed, render_committed
from devenv.modes.k3s.render.source import INSTANCE_VARIABLES
from devenv.project import Project

ROOT = Path(__file__).parents[3]
PRODUCTION = ROOT / "k3s" / "overlays" / "production"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("compose", "k3s"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "compose" / "compose.override.yaml").unlink(missing_ok=True)
    return Project(tmp_path)


def test_the_repository_has_what_the_stack_renders_to() -> None:
    check_committed(Project(ROOT))


def test_no_secret_and_no_path_of_this_machine_is_rendered() -> None:
    for file in (ROOT / "k3s" / "base").iterdir():
        text = file.read_text()
        assert "@secret:" not in text
        assert "@variable:" not in text
        assert str(ROOT) not in text


def test_a_stale_file_is_named_and_rendered_anew(project: Project) -> None:
    stack = project.root / "compose" / "compose.yaml"
    stack.write_text(stack.read_text().replace("max_connections=200", "max_connections=300"))
    with pytest.raises(DevenvError) as caught:
        check_committed(project)
    assert "k3s/base/postgres.yaml" in caught.value.problem
    assert "devenv render k3s" in caught.value.remedy
    assert render_committed(project) == ["k3s/base/postgres.yaml"]
    check_committed(project)


def test_a_file_that_is_no_longer_rendered_is_removed(project: Project) -> None:
    gone = project.root / "k3s" / "base" / "redis.yaml"
    gone.write_text("kind: Deployment\n")
    with pytest.raises(DevenvError, match=r"k3s/base/redis\.yaml"):
        check_committed(project)
    assert render_committed(project) == ["k3s/base/redis.yaml"]
    assert not gone.exists()


def test_a_persons_override_does_not_reach_the_repository(project: Project) -> None:
    project.override.write_text("services: {grafana: {environment: {MINE: '1'}}}\n")
    assert render_committed(project) == []


def test_production_gives_every_variable_of_an_instance() -> None:
    (kustomization,) = objects("kustomization.yaml")
    (generated,) = kustomization["configMapGenerator"]
    assert {line.split("=")[0] for line in generated["literals"]} == set(INSTANCE_VARIABLES)


def test_production_lets_in_whom_the_stack_needs() -> None:
    allowed = {
        (
            peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
            policy["metadata"]["name"],
            port["port"],
        )
        for policy in objects("network.yaml")
        for rule in policy["spec"].get("ingress", [])
        for peer in rule["from"]
        for port in rule["ports"]
    }
    assert needed_connections() <= allowed


def needed_connections() -> set[tuple[str, str, int]]:
    """(from, to, port) wherever a manifest of the base, or a file in it, names another service's port."""
    texts = {
        file.stem: file.read_text()
        for file in (ROOT / "k3s" / "base").iterdir()
        if file.stem not in ("kustomization", "namespace", "devenv-wait")
    }
    asked = re.compile(rf"\b({'|'.join(sorted(texts, key=len, reverse=True))}):(\d{{4,5}})\b")
    return {
        (name, found[1], int(found[2]))
        for name, text in texts.items()
        for found in asked.finditer(text)
        if found[1] != name
    }


def objects(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((PRODUCTION / name).read_text()))
