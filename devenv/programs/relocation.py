"""Makes Debian's builds run from any folder, and beside this platform's Postgres.

Upstream's binaries carry their web pages and templates inside them; Debian's open files at a fixed path, and
its Alertmanager does not start without them (0.25.0-1; Prometheus 2.42.0+ds-5 starts, without pages). No flag
changes that path. So `././` of the same length replaces it in the binary, and a script starts the binary
where that path meant. Arguments must therefore be absolute paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.programs.command import run

_IN_FOLDER = """\
#!/bin/sh
# This build opens its pages and templates below its working directory.
root=$(cd -- "${{0%/*}}/.." && pwd) && cd -- "$root{folder}" && exec "$root/usr/bin/{binary}" "$@"
"""
_WITH_FLAG = """\
#!/bin/sh
# This release's bgwriter collector asks for columns that Postgres 17 took away: an error at every scrape.
exec "${{0%/*}}/../usr/bin/{binary}" {flag} "$@"
"""
_BGWRITER = "--no-collector.bgwriter"


@dataclass(frozen=True)
class FixedPath:
    """A path built into a binary, and the folder it means; of even length, because `./` is two characters."""

    text: str
    folder: str


FIXED = {
    "prometheus": FixedPath("/usr/share/prometheus/web/", "/usr/share/prometheus/web"),
    "prometheus-alertmanager": FixedPath(
        "/usr/share/prometheus/alertmanager", "/usr/share/prometheus/alertmanager"
    ),
}


def expose(tree: Path, binary: str, name: str, environ: Mapping[str, str]) -> None:
    """Make `bin/name` of an unpacked package run its `usr/bin/binary`, wherever `tree` is moved to."""
    (tree / "bin").mkdir(exist_ok=True)
    command = tree / "bin" / name
    if script := _script(tree, binary, name, environ):
        command.write_text(script)
        command.chmod(0o755)
    else:
        command.symlink_to(Path("..") / "usr" / "bin" / binary)


def _script(tree: Path, binary: str, name: str, environ: Mapping[str, str]) -> str:
    """The script that starts the binary; empty for one that runs as it is."""
    path = tree / "usr" / "bin" / binary
    fixed = FIXED.get(binary)
    if fixed and (tree / fixed.folder[1:]).is_dir() and _replace(path, fixed.text):
        return _IN_FOLDER.format(folder=fixed.folder, binary=binary)
    if (
        name == "postgres_exporter"
        and "--collector.bgwriter" in run([str(path), "--help"], environ, tree).output
    ):
        return _WITH_FLAG.format(binary=binary, flag=_BGWRITER)
    return ""


def _replace(binary: Path, text: str) -> bool:
    """Whether `text` was in the binary; it is not any more."""
    content = binary.read_bytes()
    old = text.encode()
    if old not in content:
        return False
    binary.write_bytes(content.replace(old, b"./" * (len(old) // 2)))
    return True
