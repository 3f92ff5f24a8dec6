"""Where a program is found, and what is said when it is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devenv.programs import find, version, why_missing
from devenv.programs.finding import Program

if TYPE_CHECKING:
    from tests.unit.programs.conftest import Machine


def _tool(machine: Machine, folder: str, name: str) -> Path:
    return machine.program(machine.tools / folder / "bin" / name)


def test_nothing_is_found_on_an_empty_machine(machine: Machine) -> None:
    assert find("minio", machine.environ) is None
    assert why_missing("minio", machine.environ) == "not built by `devenv tools get`, not on PATH"


def test_minio_that_was_built_comes_before_the_one_on_path(machine: Machine) -> None:
    machine.on_path("minio")
    built = _tool(machine, "minio-RELEASE.2025-09-07T16-13-09Z", "minio")
    assert find("minio", machine.environ) == Program(
        "minio", built, None, "RELEASE.2025-09-07T16-13-09Z", "built"
    )


def test_path_comes_before_an_unpacked_package(machine: Machine) -> None:
    unpacked = _tool(machine, "prometheus-2.42.0", "prometheus")
    assert find("prometheus", machine.environ) == Program("prometheus", unpacked, None, "2.42.0", "debian")
    own = machine.on_path("prometheus")
    assert find("prometheus", machine.environ) == Program("prometheus", own, None, "", "PATH")


@pytest.mark.parametrize("name", ["postgres_exporter", "alertmanager"])
def test_debian_names_are_known_on_path(machine: Machine, name: str) -> None:
    binary = machine.on_path(
        {"alertmanager": "prometheus-alertmanager"}.get(name, f"prometheus-{name}").replace("_", "-")
    )
    program = find(name, machine.environ)
    assert program is not None
    assert program.path == binary


def test_promtool_lies_beside_prometheus(machine: Machine) -> None:
    tool = _tool(machine, "prometheus-2.42.0", "promtool")
    program = find("promtool", machine.environ)
    assert program is not None
    assert program.path == tool


def test_a_file_that_cannot_be_run_is_not_a_program(machine: Machine) -> None:
    _tool(machine, "prometheus-2.42.0", "prometheus").chmod(0o644)
    assert find("prometheus", machine.environ) is None


def test_grafana_is_found_in_its_home(machine: Machine) -> None:
    home = machine.root / "grafana"
    binary = machine.program(home / "bin" / "grafana")
    environ = {**machine.environ, "GRAFANA_HOME": str(home)}
    assert find("grafana", environ) == Program("grafana", binary, home, "", "home")


def test_a_wrong_grafana_home_is_not_passed_over(machine: Machine) -> None:
    machine.on_path("grafana")
    environ = {**machine.environ, "GRAFANA_HOME": "/nowhere"}
    assert find("grafana", environ) is None
    assert why_missing("grafana", environ) == "GRAFANA_HOME is /nowhere, which has no bin/grafana"


def test_grafana_on_path_brings_its_home(machine: Machine) -> None:
    home = machine.root / "opt" / "grafana"
    binary = machine.program(home / "bin" / "grafana")
    (home / "conf").mkdir()
    (home / "conf" / "defaults.ini").touch()
    (machine.path / "grafana").symlink_to(binary)
    program = find("grafana", machine.environ)
    assert program is not None
    assert program.home == home


def test_the_programs_of_the_python_environment_need_no_path(machine: Machine) -> None:
    for name in ("postgres", "psql", "pg_isready", "weed", "prefect"):
        program = find(name, machine.environ)
        if program is None:
            pytest.skip(f"{name} is not installed in this environment")
        assert program.version
        assert program.path.is_relative_to(sys.prefix)


def test_a_program_of_no_entry_is_looked_for_all_the_same(machine: Machine) -> None:
    own = machine.on_path("something-new")
    program = find("something-new", machine.environ)
    assert program is not None
    assert program.path == own


def test_finding_runs_nothing_and_loads_little() -> None:
    """`find` is on the path of an `up` that has nothing to do."""
    asked = "import sys, devenv.programs as p; p.find('minio'); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"filelock", "importlib.metadata", "devenv.programs.getting", "concurrent.futures"} & set(
        loaded
    )


def test_a_program_on_path_is_asked_its_version_only_by_version(machine: Machine) -> None:
    machine.on_path("prometheus", "#!/bin/sh\necho 'prometheus, version 3.5.0 (branch: HEAD)'\n")
    program = find("prometheus", machine.environ)
    assert program is not None
    assert program.version == ""
    assert version(program) == "3.5.0"


def test_a_program_that_does_not_answer_has_no_version(machine: Machine) -> None:
    binary = machine.on_path("prometheus", "#!/nowhere\n")
    assert version(Program("prometheus", binary, None, "", "PATH")) == ""
