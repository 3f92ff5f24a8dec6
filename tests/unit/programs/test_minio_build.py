"""Building MinIO, with a fake compiler."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from devenv.errors import ToolMissing
from devenv.programs import get

if TYPE_CHECKING:
    from tests.unit.programs.conftest import Machine

_GO = """\
#!/bin/sh
if [ "$1" = env ]; then echo go1.26.1; exit; fi
printf '%s\\n' "$GOPROXY" "$GOMODCACHE" "$@" > {root}/built
printf '#!/bin/sh\\n' > "$GOBIN/minio"
cat "$GOBIN/minio" > /dev/null
/bin/chmod +x "$GOBIN/minio"
"""


def test_minio_is_built_as_its_release(machine: Machine) -> None:
    machine.on_path("go", _GO.format(root=machine.root))
    program = get("minio", machine.said.append, {**machine.environ, "GOPROXY": "https://mirror"})
    assert (program.source, program.version) == ("built", "RELEASE.2025-09-07T16-13-09Z")
    said = (machine.root / "built").read_text()
    assert said.startswith("https://mirror\n")
    assert "-X github.com/minio/minio/cmd.ReleaseTag=RELEASE.2025-09-07T16-13-09Z" in said
    assert machine.said[0] == "compiler: go1.26.1 on PATH"


def test_the_compiler_works_in_the_tools_folder_and_leaves_only_the_program(machine: Machine) -> None:
    machine.on_path("go", _GO.format(root=machine.root))
    get("minio", machine.said.append, machine.environ)
    assert (machine.root / "built").read_text().splitlines()[1].startswith(str(machine.tools))
    assert sorted(os.listdir(machine.tools)) == [".lock", "minio-RELEASE.2025-09-07T16-13-09Z"]


def test_a_failed_build_says_what_the_compiler_said(machine: Machine) -> None:
    machine.on_path(
        "go",
        '#!/bin/sh\n[ "$1" = env ] && echo go1.26.1 && exit\necho "go: proxy: 403 Forbidden" >&2\nexit 1\n',
    )
    with pytest.raises(ToolMissing) as raised:
        get("minio", machine.said.append, machine.environ)
    assert raised.value.problem == "MinIO could not be compiled: go: proxy: 403 Forbidden"
    assert "GOPROXY" in raised.value.remedy
    assert os.listdir(machine.tools) == [".lock"]
