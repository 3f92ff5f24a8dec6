"""The program of a tiny service: GET /ready, and a value that PUT keeps on its volume. Needs nothing.

BEHAVIOUR: `dies` at its start, is `never ready`, is `deaf` to SIGTERM, or `greedy`: writes 1 MB at its start.
"""

from __future__ import annotations

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME = os.environ["NAME"]
BEHAVIOUR = os.environ.get("BEHAVIOUR", "")
VALUE = Path(os.environ["DATA"]) / "value"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/ready":
            self.answer(503 if BEHAVIOUR == "never ready" else 200, "")
        elif VALUE.exists():
            self.answer(200, VALUE.read_text())
        else:
            self.answer(404, "")

    def do_PUT(self) -> None:
        VALUE.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(204, "")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.path != "/ready":
            say(f"{NAME} answered {self.command} {self.path}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    if BEHAVIOUR == "dies":
        say("the disk of the world is full")
        sys.exit(7)
    if BEHAVIOUR == "greedy":
        VALUE.with_name("much").write_bytes(bytes(1 << 20))
    if BEHAVIOUR == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = ThreadingHTTPServer((os.environ["LISTEN_HOST"], int(os.environ["LISTEN_PORT"])), Handler)
    say(f"{NAME} listens")
    server.serve_forever()


if __name__ == "__main__":
    main()
