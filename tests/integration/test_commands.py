"""What a person does with a running platform, command by command."""

from __future__ import annotations

import json

import pytest

from tests.integration.clone import Clone

pytestmark = pytest.mark.real


def test_run_gives_a_command_the_endpoints(platform: Clone) -> None:
    script = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = json.loads(platform.devenv("run", "--", "python3", "-c", script).out)
    assert platform.variables().items() <= seen.items()


def test_run_ends_with_the_exit_code_of_the_command(platform: Clone) -> None:
    platform.devenv("run", "--", "sh", "-c", "exit 7", code=7)


def test_env_is_understood_by_a_shell(platform: Clone) -> None:
    lines = platform.devenv("env").out.splitlines()
    assert {line.split("=")[0] for line in lines} == {f"export {name}" for name in platform.variables()}


def test_exec_runs_where_the_service_runs(platform: Clone) -> None:
    script = "import os; print(os.environ['LAKEHOUSE_FLOWS'])"
    told = platform.devenv("exec", "prefect-worker", "--", "python3", "-c", script).out
    here = str(platform.root / "seed" / "flows") if platform.mode == "local" else "/opt/lakehouse/flows"
    assert told.strip() == here
    platform.devenv("exec", "prefect-worker", "--", "sh", "-c", "exit 5", code=5)


def test_psql_asks_the_database_of_the_lake(platform: Clone) -> None:
    query = "select count(*) from lakehouse.daily_candles where symbol = 'BTCUSDT'"
    assert platform.devenv("psql", "--", "-At", "-c", query).out.strip() == "31"
    user = platform.devenv("psql", "--role", "lakehouse_reader", "--", "-At", "-c", "select current_user").out
    assert user.strip() == "lakehouse_reader"


def test_logs_are_told_service_by_service(platform: Clone) -> None:
    told = platform.devenv("logs", "-n", "3", "postgres", "s3").out.splitlines()
    assert 2 <= len(told) <= 6
    assert {line.split(" | ")[0].strip() for line in told} == {"postgres", "s3"}


def test_the_report_for_a_bug_holds_no_secret(platform: Clone) -> None:
    told = platform.devenv("doctor", "--report").out
    for service in platform.states():
        assert f"last lines of {service}" in told
    secrets = platform.secrets()
    assert len(secrets) >= 9
    assert [name for name, value in secrets.items() if value in told] == []


def test_restart_of_one_service_leaves_the_others_alone(breakable: Clone) -> None:
    before = breakable.pids()
    breakable.devenv("restart", "prefect-worker")
    after = breakable.pids()
    assert {name for name in before if after[name] != before[name]} == {"prefect-worker"}
    assert set(breakable.states().values()) == {"ready"}


def test_an_instance_is_the_same_from_another_session(breakable: Clone) -> None:
    """Where TMPDIR and XDG_RUNTIME_DIR are others: over ssh, from cron, in an editor's terminal."""
    elsewhere = breakable.root.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    moved = {"TMPDIR": str(elsewhere), "XDG_RUNTIME_DIR": str(elsewhere)}
    other = Clone(breakable.root, {**breakable.environ, **moved})
    before = breakable.pids()
    assert other.pids() == before
    assert other.facts("up")["changed"] is False
    assert breakable.pids() == before
