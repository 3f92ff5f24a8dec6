"""Makes Debian's Prometheus and Alertmanager run from any folder: they are built to look under /usr/share.

Upstream's binaries carry their web pages and templates inside them; Debian's open files at a fixed path, and
its Alertmanager does not start without them (0.25.0-1; Prometheus 2.42.0+ds-5 starts, without pages). No flag
changes that path. So it is replaced in the binary by `././` of the same length, and a script starts the binary
in the folder that the path stood for. Arguments must therefore be absolute paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """\
#!/bin/sh
# This build opens its pages and templates below its working directory.
root=$(cd -- "${{0%/*}}/.." && pwd) && cd -- "$root{folder}" && exec "$root/usr/bin/{binary}" "$@"
"""


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


def expose(tree: Path, binary: str, name: str) -> None:
    """Make `bin/name` of an unpacked package run its `usr/bin/binary`, wherever `tree` is moved to."""
    (tree / "bin").mkdir(exist_ok=True)
    command = tree / "bin" / name
    fixed = FIXED.get(binary)
    if fixed and _replace(tree / "usr" / "bin" / binary, fixed.text) and (tree / fixed.folder[1:]).is_dir():
        command.write_text(_SCRIPT.format(folder=fixed.folder, binary=binary))
        command.chmod(0o755)
    else:  # a release that carries its files inside
        command.symlink_to(Path("..") / "usr" / "bin" / binary)


def _replace(binary: Path, text: str) -> bool:
    """Whether `text` was in the binary; it is not any more."""
    content = binary.read_bytes()
    old = text.encode()
    if old not in content:
        return False
    binary.write_bytes(content.replace(old, b"./" * (len(old) // 2)))
    return True
