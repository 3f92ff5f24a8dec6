"""The containers' health check, run by each shell and each HTTP client that an image may have."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

COMPOSE = Path(__file__).parents[2] / "compose"
SCRIPT = COMPOSE / "config/health.sh"
SERVICES = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"]
Check = Callable[..., subprocess.CompletedProcess[str]]


class Answers(BaseHTTPRequestHandler):
    """GET /status/N is answered with N."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.rpartition("/")[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/status"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Runs the script with nothing on PATH but `client`, and a `sleep` that only says for how long."""
    path = tmp_path / "bin"
    path.mkdir()
    (path / "sleep").write_text('#!/bin/sh\necho "slept $1"\n')
    (path / "sleep").chmod(0o755)

    def run(*words: str, client: str = "bash", shell: str = "sh") -> subprocess.CompletedProcess[str]:
        for name in (client, "timeout"):
            where = sys.executable if name == "python3" else shutil.which(name)
            if where is None:
                pytest.skip(f"{name} is not on this machine")
            if not (path / name).exists():
                # Not a link: an interpreter finds its library by where it lies.
                (path / name).write_text(f'#!/bin/sh\nexec "{where}" "$@"\n')
                (path / name).chmod(0o755)
        interpreter = shutil.which(shell)
        if interpreter is None:
            pytest.skip(f"{shell} is not on this machine")
        return subprocess.run(
            [interpreter, str(SCRIPT), *words],
            env={
                "PATH": str(path),
                "DEVENV_HEALTH_MEMORY": str(tmp_path / "memory"),
                "http_proxy": "http://127.0.0.1:1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
@pytest.mark.parametrize("client", ["curl", "wget", "bash", "python3"])
def test_a_service_is_as_healthy_as_its_answer(check: Check, url: str, client: str, shell: str) -> None:
    codes = [
        check("http", f"{url}/{status}", client=client, shell=shell).returncode for status in (503, 404, 200)
    ]
    assert codes == [1, 1, 0]


@pytest.mark.parametrize("client", ["curl", "wget", "bash", "python3"])
def test_a_service_that_does_not_listen_is_unhealthy(check: Check, client: str) -> None:
    assert check("http", "http://127.0.0.1:1/ready", client=client).returncode == 1


def test_a_failing_check_says_why(check: Check, url: str) -> None:
    assert "503" in check("http", f"{url}/503").stdout


def test_a_command_is_asked_by_its_exit_code(check: Check) -> None:
    assert check("exec", "sh", "-c", "exit 0", client="sh").returncode == 0
    assert check("exec", "sh", "-c", "exit 3", client="sh").returncode == 1


def test_a_starting_service_is_asked_at_once(check: Check, url: str) -> None:
    answers = [check("http", f"{url}/503").stdout for _ in range(3)]
    assert not any("slept" in answer for answer in answers)


def test_a_healthy_service_is_asked_after_a_pause(check: Check, url: str) -> None:
    assert "slept" not in check("http", f"{url}/200").stdout
    assert "slept 45" in check("http", f"{url}/200").stdout


def test_a_service_that_falls_ill_is_asked_at_once_again(check: Check, url: str) -> None:
    check("http", f"{url}/200")
    assert "slept" in check("http", f"{url}/503").stdout
    assert "slept" not in check("http", f"{url}/503").stdout


def test_a_service_that_stays_broken_costs_little(check: Check, url: str, tmp_path: Path) -> None:
    (tmp_path / "memory").write_text("150\n")
    assert "slept 10" in check("http", f"{url}/503").stdout
    assert check("http", f"{url}/200").returncode == 0


def test_a_pause_ends_before_docker_loses_patience() -> None:
    text = SCRIPT.read_text()
    pause, answer = (int(text.split(f"\n{name}=")[1].split()[0]) for name in ("HEALTHY_PAUSE", "ANSWER"))
    health = yaml.safe_load((COMPOSE / "compose.yaml").read_text())["x-health"]
    interval, timeout = (int(health[name].removesuffix("s")) for name in ("interval", "timeout"))
    assert pause + answer < timeout
    # The pause, an answer that does not come, and as many more as Docker waits for.
    assert pause + health["retries"] * (interval + answer) <= 60


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_has_the_script_it_is_checked_with(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][:3] == ["CMD", "sh", "/usr/local/bin/devenv-health"]
    assert {"source": "health", "target": "/usr/local/bin/devenv-health"} in service["configs"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_can_write_outside_its_volumes(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]  # noqa: S108
