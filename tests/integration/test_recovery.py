"""Whatever is killed, the next `up` mends it; what was committed is still there, and nothing runs twice."""

from __future__ import annotations

import psutil
import pytest

from tests.integration.clone import Clone, eventually
from tests.integration.kept import keep
from tests.integration.observed import leaving_nothing, roots

pytestmark = pytest.mark.real

SERVICES = (
    "s3",
    "postgres",
    "prefect-server",
    "prefect-worker",
    "prometheus",
    "alertmanager",
    "postgres-exporter",
)


def assert_healthy(clone: Clone) -> None:
    """Every service is ready, and all processes descend from one supervisor."""
    assert set(clone.states().values()) == {"ready"}
    assert len(roots(clone)) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_up_mends_a_service_that_was_killed(breakable: Clone, service: str) -> None:
    if service not in breakable.states():
        pytest.skip(f"{service} is not part of this instance: {breakable.services()[service]['detail']}")
    before, kept = breakable.pids(), keep(breakable)
    psutil.Process(before[service]).kill()
    breakable.devenv("up")
    assert_healthy(breakable)
    assert breakable.pids()[service] != before[service]
    assert kept.is_there()


def test_a_service_that_was_killed_comes_back_by_itself(breakable: Clone) -> None:
    before = breakable.pids()["postgres"]
    psutil.Process(before).kill()

    def back() -> str | None:
        entry = breakable.services()["postgres"]
        return None if entry["state"] == "ready" and entry["pid"] != before else str(entry)

    eventually(back)
    assert breakable.sql("SELECT 1") == [(1,)]


def test_up_mends_an_instance_whose_supervisor_was_killed(breakable: Clone) -> None:
    (supervisor,), kept = roots(breakable), keep(breakable)
    supervisor.kill()
    breakable.devenv("up")
    assert_healthy(breakable)
    assert kept.is_there()


def test_up_mends_an_instance_of_which_everything_was_killed(breakable: Clone) -> None:
    (supervisor,), kept = roots(breakable), keep(breakable)
    services = [psutil.Process(pid) for pid in breakable.pids().values()]
    for process in (supervisor, *services):
        process.kill()
    breakable.devenv("up")
    assert_healthy(breakable)
    assert kept.is_there()


def test_down_leaves_nothing_of_what_was_killed(breakable: Clone) -> None:
    """Not even the memory that a killed Postgres has left."""
    kept = keep(breakable)
    with leaving_nothing(breakable):
        (supervisor,) = roots(breakable)
        postgres = psutil.Process(breakable.pids()["postgres"])
        supervisor.kill()
        postgres.kill()
        breakable.devenv("down")
    breakable.devenv("up")
    assert_healthy(breakable)
    assert kept.is_there()
