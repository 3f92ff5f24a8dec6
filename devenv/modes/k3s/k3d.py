"""Where k3d is."""

from __future__ import annotations

import os

from devenv.errors import ToolMissing
from devenv.programs import find

REMEDY = "get it: devenv tools get k3d (one file, its checksum is checked), or put it on PATH: https://k3d.io"


def k3d_program() -> str:
    """Its path. Raises ToolMissing where it is neither on PATH nor downloaded."""
    found = find("k3d", os.environ)
    if found is None:
        raise ToolMissing("k3d is not here: it makes the cluster", REMEDY)
    return str(found.path)
