"""The command as a person runs it, with recordings and nothing up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from devenv.parity.measured import Failure, write_recording
from tests.fakes.project import write_project
from tests.unit.parity.made import COMMAND, measured


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_project(tmp_path / "tiny").root
    for mode, value in (("local", "a"), ("compose", "b"), ("k3s", "a")):
        write_recording(measured(mode, {COMMAND: value}), root / f"{mode}.json")
    return root


def parity(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("devenv")
    return subprocess.run(
        [program, "parity", *words],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_drift_is_a_table_two_lines_and_exit_code_4(folder: Path) -> None:
    done = parity(folder, "--against", "local.json", "--against", "compose.json")
    assert done.returncode == 4
    assert COMMAND in done.stdout
    assert "1 keys of local in local.json, compose in compose.json: 1 differ" in done.stdout
    problem, remedy = done.stderr.splitlines()
    assert problem == "error: 1 observations differ"
    assert f"devenv parity --explain {COMMAND}" in remedy


def test_the_same_is_exit_code_0(folder: Path) -> None:
    done = parity(folder, "--against", "local.json", "--against", "k3s.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 differ" in done.stdout


def test_json_is_all_that_stands_on_standard_output(folder: Path) -> None:
    done = parity(folder, "--against", "local.json", "--against", "compose.json", "--format", "json")
    assert [drift["key"] for drift in json.loads(done.stdout)["drifts"]] == [COMMAND]
    assert done.returncode == 4


def test_an_incomplete_recording_is_an_error_of_junit_and_exit_code_1(folder: Path) -> None:
    incomplete = measured("local", {COMMAND: "a"}, failed={"ports": Failure("no answer", "look")})
    write_recording(incomplete, folder / "incomplete.json")
    done = parity(folder, "--against", "incomplete.json", "--against", "k3s.json", "--format", "junit")
    assert done.returncode == 1
    suite = ElementTree.fromstring(done.stdout)  # noqa: S314 (our own)
    assert [error.get("message") for error in suite.iter("error")] == ["no answer"]
    assert done.stderr.splitlines()[-2:] == ["error: no answer", "       look"]


def test_a_key_is_explained(folder: Path) -> None:
    done = parity(folder, "--explain", "s3.spec.user")
    assert done.returncode == 0
    assert "s3.spec.user: the user that the container runs as" in done.stdout
    assert "why it matters: " in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["local"], 1, "mode local is not up"),
        ([], 1, "no mode is up"),
        (["docker"], 2, "there is no mode docker"),
        (["--against", "nowhere.json"], 1, "nowhere.json is not there"),
        (["--against", "devenv.toml"], 1, "is no recording, or a damaged one"),
        (["--explain", "s3.nothing"], 2, "no observation is called s3.nothing"),
        (["--format", "pdf"], 2, "Invalid value for '--format'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_is_two_lines(folder: Path, words: list[str], code: int, said: str) -> None:
    done = parity(folder, *words)
    assert (done.returncode, done.stdout) == (code, "")
    problem, remedy = done.stderr.splitlines()
    assert said in problem
    assert remedy.strip()
