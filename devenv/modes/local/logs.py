"""The services' log files: the last lines of each, then new ones as they come."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

PAUSE_S = 0.2
BLOCK = 1 << 16
KEPT_BYTES = 10 * 1024**2


def tail(file: Path, lines: int) -> list[str]:
    """The last `lines` lines; none where there is no such file."""
    return _tail(file, lines)[0]


def follow(files: Mapping[str, Path], lines: int) -> Iterator[tuple[str, str]]:
    """(name, line): the last `lines` of each file, then what is written to them, without end."""
    positions = {}
    for name, file in files.items():
        last, positions[name] = _tail(file, lines)
        for line in last:
            yield name, line
    rest = dict.fromkeys(files, "")
    while True:
        for name, file in files.items():
            text, positions[name] = _since(file, positions[name])
            *complete, rest[name] = (rest[name] + text).split("\n")
            for line in complete:
                yield name, line
        time.sleep(PAUSE_S)


def rotate(file: Path) -> None:
    """Keeps one older file once the log has grown past 10 MB; for a log that nobody writes to."""
    try:
        if file.stat().st_size > KEPT_BYTES:
            file.replace(file.with_suffix(".log.1"))
    except FileNotFoundError:
        pass


def _tail(file: Path, lines: int) -> tuple[list[str], int]:
    try:
        with file.open("rb") as stream:
            end = stream.seek(0, 2)
            start, text = end, b""
            while start > 0 and text.count(b"\n") <= lines:
                start = max(0, start - BLOCK)
                stream.seek(start)
                text = stream.read(end - start)
    except FileNotFoundError:
        return [], 0
    found = text.decode(errors="replace").splitlines()
    return found[-lines:] if lines else [], end


def _since(file: Path, position: int) -> tuple[str, int]:
    try:
        with file.open("rb") as stream:
            end = stream.seek(0, 2)
            stream.seek(position if position <= end else 0)
            return stream.read().decode(errors="replace"), stream.tell()
    except FileNotFoundError:
        return "", 0
