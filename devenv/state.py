"""Files of the state folder: written whole or not at all, private, each with a schema version."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError

SCHEMA = 1


def read_state(file: Path) -> dict[str, Any]:
    """What `write_state` wrote; empty where there is no such file.

    Raises DevenvError for a file of a newer devenv, and for one that is damaged.
    """
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DevenvError(
            f"{file} is damaged: {error}", f"delete it: rm {file} (devenv makes it anew; the data stay)"
        ) from error
    version = content.pop("schema", None) if isinstance(content, dict) else None
    if not isinstance(version, int) or version > SCHEMA:
        raise DevenvError(
            f"{file} has schema {version}, and this devenv knows up to {SCHEMA}",
            "update devenv, or remove the instance with the devenv that made it",
        )
    # Upgrades from an older schema go here, one step a version.
    state: dict[str, Any] = content
    return state


def write_state(file: Path, content: dict[str, Any]) -> None:
    """Writes `content` with the schema version."""
    write_private(file, json.dumps({"schema": SCHEMA, **content}, indent=1))


def write_private(file: Path, text: str, mode: int = 0o600) -> None:
    """Writes `text` so that a reader, or a kill at any moment, sees the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(file)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # a full disk does not say which file
            error.filename = str(file)
        raise
