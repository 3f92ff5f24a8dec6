"""What a client needs to reach an instance: environment variables under the names that its libraries read."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.lake.spec import LAYERS, bucket_name
from devenv.modes.base import Mode
from devenv.secrets import Secrets

POSTGRES_ROLES = {
    "lakehouse": "POSTGRES_LAKEHOUSE_PASSWORD",
    "lakehouse_reader": "POSTGRES_READER_PASSWORD",
    "postgres": "POSTGRES_PASSWORD",
}


def client_environment(mode: Mode, secrets: Secrets, environment: str) -> dict[str, str]:
    """Endpoints and credentials of the instance, with the reach that the flows have.

    The names are those of the AWS SDKs (polars and DuckDB read them too), of libpq, and of Prefect.
    """
    variables = {"LAKEHOUSE_ENVIRONMENT": environment}
    endpoints = mode.endpoints()
    if "s3" in endpoints:
        variables |= {
            "AWS_ENDPOINT_URL": endpoints["s3"].url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "lakehouse-flows",
            "AWS_SECRET_ACCESS_KEY": secrets["S3_FLOWS_SECRET_KEY"],
        }
        for layer in LAYERS:
            variables[f"LAKEHOUSE_{layer.upper()}"] = bucket_name(layer, environment)
    if "postgres" in endpoints:
        variables |= postgres_environment(mode, secrets, "lakehouse")
        variables["LAKEHOUSE_DATABASE_URL"] = (
            f"postgresql://lakehouse:{secrets['POSTGRES_LAKEHOUSE_PASSWORD']}@{endpoints['postgres'].address}/lakehouse"
        )
    if "prefect-server" in endpoints:
        variables["PREFECT_API_URL"] = f"{endpoints['prefect-server'].url}/api"
    for service in ("prometheus", "alertmanager", "grafana"):
        if service in endpoints:
            variables[f"{service.upper()}_URL"] = endpoints[service].url
    if "grafana" in endpoints:
        variables["GRAFANA_USER"] = "admin"
        variables["GRAFANA_PASSWORD"] = secrets["GRAFANA_ADMIN_PASSWORD"]
    return {**variables, **mode.client_variables()}


def postgres_environment(mode: Mode, secrets: Secrets, role: str) -> Mapping[str, str]:
    """libpq's variables for the lake's database, as `role`."""
    endpoint = mode.endpoints()["postgres"]
    return {
        "PGHOST": endpoint.host,
        "PGPORT": str(endpoint.port),
        "PGUSER": role,
        "PGPASSWORD": secrets[POSTGRES_ROLES[role]],
        "PGDATABASE": "lakehouse",
    }
