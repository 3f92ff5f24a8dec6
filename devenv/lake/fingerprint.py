"""Tells cheaply, and without contacting anything, whether a seed would have anything new to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from devenv.lake.candles import Source, digest
from devenv.lake.spec import LakeSpec


def fingerprint(spec: LakeSpec, sources: Sequence[Source]) -> str:
    """Changes with lake.toml, the flows' code, the schema and the sources. Raises as `digest` does."""
    parts = [declared(spec), *sorted((source.key, digest(source)) for source in sources)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def declared(spec: LakeSpec) -> str:
    """Changes with lake.toml, the flows' code and the schema."""
    files = [spec.path, *sorted(spec.flows.glob("*.py")), *sorted(spec.sql.glob("*.sql"))]
    parts = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
