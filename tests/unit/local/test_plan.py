"""What local mode would run, as data: nothing is started here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from devenv.instance import MARK, Instance
from devenv.modes.local.plan import Process, plan
from devenv.programs import Program
from devenv.project import Project
from devenv.stack.model import ExecProbe, HttpProbe
from tests.fakes.stacks import entry, stack

INSTANCE = Instance(Project(Path("/P")), "local", {"web": 20001, "web:WEB_GRPC": 20002, "db": 20003})
STATE = "/P/.devenv/local"
WEB = Program("serve", Path("/bin/serve"), Path("/home/serve"), "1.2", "PATH")
DB = Program("db", Path("/wheel/bin/db"), None, "18", "wheel")


def planned(programs: dict[str, Program] | None = None, **changes: Any) -> dict[str, Process]:
    configs = {"main": {"content": "url: http://db:5432\ndir: /data\n"}}
    tiny = stack({"web": entry(**changes), "db": entry(5432)}, configs=configs)
    return plan(tiny, tiny, INSTANCE, {"web": WEB, "db": DB} if programs is None else programs)


def web(**changes: Any) -> Process:
    return planned(**changes)["web"]


def command(process: Process) -> str:
    return " ".join(process.argv)


def test_the_program_runs_with_the_command_of_the_container() -> None:
    assert command(web(command=["serve", "--dir=/x"])).endswith(" /bin/serve --dir=/x")
    assert command(web(command=["--dir=/x"])).endswith(" /bin/serve --dir=/x")


def test_a_command_of_its_own_goes_before_the_containers() -> None:
    local = {"program": "serve", "command": ["run", "--home", "{home}"]}
    assert command(web(x_local=local)).endswith(" /bin/serve run --home /home/serve")


def test_without_a_home_the_programs_folder_is_it() -> None:
    programs = {"web": Program("serve", Path("/bin/serve"), None, "", "PATH")}
    local = {"program": "serve", "command": ["{home}"]}
    assert command(planned(programs, x_local=local)["web"]).endswith(" /bin/serve /bin")


def test_an_entrypoint_prepares_the_program() -> None:
    local = {"program": "serve", "entrypoint": "images/web/entry.sh"}
    assert command(web(x_local=local)).endswith(
        " /bin/sh /P/compose/images/web/entry.sh /bin/serve --verbose"
    )


@pytest.mark.skipif(os.getuid() != 0, reason="only root has to be shown as another user")
def test_a_program_that_refuses_root_is_shown_another_user() -> None:
    local = {"program": "serve", "as_root": False}
    assert " unshare --user --map-user=65534 --map-group=65534 -- /bin/serve" in command(web(x_local=local))
    assert "unshare" not in command(web())


def test_paths_in_command_and_environment_are_this_machines() -> None:
    volumes = [{"type": "volume", "source": "web-data", "target": "/data"}]
    process = web(volumes=volumes, command=["--dir=/data/x"], environment={"HOME_DIR": "/data"})
    assert command(process).endswith(f"--dir={STATE}/data/web-data/x")
    assert process.environment["HOME_DIR"] == f"{STATE}/data/web-data"
    assert Path(f"{STATE}/data/web-data") in process.folders


def test_configuration_files_are_translated() -> None:
    volumes = [{"type": "volume", "source": "web-data", "target": "/data"}]
    configs = [{"source": "main", "target": "/etc/web/main.yml"}]
    process = web(configs=configs, volumes=volumes)
    assert process.files == {
        Path(
            f"{STATE}/config/web/etc/web/main.yml"
        ): f"url: http://127.0.0.1:20003\ndir: {STATE}/data/web-data\n"
    }


def test_a_service_without_its_program_is_not_planned() -> None:
    assert set(planned({"web": WEB})) == {"web"}


def test_nothing_of_the_callers_environment_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    environment = web(environment={"A": "1"}).environment
    assert "AWS_PROFILE" not in environment
    assert environment["A"] == "1"
    assert environment[MARK] == INSTANCE.name
    assert environment["PATH"].startswith("/bin:")


def test_an_http_probe_asks_this_machines_port() -> None:
    assert web().probe == HttpProbe("/ready", 20001)


def test_a_probe_can_ask_a_further_port() -> None:
    local = {"program": "serve", "ports": {"WEB_GRPC": 9000}}
    process = web(
        x_local=local,
        x_ready={"http": {"path": "/ready", "port": 9000}},
        healthcheck={"test": ["CMD", "curl", "http://127.0.0.1:9000/ready"]},
    )
    assert process.probe == HttpProbe("/ready", 20002)


def test_an_exec_probe_runs_the_programs_companion() -> None:
    process = web(x_ready={"exec": ["is_ready", "-q"]}, healthcheck={"test": ["CMD", "is_ready"]})
    assert process.probe == ExecProbe(("/bin/is_ready", "-q"))


def test_secrets_stay_tokens() -> None:
    assert web(environment={"PW": "@secret:POSTGRES_PASSWORD@"}).environment["PW"].startswith("@secret:")


def test_the_fingerprint_is_the_same_for_the_same_plan() -> None:
    assert web().fingerprint == web().fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": {"A": "1"}},
        {"command": ["--other"]},
        {"configs": [{"source": "main", "target": "/etc/web/main.yml"}]},
    ],
    ids=["environment", "command", "config"],
)
def test_the_fingerprint_changes_with_all_that_a_process_is_started_with(changes: dict[str, Any]) -> None:
    assert web(**changes).fingerprint != web().fingerprint
