"""Where a key comes from: the file and the line of the stack, for a person who is to mend a drift."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from devenv.parity.catalogue import key_pattern, meaning_of
from devenv.project import Project
from devenv.stack.model import Stack

COMMENTS = ("#", "--")
# The kinds of runs that are observed -> the flow that is run.
FLOWS = {"complete": "clean-candles", "fail": "daily-candles"}
# What follows SERVICE.spec -> the path below the service's entry.
ENTRIES = {
    "version": ("image",),
    "port": ("ports",),
    "ready": ("x-ready",),
    "ready.bucket-call": ("x-ready",),
    "stop.signal": ("stop_signal",),
    "stop.grace": ("stop_grace_period",),
    "depends-on": ("depends_on",),
    "limit.memory": ("deploy",),
    "limit.cpus": ("deploy",),
    "limit.shared-memory": ("shm_size",),
    "root.read-only": ("read_only",),
    "root.tmpfs": ("tmpfs",),
    "capabilities.dropped": ("cap_drop",),
    "security": ("security_opt",),
    "reaped": ("init",),
    "restarted": ("restart",),
    "start.interval": ("healthcheck", "start_interval"),
    "start.period": ("healthcheck", "start_period"),
    "ready.retries": ("healthcheck", "retries"),
    "health.script": ("healthcheck", "test"),
    "probe.period": ("x-ready",),
    "probe.timeout": ("x-ready",),
}


def where(key: str, project: Project, s3_engine: str, stack: Stack | None = None) -> str:
    """`compose/compose.yaml:41`, relative to the project; the nearest line that can be found.

    stack: as it is written, for the files that a service is given
    """
    service, _, rest = key.partition(".spec.")
    if rest.startswith("config.") and stack is not None and service in stack.services:
        target = rest.removeprefix("config.")
        for item in stack.services[service].configs:
            file = stack.configs[item.config].file
            if item.target.lower() == target and file:
                return f"{_relative(Path(file), project)}:1"
    if rest:
        return _in_stack(service, rest, project, s3_engine)
    return _in_source(key, project, s3_engine)


def _in_stack(service: str, rest: str, project: Project, s3_engine: str) -> str:
    head, _, tail = rest.partition(".")
    inner: dict[str, tuple[str, ...]] = {
        "environment": ("environment", tail),
        "volume": ("volumes", tail),
        "health": ("healthcheck", tail.replace("-", "_")),
    }
    path = ENTRIES.get(rest) or inner.get(head, (head,))
    nearest = ""
    for file in reversed(project.stack_files(s3_engine)):
        line, depth = _line(file, ("services", service, *path))
        if depth == len(path) + 2:
            return f"{_relative(file, project)}:{line}"
        if depth >= 2 and not nearest:
            nearest = f"{_relative(file, project)}:{line}"
    return nearest or str(_relative(project.stack_files(s3_engine)[0], project))


def _in_source(key: str, project: Project, s3_engine: str) -> str:
    """The line of a live key: the first of its source file that has the most telling of its words."""
    meaning = meaning_of(key)
    if meaning.source == "compose.yaml":
        return _in_stack(key.partition(".")[0], "", project, s3_engine)
    file = _file(meaning.source, project)
    if file is None:
        return meaning.source
    if file.is_dir():
        return _in_folder(file, [FLOWS.get(word, word) for word in _varying(key, meaning.key)], project)
    found = (_line_with(file, re.escape(word)) for word in _words(key, meaning.key))
    return f"{_relative(file, project)}:{next(filter(None, found), 1)}"


def _in_folder(folder: Path, words: Sequence[str], project: Project) -> str:
    """The file that has the longest of the words, and in it the line of the last of them that it has."""
    files = [file for file in sorted(folder.rglob("*")) if file.suffix in (".json", ".py", ".sql")]
    named = (
        file
        for word in sorted(words, key=len, reverse=True)
        for file in files
        if _line_with(file, _naming(word, file))
    )
    file = next(named, files[0] if len(files) == 1 else None)
    if file is None:
        return str(_relative(folder, project))
    lines = (
        _line_with(file, _naming(word, file)) for word in reversed(words) if len(word) > 1 or word.isdigit()
    )
    return f"{_relative(file, project)}:{next(filter(None, lines), 1)}"


def _naming(word: str, file: Path) -> str:
    """The pattern of a line that a thing called `word` is declared in."""
    if file.suffix == ".json" and word.isdigit():
        return rf'"id": {word}\b'
    name = "[-_]".join(map(re.escape, word.split("-")))
    return rf"^def {name}\b" if file.suffix == ".py" else rf"\b{name}\b"


def _line_with(file: Path, pattern: str) -> int | None:
    """The first line, counted from 1, that matches and is no comment."""
    for number, line in enumerate(file.read_text().lower().splitlines(), 1):
        if re.search(pattern, line) and not line.lstrip().startswith(COMMENTS):
            return number
    return None


def _words(key: str, pattern: str) -> Iterator[str]:
    """First the parts that vary, the longest first, then the last word of the key."""
    yield from sorted(_varying(key, pattern), key=len, reverse=True)
    last = key.rpartition(".")[2]
    yield last
    yield last.replace("-", "_")


def _varying(key: str, pattern: str) -> tuple[str, ...]:
    found = key_pattern(pattern).fullmatch(key)
    return found.groups() if found else ()


def _file(name: str, project: Project) -> Path | None:
    if (project.root / name).exists():
        return project.root / name
    folders = (project.root / "seed", project.compose)
    return next((file for folder in folders for file in sorted(folder.rglob(name))), None)


def _relative(file: Path, project: Project) -> Path:
    return file.relative_to(project.root) if file.is_relative_to(project.root) else file


def _line(file: Path, path: tuple[str, ...]) -> tuple[int, int]:
    """The line, counted from 1, of the deepest part of `path` that `file` has, and how deep that is."""
    node, line, depth = _document(file), 1, 0
    for name in path:
        found = _child(node, name)
        if found is None:
            break
        line, node = found
        depth += 1
    return line, depth


def _child(node: yaml.Node | None, name: str) -> tuple[int, yaml.Node] | None:
    """The line and the node of a key of a mapping, or of an item of a list that names it."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            text = item.value if isinstance(item, yaml.ScalarNode) else _scalars(item)
            if name in str(text).lower():
                return item.start_mark.line + 1, item
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    merged: list[yaml.Node] = []
    for key, value in node.value:
        if key.value == "<<":
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
    # A key of an observation is in small letters, unless two names differ in their case alone.
    for spelled in (str, str.lower):
        for key, value in node.value:
            if spelled(key.value) == name:
                return key.start_mark.line + 1, value
    return next((found for other in merged if (found := _child(other, name))), None)


def _scalars(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return " ".join(_scalars(value) for _, value in node.value)
    return str(node.value)


@lru_cache(maxsize=8)
def _document(file: Path) -> yaml.Node | None:
    found: yaml.Node | None = yaml.compose(file.read_text(), Loader=yaml.CSafeLoader)
    return found
