"""Calls of the services' HTTP APIs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from devenv.parity.observation import Target

if TYPE_CHECKING:
    import httpx

PAUSE_S = 0.1
Answer = TypeVar("Answer")


def client(target: Target, service: str, path: str = "", user: tuple[str, str] | None = None) -> httpx.Client:
    """A client of the service below `path`, as nobody or as (user, password); to be closed by the caller."""
    import httpx

    return httpx.Client(
        base_url=f"{target.endpoints[service].url}{path}", timeout=20, trust_env=False, auth=user
    )


def got(connection: httpx.Client, path: str, **parameters: Any) -> Any:
    """What a GET gives. Raises httpx.HTTPStatusError for an error."""
    return connection.get(path, params=parameters).raise_for_status().json()


def posted(connection: httpx.Client, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """What a POST of JSON gives. Raises httpx.HTTPStatusError for an error."""
    return connection.post(path, json=body or {}).raise_for_status().json()


def settled(ask: Callable[[], Answer], enough: Callable[[Answer], bool], seconds: float) -> Answer:
    """Asks until the answer is enough, at most for so long; gives the last answer."""
    until = time.monotonic() + seconds
    while True:
        answer = ask()
        if enough(answer) or time.monotonic() > until:
            return answer
        time.sleep(PAUSE_S)
