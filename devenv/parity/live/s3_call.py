"""Signed calls of S3 whose answers are seen as they are: status, headers, error code."""

from __future__ import annotations

import datetime as dt
import hashlib
import xml.etree.ElementTree as ET  # the answers of our own store
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from devenv.errors import ServiceFailed
from devenv.lake.connection import ADMIN, REGION, LakeConnection
from devenv.parity.observation import Target

_UNAVAILABLE = (502, 503, 504)  # of a store that is coming up or going down


@dataclass(frozen=True)
class Answer:
    """What the store answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """S3's error code, empty where there is none."""
        return self.text("Code") if self.status >= 300 else ""

    @property
    def outcome(self) -> str:
        """Status and error code: `404 NoSuchKey`."""
        return f"{self.status} {self.code}".strip()

    def text(self, name: str) -> str:
        """The text of the first element of that name in the body, empty where there is none."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> list[str]:
        """The texts of all elements of that name in the body."""
        return [element.text or "" for element in self.elements(name)]

    def elements(self, name: str) -> list[ET.Element]:
        """All elements of that name in the body, whatever their namespace."""
        try:
            root = ET.fromstring(self.body)  # noqa: S314
        except ET.ParseError:
            return []
        return [element for element in root.iter() if element.tag.rpartition("}")[2] == name]


@dataclass(frozen=True)
class S3:
    """The store as one user sees it; `secret` None is no user at all."""

    target: Target
    user: str = ADMIN
    secret: str | None = field(default=None, repr=False)

    def __call__(
        self,
        method: str,
        bucket: str = "",
        key: str = "",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """One call. Raises ServiceFailed where there is no answer, or the store is not available."""
        endpoint = self.target.endpoints["s3"]
        path = quote(f"/{bucket}/{key}" if bucket else "/", safe="/~")
        url = f"{endpoint.url}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        sent: dict[str, Any] = {"Host": endpoint.address, **(headers or {})}
        if self.secret is not None:
            sent = self._signed(method, url, sent, body)
        return self.send(method, url, sent, body)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """A request as it stands: one that is signed already, or is not to be. Raises as a call does."""
        address = self.target.endpoints["s3"].address
        remedy = "see `devenv status` and `devenv logs s3`"
        # A store may hang up on a request that it refuses: the next one is not to find that connection.
        headers = {**headers, "Connection": "close"}
        try:
            answer = _pool().request(method, url, body=body or None, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise ServiceFailed(f"s3 at {address}: {error}", remedy) from error
        if answer.status in _UNAVAILABLE:
            raise ServiceFailed(f"s3 at {address}: {method} answered {answer.status}", remedy)
        return Answer(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.data)

    def presigned(self, method: str, bucket: str, key: str, seconds: int, age: int = 0) -> str:
        """A URL that lets anyone make this call for `seconds`, as if made `age` seconds ago."""
        from minio.signer import presign_v4

        made = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age)
        url = urlsplit(f"{self.target.endpoints['s3'].url}/{bucket}/{key}")
        signed = presign_v4(
            method=method,
            url=url,
            region=REGION,
            credentials=self._credentials(),
            date=made,
            expires=seconds,
        )
        return str(signed.geturl())

    def _credentials(self) -> Any:
        from minio.credentials.providers import StaticProvider

        return StaticProvider(self.user, self.secret or "").retrieve()

    def _signed(self, method: str, url: str, headers: dict[str, Any], body: bytes) -> dict[str, Any]:
        from minio.signer import sign_v4_s3

        now = dt.datetime.now(dt.UTC)
        content = hashlib.sha256(body).hexdigest()
        headers |= {"x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"), "x-amz-content-sha256": content}
        signed: dict[str, Any] = sign_v4_s3(
            method=method,
            url=urlsplit(url),
            region=REGION,
            headers=headers,
            credentials=self._credentials(),
            content_sha256=content,
            date=now,
        )
        return signed


def admin(target: Target) -> S3:
    """The store as its administrator sees it."""
    return S3(target, ADMIN, target.secrets["S3_ROOT_PASSWORD"])


def lake(target: Target) -> LakeConnection:
    """The lake's own way to the target."""
    return LakeConnection(
        s3=target.endpoints["s3"],
        postgres=target.endpoints["postgres"],
        prefect=target.endpoints["prefect-server"],
        secrets=target.secrets,
        environment=target.environment,
        s3_engine="seaweedfs" if target.s3_engine == "seaweedfs" else "minio",
    )


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=16, retries=False, timeout=urllib3.Timeout(connect=5, read=30))
