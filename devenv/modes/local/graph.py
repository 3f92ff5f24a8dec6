"""Work on services in the order of their dependencies, each as soon as it can begin."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter
from queue import SimpleQueue

from devenv.modes.base import Event

Emit = Callable[[Event], None]
Work = Callable[[str, Emit, threading.Event], None]


def in_order(graph: Mapping[str, Collection[str]], work: Work) -> Iterator[Event]:
    """Runs `work(name, emit, cancelled)` for every name of `graph`, in threads; yields what they emit.

    graph: name -> names that must be done before it
    The first error cancels the rest, and is raised when all threads have ended.
    """
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    queue: SimpleQueue[Event | tuple[str, BaseException | None]] = SimpleQueue()
    cancelled = threading.Event()
    failed: BaseException | None = None

    def run(name: str) -> None:
        try:
            work(name, queue.put, cancelled)
        except BaseException as error:  # handed over to the caller's thread
            queue.put((name, error))
        else:
            queue.put((name, None))

    with ThreadPoolExecutor(max_workers=max(1, len(graph))) as pool:
        running = 0
        try:
            while sorter.is_active():
                if failed is None:
                    for name in sorter.get_ready():
                        pool.submit(run, name)
                        running += 1
                if running == 0:
                    break
                item = queue.get()
                if isinstance(item, Event):
                    yield item
                    continue
                running -= 1
                name, error = item
                if error is None:
                    sorter.done(name)
                elif failed is None:
                    failed = error
                    cancelled.set()
        finally:
            cancelled.set()
    if failed is not None:
        raise failed
