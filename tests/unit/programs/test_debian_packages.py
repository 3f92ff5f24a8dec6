"""Getting programs out of Debian's packages, with a fake apt."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from devenv.errors import ToolMissing
from devenv.programs import find, get, get_many

if TYPE_CHECKING:
    from tests.unit.programs.conftest import Machine

THREE = ["prometheus", "alertmanager", "postgres_exporter"]


def test_one_run_of_apt_serves_all(debian: Machine) -> None:
    programs = get_many(THREE, debian.said.append, debian.environ)
    assert [program.source for program in programs.values()] == ["debian"] * 3
    assert [program.version for program in programs.values()] == ["2.42.0+ds-5", "0.25.0-1+b4", "0.11.1-3"]
    assert debian.calls.count("update") == 1
    assert debian.calls.count("download") == 1


def test_each_phase_is_announced(debian: Machine) -> None:
    get("alertmanager", debian.said.append, debian.environ)
    assert debian.said == [
        "reading Debian's package lists",
        "downloading prometheus-alertmanager",
        "unpacking",
        f"alertmanager-0.25.0-1+b4 is in {debian.tools}",
    ]


def test_what_is_there_is_not_got_again(debian: Machine) -> None:
    get("alertmanager", debian.said.append, debian.environ)
    debian.said.clear()
    get_many(["alertmanager", "amtool"], debian.said.append, debian.environ)
    assert debian.said == []


def test_prometheus_finds_its_pages_wherever_it_lies(debian: Machine) -> None:
    program = get("prometheus", debian.said.append, debian.environ)
    answer = subprocess.run([program.path, "a b"], capture_output=True, text=True, check=True, cwd="/")
    assert answer.stdout == "the page\na b\n"
    share = program.path.parent.parent / "usr" / "share"
    assert (share / "javascript" / "jquery" / "jquery.js").exists()
    assert (share / "fonts-glyphicons" / "g.woff").exists()
    assert not (share / "doc").exists()


def test_the_exporter_does_not_ask_what_this_postgres_has_not(debian: Machine) -> None:
    program = get("postgres_exporter", debian.said.append, debian.environ)
    answer = subprocess.run([program.path, "--x"], capture_output=True, text=True, check=True)
    assert answer.stdout == "--collector.bgwriter --no-collector.bgwriter --x\n"


def test_no_network_is_named_with_what_apt_said(debian: Machine) -> None:
    (debian.root / "archive" / "prometheus-alertmanager_0.25.0-1+b4_amd64.deb").unlink()
    (debian.root / "update").write_text(
        "W: Failed to fetch http://d/InRelease  Temporary failure resolving 'd'\n"
    )
    with pytest.raises(ToolMissing) as raised:
        get("alertmanager", debian.said.append, debian.environ)
    assert "Temporary failure resolving 'd'" in raised.value.problem
    assert "network" in raised.value.remedy


def test_a_source_that_fails_does_not_matter_if_the_package_is_had(debian: Machine) -> None:
    (debian.root / "update").write_text("W: Failed to fetch http://other/InRelease\n")
    assert get("alertmanager", debian.said.append, debian.environ).source == "debian"


def test_a_distribution_without_the_package_is_named(debian: Machine) -> None:
    (debian.root / "archive" / "prometheus-alertmanager_0.25.0-1+b4_amd64.deb").unlink()
    with pytest.raises(ToolMissing) as raised:
        get("alertmanager", debian.said.append, debian.environ)
    assert "Unable to locate package prometheus-alertmanager" in raised.value.problem


def test_a_package_that_cannot_be_unpacked_leaves_nothing(debian: Machine) -> None:
    (debian.root / "archive" / "prometheus-alertmanager_0.25.0-1+b4_amd64.deb").write_text("not a package")
    with pytest.raises(ToolMissing):
        get("alertmanager", debian.said.append, debian.environ)
    assert find("alertmanager", debian.environ) is None
    assert os.listdir(debian.tools) == [".lock"]


def test_a_full_disk_is_named(debian: Machine) -> None:
    (debian.root / "update").write_text("E: Write error - write (28: No space left on device)\n")
    (debian.root / "archive" / "prometheus-alertmanager_0.25.0-1+b4_amd64.deb").unlink()
    with pytest.raises(ToolMissing) as raised:
        get("alertmanager", debian.said.append, debian.environ)
    assert "disk ran full" in raised.value.problem


def test_a_tools_folder_that_cannot_be_made_is_named(debian: Machine) -> None:
    debian.tools.write_text("a file")
    with pytest.raises(ToolMissing) as raised:
        get("alertmanager", debian.said.append, debian.environ)
    assert str(debian.tools) in raised.value.problem
    assert "DEVENV_TOOLS" in raised.value.remedy


def test_a_machine_without_apt_is_named(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(ToolMissing) as raised:
        get("prometheus", machine.said.append, machine.environ)
    assert "macOS has no apt" in raised.value.problem
    assert raised.value.remedy == "brew install prometheus"


def test_two_clones_at_once_get_it_once(debian: Machine) -> None:
    """The second comes while the first is reading the lists, waits, and finds the first one's."""
    gate = debian.root / "gate"
    os.mkfifo(gate)
    reading = threading.Event()
    first = threading.Thread(target=get, args=("alertmanager", lambda line: reading.set(), debian.environ))
    first.start()
    assert reading.wait(30)

    def open_gate(line: str) -> None:
        debian.said.append(line)
        gate.write_text("go\n")

    get("alertmanager", open_gate, debian.environ)
    first.join(30)
    assert debian.said == [f"waiting for another devenv, which is filling {debian.tools}"]
    assert debian.calls.count("download") == 1
