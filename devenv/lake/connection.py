"""How a client reaches one lake: its endpoints, its secrets, and clients made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from devenv.endpoints import Endpoint
from devenv.errors import ServiceFailed
from devenv.lake.spec import bucket_name

if TYPE_CHECKING:
    import httpx
    import psycopg
    from minio import Minio, MinioAdmin
    from urllib3 import PoolManager

REGION = "us-east-1"
ADMIN = "lakehouse-admin"


@dataclass(frozen=True)
class LakeConnection:
    """One lake. `secrets` are by name, as in the instance's secrets file; they are never shown."""

    s3: Endpoint
    postgres: Endpoint
    prefect: Endpoint
    secrets: Mapping[str, str] = field(repr=False)
    environment: str = "dev"
    s3_engine: Literal["minio", "seaweedfs"] = "minio"

    def bucket(self, layer: str) -> str:
        """The name of a layer's bucket here."""
        return bucket_name(layer, self.environment)


def s3_client(lake: LakeConnection, user: str = ADMIN, secret: str = "S3_ROOT_PASSWORD") -> Minio:  # noqa: S107
    """An S3 client that acts as a user; `secret` names the user's secret."""
    from minio import Minio

    return Minio(
        endpoint=lake.s3.address,
        access_key=user,
        secret_key=lake.secrets[secret],
        region=REGION,
        secure=lake.s3.scheme == "https",
        http_client=_pool(),
    )


def minio_admin(lake: LakeConnection) -> MinioAdmin:
    """A client of MinIO's own administration API, which no other engine has."""
    from minio import MinioAdmin
    from minio.credentials.providers import StaticProvider

    return MinioAdmin(
        endpoint=lake.s3.address,
        credentials=StaticProvider(ADMIN, lake.secrets["S3_ROOT_PASSWORD"]),
        region=REGION,
        secure=lake.s3.scheme == "https",
        http_client=_pool(),
    )


def database(lake: LakeConnection) -> psycopg.Connection:
    """A connection to the lake's database as its owner; to be closed by the caller."""
    import psycopg

    return psycopg.connect(
        host=lake.postgres.host,
        port=lake.postgres.port,
        dbname="lakehouse",
        user="lakehouse",
        password=lake.secrets["POSTGRES_LAKEHOUSE_PASSWORD"],
        connect_timeout=5,
        application_name="devenv",
    )


def prefect_client(lake: LakeConnection) -> httpx.Client:
    """A client of Prefect's REST API; paths are relative to /api. To be closed by the caller."""
    import httpx

    return httpx.Client(base_url=f"{lake.prefect.url}/api", timeout=10, trust_env=False)


@contextmanager
def answering(lake: LakeConnection) -> Iterator[None]:
    """Turn what the services' clients raise into ServiceFailed, which names the service and its address."""
    import httpx
    import psycopg
    import urllib3
    from minio.error import MinioException

    try:
        yield
    except httpx.HTTPError as error:
        raise _failed(lake.prefect, error) from error
    except psycopg.Error as error:
        raise _failed(lake.postgres, error) from error
    except (MinioException, urllib3.exceptions.HTTPError) as error:
        raise _failed(lake.s3, error) from error


def _failed(endpoint: Endpoint, error: Exception) -> ServiceFailed:
    said = " ".join(str(getattr(error, "reason", error)).split()) or type(error).__name__
    said = said.rpartition("): ")[2]  # urllib3 says first which pool of connections it was
    return ServiceFailed(
        f"{endpoint.service} at {endpoint.address}: {said[:500]}",
        f"see `devenv status` and `devenv logs {endpoint.service}`",
    )


def _pool() -> PoolManager:
    import urllib3

    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=2, read=15),
        retries=urllib3.Retry(
            connect=2,
            read=0,
            status=8,  # about 5 s: SeaweedFS answers with 500 while its volumes come back
            backoff_factor=0.1,
            backoff_max=1,
            status_forcelist=[500, 502, 503, 504],
        ),
    )
