"""A target that is an HTTP server of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devenv.endpoints import Endpoint
from devenv.lake.spec import load_spec
from devenv.parity.observation import Target
from devenv.stack.model import Stack

SPEC = Path(__file__).parents[4] / "seed" / "lake.toml"


@dataclass(frozen=True)
class Reply:
    """An answer that is not simply 200 with a text."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Serve = Callable[[str, Mapping[str, str | Reply]], Target]


def target(**endpoints: Endpoint) -> Target:
    """A target with these endpoints, and a stack without services."""
    named = {endpoint.service: endpoint for endpoint in endpoints.values()}
    stack = Stack("tiny", {}, {}, {})
    inside = {endpoint.address: name for name, endpoint in named.items()}
    return Target("local", named, inside, {}, "dev", "minio", load_spec(SPEC), stack)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server that answers these paths, as the only service of a target."""
    with ExitStack() as stack:

        def start(service: str, answers: Mapping[str, str | Reply]) -> Target:
            port = stack.enter_context(_server(answers))
            return target(only=Endpoint(service, "http", "127.0.0.1", port))

        yield start


@contextmanager
def _server(answers: Mapping[str, str | Reply]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path, Reply(404))
            reply = answer if isinstance(answer, Reply) else Reply(body=answer.encode())
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
