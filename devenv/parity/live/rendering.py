"""How a measured fact becomes one line of text that is the same wherever the same was measured."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.parity.observation import Observation, Target


def facts(prefix: str, values: Mapping[str, Any]) -> Iterator[Observation]:
    """An observation for each value, its key below `prefix`."""
    for name, value in values.items():
        yield Observation(f"{prefix}.{part(name)}", text(value))


def text(value: Any) -> str:
    """A value on one line: text as it stands, yes or no, everything else as JSON with sorted names."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join((value if isinstance(value, str) else _as_json(value)).split())


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def part(name: str) -> str:
    """A name as one part of a key: lower case, without dots and spaces."""
    return path(name).replace(".", "_")


def path(name: str) -> str:
    """A path as the part of a key that may hold dots."""
    return re.sub(r"[^a-z0-9._=/@-]+", "_", name.lower())


def digest(value: Any) -> str:
    """16 hexadecimal digits that change with the value: with bytes, or with the JSON of anything else."""
    content = value if isinstance(value, bytes) else _as_json(value).encode(errors="surrogatepass")
    return hashlib.sha256(content).hexdigest()[:16]


def symbolic(target: Target, said: str) -> str:
    """`said` with `endpoint:SERVICE` for each address of the target, as this machine or services see it."""
    names = {endpoint.address: service for service, endpoint in target.endpoints.items()}
    names |= {f"localhost:{endpoint.port}": service for service, endpoint in target.endpoints.items()}
    return _with_names(said, {**names, **target.inside})


def dialled(target: Target, said: str) -> str:
    """`said` by a service, with `endpoint:SERVICE` for each address at which services reach one another."""
    return _with_names(said, target.inside)


def _with_names(said: str, names: Mapping[str, str]) -> str:
    addresses = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not addresses:
        return said
    return re.sub(rf"(?<![\w.-])(?:{addresses})(?!\d)", lambda match: f"endpoint:{names[match[0]]}", said)
