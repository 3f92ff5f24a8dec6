"""Waiting: the one way in which devenv waits for something to become ready."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from devenv.clock import Deadline
from devenv.errors import DevenvError

PROBE_TIMEOUT_S = 5.0
FIRST_PAUSE_S = 0.02
LONGEST_PAUSE_S = 0.1

# A probe answers None when ready, else what it saw.
Probe = Callable[[], str | None]


@dataclass
class NotReady(DevenvError):
    """The deadline passed, or `ended` says that what was waited for is gone; `answer` is the last one."""

    answer: str
    waited: float
    ended: str | None = None

    def __post_init__(self) -> None:
        what = self.ended or f"not ready after {self.waited:.0f} s; the last answer: {self.answer}"
        super().__init__(what, "look at its log: devenv logs SERVICE")


def wait_until(
    probe: Probe, deadline: Deadline, ended: Probe = lambda: None, cancelled: threading.Event | None = None
) -> None:
    """Asks `probe` until it answers None, ever more slowly, from 20 ms to 100 ms apart.

    ended: tells why waiting is in vain, or None; asked after each answer that is not ready
    Raises NotReady at the deadline, when `ended` says so, and when `cancelled` is set.
    """
    cancelled = cancelled or threading.Event()
    pause = FIRST_PAUSE_S
    while True:
        answer = probe()
        if answer is None:
            return
        gone = "cancelled" if cancelled.is_set() else ended()
        if gone or deadline.left <= 0:
            raise NotReady(answer, deadline.passed, gone)
        cancelled.wait(min(pause, deadline.left))
        pause = min(pause * 1.3, LONGEST_PAUSE_S)


def http_probe(host: str, port: int, path: str, timeout: float = PROBE_TIMEOUT_S) -> Probe:
    """Ready when `GET path` is answered with 200 to 399."""

    def probe() -> str | None:
        import http.client  # not before it is needed: it takes a tenth of a quick command's time

        connection = http.client.HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{host}:{port}{path}: {error or type(error).__name__}"
        finally:
            connection.close()
        return None if 200 <= status < 400 else f"{host}:{port}{path}: HTTP {status}"

    return probe


def exec_probe(
    command: Sequence[str], environment: Mapping[str, str], timeout: float = PROBE_TIMEOUT_S
) -> Probe:
    """Ready when `command` exits with 0."""

    def probe() -> str | None:
        try:
            done = subprocess.run(
                command, env=dict(environment), capture_output=True, text=True, timeout=timeout, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode == 0:
            return None
        said = (done.stderr or done.stdout).strip().splitlines()
        return said[-1] if said else f"{command[0]} exits with {done.returncode}"

    return probe


def bucket_probe(address: str, user: str, key: str) -> Probe:
    """Ready when signed calls list the buckets, and read a byte of an object where there is one: S3 engines
    answer their health page before the first, and SeaweedFS the first before the second."""

    def probe() -> str | None:
        import urllib3
        from minio import Minio
        from minio.error import MinioException

        pool = urllib3.PoolManager(retries=False, timeout=PROBE_TIMEOUT_S)
        try:
            client = Minio(address, user, key, secure=False, region="us-east-1", http_client=pool)
            for bucket in client.list_buckets():
                objects = client.list_objects(bucket.name, recursive=True)
                if first := next((entry for entry in objects if entry.size), None):
                    client.get_object(bucket.name, str(first.object_name), length=1).close()
                    break
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            return f"a bucket call: {error}"
        finally:
            pool.clear()
        return None

    return probe
