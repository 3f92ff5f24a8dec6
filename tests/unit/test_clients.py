"""What a client finds in its environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.clients import client_environment, postgres_environment
from devenv.instance import Instance
from devenv.project import Project
from devenv.secrets import NAMES
from tests.fakes.mode import FakeMode, World
from tests.fakes.stacks import entry, stack

SECRETS = {name: f"value-of-{name}" for name in NAMES}
ALL = {"s3": 1, "postgres": 2, "prefect-server": 3, "prometheus": 4, "alertmanager": 5, "grafana": 6}


def mode(*services: str) -> FakeMode:
    tiny = stack({name: entry() for name in services})
    return FakeMode(Instance(Project(Path("/p")), "fake", ALL), tiny, tiny, World())


def test_the_names_are_those_that_libraries_read() -> None:
    assert client_environment(mode(*ALL), SECRETS, "dev") == {
        "LAKEHOUSE_ENVIRONMENT": "dev",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "lakehouse-flows",
        "AWS_SECRET_ACCESS_KEY": "value-of-S3_FLOWS_SECRET_KEY",
        "LAKEHOUSE_BRONZE": "crypto-lakehouse-bronze-dev",
        "LAKEHOUSE_SILVER": "crypto-lakehouse-silver-dev",
        "LAKEHOUSE_GOLD": "crypto-lakehouse-gold-dev",
        "PGHOST": "127.0.0.1",
        "PGPORT": "2",
        "PGUSER": "lakehouse",
        "PGPASSWORD": "value-of-POSTGRES_LAKEHOUSE_PASSWORD",
        "PGDATABASE": "lakehouse",
        "LAKEHOUSE_DATABASE_URL": (
            "postgresql://lakehouse:value-of-POSTGRES_LAKEHOUSE_PASSWORD@127.0.0.1:2/lakehouse"
        ),
        "PREFECT_API_URL": "http://127.0.0.1:3/api",
        "PROMETHEUS_URL": "http://127.0.0.1:4",
        "ALERTMANAGER_URL": "http://127.0.0.1:5",
        "GRAFANA_URL": "http://127.0.0.1:6",
        "GRAFANA_USER": "admin",
        "GRAFANA_PASSWORD": "value-of-GRAFANA_ADMIN_PASSWORD",
    }


def test_a_service_that_is_left_out_is_not_named() -> None:
    found = client_environment(mode("s3"), SECRETS, "dev")
    assert not [name for name in found if name.startswith(("PG", "GRAFANA", "PREFECT"))]


def test_a_client_is_not_given_the_keys_of_an_administrator() -> None:
    values = client_environment(mode(*ALL), SECRETS, "dev").values()
    for name in ("S3_ROOT_PASSWORD", "POSTGRES_PASSWORD", "POSTGRES_MONITOR_PASSWORD"):
        assert not [value for value in values if SECRETS[name] in value]


@pytest.mark.parametrize(
    ("role", "secret"), [("postgres", "POSTGRES_PASSWORD"), ("lakehouse_reader", "POSTGRES_READER_PASSWORD")]
)
def test_psql_connects_as_a_role_with_its_own_password(role: str, secret: str) -> None:
    found = postgres_environment(mode("postgres"), SECRETS, role)
    assert (found["PGUSER"], found["PGPASSWORD"]) == (role, SECRETS[secret])
