"""Manifests as files: YAML that a person can read and a diff can show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from devenv.modes.k3s.render.manifests import Documents

HEADER = "# Rendered by devenv render k3s out of compose/compose.yaml: not edited by hand.\n"


def text(documents: Sequence[dict[str, Any]]) -> str:
    """The objects of one file as YAML; texts of several lines as literal blocks."""
    parts = [yaml.dump(item, Dumper=_Dumper, sort_keys=False, width=1000) for item in documents]
    return HEADER + "---\n".join(parts)


def stale(folder: Path, files: Documents, whole: bool = False) -> list[str]:
    """The names of the files in `folder` that differ from `files`.

    whole: a YAML file that is not among `files` differs too
    """
    found = [name for name, documents in files.items() if _read(folder / name) != text(documents)]
    if whole and folder.is_dir():
        found += [file.name for file in folder.glob("*.yaml") if file.name not in files]
    return sorted(found)


def write(folder: Path, files: Documents, whole: bool = False) -> list[str]:
    """Writes the files that differ, and with `whole` removes the others; returns their names."""
    changed = stale(folder, files, whole)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in files:
            (folder / name).write_text(text(files[name]))
        else:
            (folder / name).unlink()
    return changed


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except FileNotFoundError:
        return None


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _literal(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _literal)
