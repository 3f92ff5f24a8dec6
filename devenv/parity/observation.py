"""What parity measures: facts of one mode, the checks that find them, and what each key means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from devenv.endpoints import Endpoints
from devenv.lake.spec import LakeSpec
from devenv.secrets import Secrets
from devenv.stack.model import Stack


@dataclass(frozen=True)
class Observation:
    """One fact of one mode.

    key: dotted, lower case and stable: `s3.bucket.bronze.versioning`
    value: one line of text, the same at every measurement of an unchanged mode, and after a restart
    """

    key: str
    value: str


@dataclass(frozen=True)
class Target:
    """What is measured: one mode of one instance that is up.

    endpoints: where this machine reaches the services; inside: address by which they reach one another ->
        service
    secrets: name -> value; never to be part of an observation
    written: the stack with the containers' own addresses
    """

    mode: str
    endpoints: Endpoints
    inside: Mapping[str, str]
    secrets: Secrets = field(repr=False)
    environment: str
    s3_engine: str
    spec: LakeSpec
    written: Stack


@dataclass(frozen=True)
class Check:
    """Measures facts of one service through its endpoint. It gives facts and no verdict; what it cannot
    measure it raises."""

    name: str
    service: str
    measure: Callable[[Target], Iterable[Observation]]


@dataclass(frozen=True)
class Meaning:
    """What a key says, and why it matters.

    key: `{word}` in it stands for one word without a dot, `{words*}` for anything:
        `s3.bucket.{layer}.versioning`, `s3.object.{layer}.{path*}.digest`
    source: the file that it comes from: `lake.toml`, `compose.yaml`, ...
    family: facts that only some modes have (`containers`: those of no plain process); where none of a family
        is observed, none is asked for
    """

    key: str
    what: str
    why: str
    source: str
    family: str = ""
