"""What of a Compose document is read, and what is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import StackError
from devenv.stack.document import seconds, stack_from
from devenv.stack.model import ExecProbe, HttpProbe, Port, Service
from tests.fakes.stacks import document, entry, needs, stack


def service(**changes: Any) -> Service:
    return stack({"web": entry(**changes)}).services["web"]


def refusal(**changes: Any) -> str:
    with pytest.raises(StackError) as caught:
        service(**changes)
    assert caught.value.remedy
    return caught.value.problem


def test_a_plain_service_is_read() -> None:
    web = service(environment={"A": "1"})
    assert web.image == "example/service:1"
    assert web.command == ("serve", "--verbose")
    assert web.environment == {"A": "1"}
    assert web.ports == (Port(8000, 8000, "127.0.0.1"),)
    assert web.ready == HttpProbe("/ready", 8000)


@pytest.mark.parametrize("key", ["network_mode", "privileged", "env_file", "profiles", "secrets"])
def test_an_unknown_key_of_a_service_is_refused(key: str) -> None:
    assert refusal(**{key: "x"}) == f"service web: {key} is not a key that every mode can express"


@pytest.mark.parametrize("key", ["secrets", "include", "version"])
def test_an_unknown_key_of_the_stack_is_refused(key: str) -> None:
    with pytest.raises(StackError, match=f"the stack: {key} is not a key"):
        stack({"web": entry()}, **{key: {}})


def test_x_keys_of_the_stack_are_anybodys() -> None:
    assert stack({"web": entry()}, **{"x-container": {"init": True}}).services


def test_a_network_of_its_own_is_refused() -> None:
    with pytest.raises(StackError, match=r"the stack: networks\.back is not a key"):
        stack({"web": entry()}, networks={"default": None, "back": {}})


@pytest.mark.parametrize("key", ["image", "healthcheck", "x-ready", "x-local"])
def test_a_missing_key_is_named(key: str) -> None:
    assert refusal(**{key: None}) == f"service web has no {key}"


def test_a_stack_without_services_is_refused() -> None:
    with pytest.raises(StackError, match="no services"):
        stack_from(document({}))


@pytest.mark.parametrize(
    "ready", [{"path": "/other", "port": 8000}, {"path": "/ready", "port": 8001}], ids=["path", "port"]
)
def test_x_ready_that_asks_something_else_than_the_health_check_is_refused(ready: dict[str, Any]) -> None:
    problem = refusal(x_ready={"http": ready})
    assert f"x-ready asks :{ready['port']}{ready['path']}, the health check asks wget" in problem


def test_an_exec_probe_that_runs_another_program_than_the_health_check_is_refused() -> None:
    assert "x-ready asks pg_isready -q" in refusal(x_ready={"exec": ["pg_isready", "-q"]})


def test_an_exec_probe_is_read() -> None:
    web = service(healthcheck={"test": ["CMD", "true", "-v"]}, x_ready={"exec": ["true", "-q"]})
    assert web.ready == ExecProbe(("true", "-q"))


@pytest.mark.parametrize(
    "ready",
    [
        {},
        {"http": {"path": "/"}},
        {"exec": []},
        {"tcp": {"port": 1}},
        {"http": {"path": "/ready", "port": 8000}, "exec": ["true"]},
    ],
)
def test_x_ready_of_another_kind_is_refused(ready: dict[str, Any]) -> None:
    assert refusal(x_ready=ready) == "service web: x-ready is neither an http nor an exec probe"


def test_a_bucket_call_goes_with_a_probe() -> None:
    ready = {"http": {"path": "/ready", "port": 8000}, "bucket_call": True}
    assert service(x_ready=ready).bucket_call


@pytest.mark.parametrize("test", [["CMD-SHELL", "curl x"], ["NONE"], []])
def test_a_health_check_in_a_shell_is_refused(test: list[str]) -> None:
    assert "is not a list that begins with CMD" in refusal(healthcheck={"test": test})


@pytest.mark.parametrize("address", ["192.168.0.1", None])
def test_a_port_that_others_can_reach_is_refused(address: str | None) -> None:
    port = {"host_ip": address, "target": 80, "published": "80"}
    assert refusal(ports=[port]) == "service web: port 80 is not published on 127.0.0.1"


@pytest.mark.parametrize("count", [0, 2])
def test_a_service_publishes_one_port(count: int) -> None:
    ports = [{"host_ip": "127.0.0.1", "target": 80 + n, "published": "80"} for n in range(count)]
    assert refusal(ports=ports) == f"service web publishes {count} ports"


@pytest.mark.parametrize("condition", ["service_started", "service_completed_successfully"])
def test_only_waiting_for_health_is_allowed(condition: str) -> None:
    problem = refusal(depends_on={"db": {"condition": condition}})
    assert problem == f"service web: depends_on.db waits for {condition}"


def test_a_dependency_that_is_not_there_is_named() -> None:
    assert refusal(depends_on=needs("db")) == "service web depends on db, which is not there"


@pytest.mark.parametrize(
    ("deploy", "path"),
    [
        ({"replicas": 2}, "replicas"),
        ({"resources": {"reservations": {"memory": "1"}}}, "resources.reservations.memory"),
        ({"resources": {"limits": {"pids": 1}}}, "resources.limits.pids"),
        ({"placement": {"constraints": ["a"]}}, "placement.constraints"),
    ],
)
def test_a_deploy_key_that_is_not_a_limit_is_refused(deploy: dict[str, Any], path: str) -> None:
    assert f"service web: deploy.{path} is not a key" in refusal(deploy=deploy)


def test_limits_are_bytes_and_cores() -> None:
    limits = service(
        deploy={"resources": {"limits": {"memory": "1073741824", "cpus": 0.5}}, "placement": {}}
    ).limits
    assert (limits.memory, limits.cpus) == (1073741824, 0.5)


@pytest.mark.parametrize(
    ("local", "problem"),
    [
        ({"program": "serve", "image": "x"}, "service web: x-local.image is not a key"),
        ({"command": ["x"]}, "service web: x-local names no program"),
    ],
)
def test_x_local_is_a_closed_set_too(local: dict[str, Any], problem: str) -> None:
    assert problem in refusal(x_local=local)


def test_a_mount_that_is_neither_volume_nor_folder_is_refused() -> None:
    mount = {"type": "tmpfs", "target": "/scratch"}
    assert "volumes.type tmpfs" in refusal(volumes=[mount])


def test_doubled_dollars_are_single_for_the_service() -> None:
    web = service(command=["echo", "$$HOME"], environment={"PRICE": "5$$", "EMPTY": None})
    assert web.command == ("echo", "$HOME")
    assert web.environment == {"PRICE": "5$", "EMPTY": ""}


def test_doubled_dollars_are_single_in_the_text_of_a_config() -> None:
    configs = {"c": {"content": "a$$b"}, "d": {"file": "/x/d.yml"}}
    found = stack({"web": entry()}, configs=configs).configs
    assert (found["c"].content, found["c"].file) == ("a$b", None)
    assert (found["d"].content, found["d"].file) == (None, "/x/d.yml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10s", 10), ("1m30s", 90), ("250ms", 0.25), ("2h0m1.5s", 7201.5), ("0s", 0), ("500us", 0.0005)],
)
def test_a_duration_is_seconds(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "10", "s", "10 s", "1d", "soon", "1m-30s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(StackError, match="is not a duration"):
        seconds(text)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_a_duration_is_the_sum_of_its_parts(h: int, m: int, s: int, ms: int) -> None:
    assert seconds(f"{h}h{m}m{s}s{ms}ms") == pytest.approx(h * 3600 + m * 60 + s + ms / 1000)


def test_health_check_times_are_seconds() -> None:
    test = ["CMD", "wget", "http://127.0.0.1:8000/ready"]
    health = service(healthcheck={"test": test, "interval": "1m30s", "start_interval": "250ms"}).health
    assert (health.interval, health.start_interval, health.retries) == (90, 0.25, 3)


def test_needed_by_is_what_is_needed_at_any_depth() -> None:
    tiny = stack(
        {
            "db": entry(),
            "api": entry(depends_on=needs("db")),
            "page": entry(depends_on=needs("api")),
            "other": entry(),
        }
    )
    assert tiny.needed_by(("api",)) == ("db", "api")
    assert tiny.needed_by(("page", "other")) == ("db", "api", "page", "other")
