"""A machine of its own for each test: a PATH, a tools folder and, where asked for, Debian's packages."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_APT_GET = """\
#!/bin/sh
# A fake: `update` says what the test put into the file update, `download` copies from the archive.
echo "$@" >> {root}/calls
for word in "$@"; do shift; case $word in update|download) break;; esac; done
if [ $word = update ]; then
    if [ -p {root}/gate ]; then read -r _ < {root}/gate; fi
    cat {root}/update 2>&1 || true
    exit 0
fi
for package in "$@"; do
    cp {root}/archive/"$package"_* . 2>/dev/null && continue
    echo "E: Unable to locate package $package"
    exit 100
done
"""
_APT_CACHE = """\
#!/bin/sh
printf '%s\\n' prometheus '  Depends: libjs-jquery' libjs-jquery libc6 fonts-glyphicons-halflings
"""
_DPKG_DEB = '#!/bin/sh\nexec cat "$2"\n'


@dataclass(frozen=True)
class Machine:
    """Where a test's programs are; `environ` is what `find` and `get` are given."""

    root: Path
    path: Path
    tools: Path
    said: list[str] = field(default_factory=list)

    @property
    def environ(self) -> Mapping[str, str]:
        return {
            "PATH": f"{self.path}:{self.root / 'system'}",
            "DEVENV_TOOLS": str(self.tools),
            "HOME": str(self.root / "home"),
        }

    def program(self, place: Path, text: str = "#!/bin/sh\n") -> Path:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)
        return place

    def on_path(self, name: str, text: str = "#!/bin/sh\n") -> Path:
        return self.program(self.path / name, text)

    def package(self, file: str, files: Mapping[str, str]) -> None:
        """Put a package (here a plain tar) into the archive that the fake apt-get downloads from."""
        archive = self.root / "archive"
        archive.mkdir(exist_ok=True)
        with tarfile.open(archive / file, "w") as tar:
            for name, text in files.items():
                entry = tarfile.TarInfo(f"./{name}")
                entry.mode = 0o755
                entry.size = len(text)
                tar.addfile(entry, io.BytesIO(text.encode()))

    @property
    def calls(self) -> str:
        log = self.root / "calls"
        return log.read_text() if log.exists() else ""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, tmp_path / "bin", tmp_path / "tools")
    made.path.mkdir()
    system = tmp_path / "system"  # what the fakes need, and nothing else of this machine
    system.mkdir()
    for name in ("sh", "cat", "cp", "tar", "printf", "dirname"):
        if found := shutil.which(name):
            (system / name).symlink_to(found)
    return made


@pytest.fixture
def debian(machine: Machine) -> Machine:
    """A machine with apt, whose archive has Prometheus, Alertmanager and the exporter."""
    machine.on_path("apt-get", _APT_GET.format(root=machine.root))
    machine.on_path("apt-cache", _APT_CACHE)
    machine.on_path("dpkg-deb", _DPKG_DEB)
    (machine.root / "update").write_text("")
    machine.package(
        "prometheus_2.42.0+ds-5_amd64.deb",
        {
            "usr/bin/prometheus": "#!/bin/sh\ncat /usr/share/prometheus/web/index\necho $@\n",
            "usr/bin/promtool": "#!/bin/sh\n",
            "usr/share/prometheus/web/index": "the page\n",
            "usr/share/doc/prometheus/README": "long",
        },
    )
    machine.package("libjs-jquery_3.6_all.deb", {"usr/share/javascript/jquery/jquery.js": "script"})
    machine.package("fonts-glyphicons-halflings_1_all.deb", {"usr/share/fonts-glyphicons/g.woff": "font"})
    machine.package(
        "prometheus-alertmanager_0.25.0-1+b4_amd64.deb",
        {"usr/bin/prometheus-alertmanager": "#!/bin/sh\n", "usr/bin/amtool": "#!/bin/sh\n"},
    )
    machine.package(
        "prometheus-postgres-exporter_1%3a0.11.1-3_amd64.deb",
        {"usr/bin/prometheus-postgres-exporter": '#!/bin/sh\necho "--collector.bgwriter $@"\n'},
    )
    return machine
