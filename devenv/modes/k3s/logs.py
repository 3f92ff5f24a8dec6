"""Logs of pods: kubectl reads each, and the lines come as they are written."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping
from queue import SimpleQueue

from devenv.modes.k3s.kubectl import Kubectl

Line = tuple[str, str]


def read(kubectl: Kubectl, pods: Mapping[str, str], lines: int, follow: bool) -> Iterator[Line]:
    """(service, line) of each of `pods`, service -> pod: the last `lines`, then new ones where they are to be
    followed."""
    queue: SimpleQueue[Line | None] = SimpleQueue()
    processes = [_begin(kubectl, service, pod, lines, follow) for service, pod in pods.items()]
    readers = [
        threading.Thread(target=_pass_on, args=(service, process, queue), daemon=True)
        for service, process in zip(pods, processes, strict=True)
    ]
    try:
        for reader in readers:
            reader.start()
        ended = 0
        while ended < len(readers):
            found = queue.get()
            if found is None:
                ended += 1
            else:
                yield found
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _begin(kubectl: Kubectl, service: str, pod: str, lines: int, follow: bool) -> subprocess.Popen[str]:
    options = [f"--tail={lines}", "--container", service, *(["--follow"] if follow else [])]
    return subprocess.Popen(
        kubectl.words("logs", pod, *options),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )


def _pass_on(service: str, process: subprocess.Popen[str], queue: SimpleQueue[Line | None]) -> None:
    with process.stdout:  # type: ignore[union-attr]
        for line in process.stdout or ():
            queue.put((service, line.rstrip("\n")))
    queue.put(None)
