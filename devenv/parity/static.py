"""Static observations: what a mode runs for each service, from its `describe()`. It need not run."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping

from devenv.errors import StackError
from devenv.modes.base import Contained, Described
from devenv.parity.covering import covered, covered_words
from devenv.parity.measured import LEFT_OUT, STATE
from devenv.parity.observation import Observation
from devenv.parity.symbols import Symbols
from devenv.stack.model import ExecProbe, Service, Stack

CHECK = "spec"


def observe(
    described: Mapping[str, Described], written: Stack, marked: Stack, symbols: Symbols
) -> dict[str, Iterator[Observation]]:
    """check -> its facts: `spec` says which services there are, `SERVICE spec` what is run for one of them.

    described: what the mode runs; written: the stack with the containers' own addresses; marked: the stack
    with the marks of `symbols` in place of its variables
    Reading the facts of a service raises StackError for a file of it that cannot be parsed.
    """
    return {
        CHECK: _states(described, written),
        **{
            f"{name} {CHECK}": _observe(described[name], service, marked.services[name], symbols)
            for name, service in written.services.items()
            if name in described
        },
    }


def _states(described: Mapping[str, Described], written: Stack) -> Iterator[Observation]:
    for name in written.services:
        yield Observation(f"{name}{STATE}", "part of the platform" if name in described else LEFT_OUT)


def _observe(entry: Described, service: Service, marked: Service, symbols: Symbols) -> Iterator[Observation]:
    facts = list(_facts(entry, service, marked, symbols))
    # Names that differ in their case alone are two facts: these keep it.
    count = Counter(key.lower() for key, _ in facts)
    for key, value in facts:
        name = key.lower() if count[key.lower()] == 1 else key
        yield Observation(f"{service.name}.spec.{name}", " ".join(value.split("\n")))


def _facts(
    entry: Described, service: Service, marked: Service, symbols: Symbols
) -> Iterator[tuple[str, str]]:
    def words(given: tuple[str, ...], templates: tuple[str, ...]) -> str:
        return " ".join(map(_quoted, covered_words(symbols.told(word, templates) for word in given)))

    yield "version", entry.version
    yield "command", words(entry.command, (*marked.command, *(marked.local.command or ())))
    for name, value in entry.environment.items():
        template = marked.environment.get(name, "")
        yield f"environment.{name}", covered(symbols.told(value, [template]), name)
    yield "port", f"127.0.0.1:{service.ports[0].published} -> {service.ports[0].target}"
    asked = marked.ready.command if isinstance(marked.ready, ExecProbe) else ()
    yield "ready", words(entry.ready, asked)
    yield "ready.bucket-call", str(entry.bucket_call).lower()
    yield "stop.signal", entry.stop[0]
    yield "stop.grace", f"{entry.stop[1]:g} s"
    yield "depends-on", " ".join(entry.depends_on) or "nothing"
    for target, what in entry.volumes.items():
        yield f"volume.{target}", what
    for target, text in entry.configs.items():
        yield f"config.{target}", _digest(_canonical(service.name, target, text))
    if entry.contained:
        yield from _container_facts(entry.contained)


def _container_facts(held: Contained) -> Iterator[tuple[str, str]]:
    yield "user", held.user
    yield "limit.memory", "none" if held.memory is None else f"{held.memory} bytes"
    yield "limit.cpus", "none" if held.cpus is None else f"{held.cpus:g}"
    yield "limit.shared-memory", "by default" if held.shared_memory is None else f"{held.shared_memory} bytes"
    yield "root.read-only", str(held.read_only).lower()
    yield "root.tmpfs", " ".join(held.tmpfs) or "none"
    yield "capabilities.dropped", " ".join(held.dropped) or "none"
    yield "security", " ".join(held.security) or "none"
    yield "reaped", str(held.reaped).lower()
    yield "restarted", str(held.restarted).lower()
    yield "start.interval", f"{held.start_interval:g} s"
    yield "start.period", f"{held.start_period:g} s"
    yield "ready.retries", str(held.retries)
    for name, value in held.asking.items():
        yield name, covered(value)


def _canonical(service: str, target: str, text: str) -> str:
    """What a YAML or JSON file says, whatever its comments and its layout; any other file as it stands."""
    from devenv import yaml_text

    try:
        if target.endswith(".json"):
            return json.dumps(json.loads(text), sort_keys=True)
        if target.endswith((".yml", ".yaml")):
            return json.dumps(yaml_text.parse(text), sort_keys=True, default=str)
    except (ValueError, yaml_text.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise StackError(
            f"service {service}: {target} cannot be read: {reason}",
            "mend that line, or git checkout the file",
        ) from error
    return text


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _quoted(word: str) -> str:
    return json.dumps(word) if not word or any(character.isspace() for character in word) else word
