"""Waiting, with a clock that is moved by hand: no test here takes the time it is about."""

from __future__ import annotations

import itertools
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from devenv.clock import Deadline
from devenv.ready import NotReady, bucket_probe, exec_probe, http_probe, wait_until


class Clock:
    """Moves by a second whenever it is read."""

    def __init__(self) -> None:
        self.seconds = itertools.count(0.0, 1.0)

    def __call__(self) -> float:
        return next(self.seconds)


def never() -> str | None:
    return "HTTP 503"


def test_what_is_ready_is_not_waited_for() -> None:
    wait_until(lambda: None, Deadline(0, 0, Clock()))


def test_a_probe_is_asked_until_it_is_content() -> None:
    answers: Iterator[str | None] = iter(["no", "not yet", None, "asked too often"])
    wait_until(lambda: next(answers), Deadline.after(600))
    assert next(answers) == "asked too often"


def test_a_wait_ends_at_its_deadline_with_the_last_answer() -> None:
    answers = iter(["refused", "HTTP 500"])
    deadline = Deadline(3.0, 2.5, Clock())
    with pytest.raises(NotReady) as caught:
        wait_until(lambda: next(answers, "HTTP 503"), deadline)
    assert caught.value.answer == "HTTP 503"
    assert caught.value.problem == f"not ready after {caught.value.waited:.0f} s; the last answer: HTTP 503"


def test_a_wait_ends_at_once_when_what_is_waited_for_has_ended() -> None:
    with pytest.raises(NotReady) as caught:
        wait_until(never, Deadline.after(600), lambda: "it exited with 7")
    assert caught.value.problem == "it exited with 7"
    assert caught.value.answer == "HTTP 503"


def test_what_is_ready_may_have_ended() -> None:
    wait_until(lambda: None, Deadline.after(600), lambda: "it exited with 0")


def test_a_cancelled_wait_ends() -> None:
    cancelled = threading.Event()

    def probe() -> str:
        cancelled.set()
        return "not yet"

    with pytest.raises(NotReady, match="cancelled"):
        wait_until(probe, Deadline.after(600), cancelled=cancelled)


def test_a_deadline_tells_what_is_left_and_what_has_passed() -> None:
    times = iter([100.0, 104.0, 104.0, 120.0])
    deadline = Deadline.after(10, lambda: next(times))
    assert deadline.left == 6
    assert deadline.passed == 4
    assert deadline.left == 0


class Status(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port at which it answers."""
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (302, True), (404, False), (503, False)])
def test_an_http_probe_is_content_with_200_to_399(status: int, ready: bool) -> None:
    with serving(Status) as port:
        answer = http_probe("127.0.0.1", port, f"/{status}")()
    assert answer == (None if ready else f"127.0.0.1:{port}/{status}: HTTP {status}")


def test_an_http_probe_tells_that_nobody_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    assert "refused" in (http_probe("127.0.0.1", port, "/")() or "")


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("", None),
        ("import sys; sys.exit('no\\nrejecting connections')", "rejecting connections"),
        ("raise SystemExit(3)", f"{sys.executable} exits with 3"),
    ],
)
def test_an_exec_probe_gives_the_last_line_of_what_was_said(code: str, answer: str | None) -> None:
    assert exec_probe([sys.executable, "-c", code], {})() == answer


def test_an_exec_probe_without_its_program_is_not_ready() -> None:
    assert "No such file" in (exec_probe(["/no/such/program"], {})() or "")


def test_an_exec_probe_that_hangs_is_not_ready() -> None:
    probe = exec_probe([sys.executable, "-c", "import signal; signal.pause()"], {}, timeout=0.2)
    assert "timed out" in (probe() or "")


class LateS3(BaseHTTPRequestHandler):
    """S3 that lists its bucket and its object at once, and cannot read the object until `reads` is set."""

    reads = False
    BUCKETS = (
        "<ListAllMyBucketsResult><Buckets><Bucket><Name>bronze</Name></Bucket></Buckets>"
        "</ListAllMyBucketsResult>"
    )
    OBJECTS = (
        "<ListBucketResult><Name>bronze</Name><IsTruncated>false</IsTruncated>"
        "<Contents><Key>raw/one.csv</Key><Size>7</Size></Contents></ListBucketResult>"
    )

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200, self.BUCKETS)
        elif path == "/bronze":
            self.answer(200, self.OBJECTS)
        else:
            assert path == "/bronze/raw/one.csv"
            self.answer(206 if self.reads else 500, "o" if self.reads else "")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Content-Type", "application/xml")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_s3_is_ready_when_an_object_can_be_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(LateS3) as port:
        probe = bucket_probe(f"127.0.0.1:{port}", "user", "secret-key")
        assert "a bucket call: " in (probe() or "")
        monkeypatch.setattr(LateS3, "reads", True)
        assert probe() is None
