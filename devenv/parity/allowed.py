"""The differences that are meant, each by its exact key, with all values and the reason: two lists."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError

FILE = Path(__file__).with_name("allowed.toml")  # between modes
ENGINES = Path(__file__).with_name("allowed_engines.toml")  # between S3 engines
# In place of a value: the mode has no such key.
ABSENT = "(absent)"


@dataclass(frozen=True)
class Allowed:
    """One allowed difference; `values` are by mode, or by S3 engine; `file` is the list that it stands in."""

    key: str
    values: Mapping[str, str]
    reason: str
    file: str = FILE.name


@dataclass(frozen=True)
class AllowedList:
    """modes: differences between modes
    engines: between MinIO and SeaweedFS, where both were measured
    pulled: between modes, where images were pulled
    """

    modes: Mapping[str, Allowed]
    engines: Mapping[str, Allowed] = field(default_factory=dict)
    pulled: Mapping[str, Allowed] = field(default_factory=dict)


def read_allowed(modes: Path = FILE, engines: Path = ENGINES) -> AllowedList:
    """Both lists. Raises DevenvError that names the file and the entry which is wrong."""
    between_modes = _read(modes, "mode", "pulled")
    return AllowedList(between_modes["mode"], _read(engines, "engine")["engine"], between_modes["pulled"])


def _read(file: Path, *names: str) -> dict[str, dict[str, Allowed]]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DevenvError(f"{file} is not TOML: {error}", "mend that line") from error
    for other in content.keys() - {*names}:
        raise DevenvError(f"{file}: {other} is no list of differences", f"use [[{']] or [['.join(names)}]]")
    return {name: _entries(file, content, name) for name in names}


def _entries(file: Path, content: Mapping[str, Any], name: str) -> dict[str, Allowed]:
    found: dict[str, Allowed] = {}
    for number, entry in enumerate(content.get(name, []), 1):
        where = f"{file}: {name} {number}"
        if set(entry) != {"key", "values", "reason"}:
            raise DevenvError(f"{where} has {', '.join(sorted(entry))}", "give it key, values and reason")
        key, values, reason = entry["key"], entry["values"], str(entry["reason"]).strip()
        if key in found:
            raise DevenvError(f"{where}: {key} stands there twice", "take one of them out")
        if not reason:
            raise DevenvError(f"{where}: {key} has no reason", "say why the difference is meant")
        if not isinstance(values, dict) or len(set(values.values())) < 2:
            raise DevenvError(
                f"{where}: {key} has no two values that differ", f"take it out, or name each {name}'s"
            )
        found[key] = Allowed(str(key), {str(k): str(v) for k, v in values.items()}, reason, file.name)
    return found
