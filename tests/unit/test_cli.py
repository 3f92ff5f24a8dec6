"""The command line as a person meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from devenv.cli import cli
from tests.fakes.project import write_project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "tiny").root


def devenv(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the installed command, as a person would."""
    program = Path(sys.executable).with_name("devenv")
    return subprocess.run(
        [program, *words], cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False
    )


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))


@pytest.mark.parametrize("words", [(), *commands(cli)], ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_a_help_text(words: tuple[str, ...], option: str) -> None:
    done = CliRunner().invoke(cli, [*words, option])
    assert done.exit_code == 0
    usage, _, text = done.output.partition("\n\n")
    assert usage.startswith("Usage: ")
    assert text.strip()
    assert not text.strip().startswith("Options:")


def test_every_option_has_a_help_text() -> None:
    def options(command: click.Command) -> Iterator[str]:
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.help:
                yield f"{command.name} {parameter.opts[0]}"
        if isinstance(command, click.Group):
            for child in command.commands.values():
                yield from options(child)

    assert list(options(cli)) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fly"], "No such command 'fly'"),
        (["up", "--fast"], "No such option"),
        (["up", "--timeout", "soon"], "Invalid value for '--timeout'"),
        (["run"], "Missing argument 'COMMAND...'"),
        (["status", "docker"], "there is no mode docker"),
        (["up", "stroe"], "there is no service stroe"),
        (["reset"], "give --yes"),
        (["down", "--all", "--volumes"], "--all keeps the data"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_exits_with_2_and_two_lines(folder: Path, words: list[str], said: str) -> None:
    done = devenv(folder, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    problem, remedy = done.stderr.splitlines()
    assert problem.startswith("error: ")
    assert said in problem
    assert remedy.startswith("       ")


def test_no_command_is_a_question_for_the_help_page(folder: Path) -> None:
    done = devenv(folder)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: devenv")


def test_a_folder_that_is_no_project_is_named(tmp_path: Path) -> None:
    done = devenv(tmp_path, "up")
    assert done.returncode == 2
    assert f"{tmp_path} is in no devenv project" in done.stderr


@pytest.mark.parametrize("words", [["logs"], ["env"], ["restart"], ["exec", "api", "true"]], ids=" ".join)
def test_what_was_never_up_has_to_be_started_first(folder: Path, words: list[str]) -> None:
    done = devenv(folder, *words)
    assert done.returncode == 1
    assert "has never been up\n       start it: devenv up local" in done.stderr


def test_the_status_of_what_was_never_up_is_no_error(folder: Path) -> None:
    done = devenv(folder, "status")
    assert (done.returncode, done.stderr) == (0, "")
    assert "has never been up: devenv up local" in done.stdout


def test_facts_come_as_json(folder: Path) -> None:
    facts = json.loads(devenv(folder, "status", "--json").stdout)
    assert (facts["mode"], facts["services"]) == ("local", [])


def test_down_of_what_was_never_up_does_nothing(folder: Path) -> None:
    assert devenv(folder, "down").stdout == "nothing was running; its data are kept\n"
    assert not (folder / ".devenv").exists()


def test_the_version_is_told(tmp_path: Path) -> None:
    from devenv import __version__

    assert devenv(tmp_path, "--version").stdout == f"devenv, version {__version__}\n"


def test_the_command_line_starts_without_what_only_some_commands_need(tmp_path: Path) -> None:
    heavy = ("prefect", "pyarrow", "polars", "minio", "rich", "supervisor", "psycopg", "yaml", "psutil")
    code = f"import sys, devenv.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
