"""Programs out of Debian's packages, unpacked with no root and no trace on the system.

apt keeps private lists for the run and checks every signature as it always does; the system's own sources,
proxies and pins hold. All packages come in one download, and are unpacked side by side.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devenv.errors import ToolMissing
from devenv.programs.command import Ended, run
from devenv.programs.known import KNOWN, Known
from devenv.programs.relocation import expose
from devenv.programs.tools import put

NEEDED_BYTES = 700_000_000

# The system's hooks (cleaning /var/cache/apt, telling the desktop) are not for private lists, and would fail.
_CONFIGURATION = """\
Dir::State::lists "{work}/lists/";
Dir::Cache "{work}/cache/";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::Retries "2";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""
_PAGES = ("libjs-", "fonts-")  # what Prometheus's web pages load
_LEFT_OUT = (
    "./etc",
    "./lib",
    "./var",
    "./usr/share/doc",
    "./usr/share/man",
    "./usr/share/sass",
    "./usr/share/javascript/moment-timezone/data",  # 210 MB that no page loads
)


def unpack(
    entries: list[Known],
    work: Path,
    folder: Path,
    progress: Callable[[str], None],
    environ: Mapping[str, str],
) -> None:
    """Put the folders of these programs into the tools folder; `work` is an empty folder on the same disk."""
    packages = {entry.folder: entry.package for entry in entries}
    apt = _Apt(work, environ)
    progress("reading Debian's package lists")
    update = apt("update")
    wanted = dict.fromkeys(packages.values())
    if "prometheus" in wanted:
        wanted.update(dict.fromkeys(apt.pages("prometheus")))
    progress(f"downloading {', '.join(packages.values())}")
    download = apt("download", *wanted)
    if download.code != 0:
        raise _could_not_download(update, download, list(packages.values()))
    progress("unpacking")
    with ThreadPoolExecutor() as pool:
        for place in pool.map(lambda name: _install(name, packages[name], work, folder, environ), packages):
            progress(f"{place.name} is in {place.parent}")


class _Apt:
    """apt with its state in one folder."""

    def __init__(self, work: Path, environ: Mapping[str, str]) -> None:
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (work / name).mkdir(parents=True)
        self._configuration = work / "apt.conf"
        self._configuration.write_text(_CONFIGURATION.format(work=work))
        self._debs = work / "debs"
        self._environ = {**environ, "LC_ALL": "C"}

    def __call__(self, *words: str) -> Ended:
        """apt-get, which downloads into its working directory."""
        return self._run("apt-get", "--quiet=2", *words)

    def pages(self, package: str) -> list[str]:
        """The packages of scripts, styles and fonts below `package`; empty where it depends on none."""
        kinds = ("recommends", "suggests", "enhances", "conflicts", "breaks", "replaces")
        listed = self._run("apt-cache", "depends", "--recurse", *(f"--no-{kind}" for kind in kinds), package)
        return [line for line in listed.output.splitlines() if line.startswith(_PAGES)]

    def _run(self, program: str, *words: str) -> Ended:
        return run([program, f"--config-file={self._configuration}", *words], self._environ, self._debs)


def _could_not_download(update: Ended, download: Ended, packages: list[str]) -> ToolMissing:
    names = ", ".join(packages)
    if "No space left on device" in update.output + download.output:
        return no_space(names)
    failed = [line for line in update.output.splitlines() if line.startswith(("W: Failed", "E: "))]
    cause = failed[-1].strip() if failed else download.cause
    if failed or "Failed to fetch" in cause:
        return ToolMissing(
            f"{names} could not be downloaded: {cause}", "check the network, or apt's sources and proxy"
        )
    return ToolMissing(
        f"{names} could not be downloaded: {cause}",
        "add the distribution's main (Ubuntu: universe) to apt's sources",
    )


def no_space(what: str) -> ToolMissing:
    """The disk of the tools folder ran full while getting `what`."""
    return ToolMissing(
        f"the disk ran full while getting {what}",
        "free some space, or set DEVENV_TOOLS to a folder on another disk",
    )


def _install(name: str, package: str, work: Path, folder: Path, environ: Mapping[str, str]) -> Path:
    """Unpack one package (Prometheus with its web pages) and put it into the tools folder."""
    tree = work / "trees" / name
    tree.mkdir(parents=True)
    deb = next((work / "debs").glob(f"{package}_*.deb"))
    _extract(deb, tree, environ)
    if name == "prometheus":
        for pages in (work / "debs").iterdir():
            if pages.name.startswith(_PAGES):
                _extract(pages, tree, environ)
    for entry in KNOWN.values():
        if entry.folder == name and (binary := _binary(tree, entry)):
            expose(tree, binary, entry.name, environ)
    return put(tree, folder, name, _version(deb))


def _binary(tree: Path, entry: Known) -> str:
    return next((name for name in entry.binaries if (tree / "usr" / "bin" / name).is_file()), "")


def _version(deb: Path) -> str:
    """Of `name_version_architecture.deb`, without the epoch: apt writes its colon as %3a."""
    return deb.stem.split("_")[1].split("%3a")[-1]


def _extract(deb: Path, tree: Path, environ: Mapping[str, str]) -> None:
    """Unpack what is needed of a package; ToolMissing if it cannot be."""
    pack = subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(deb)], env=dict(environ), stdout=subprocess.PIPE
    )
    words = ["tar", "-x", "-C", str(tree), "--no-same-owner", *(f"--exclude={path}" for path in _LEFT_OUT)]
    with pack:
        unpack = subprocess.run(
            words, env=dict(environ), stdin=pack.stdout, stderr=subprocess.PIPE, text=True, check=False
        )
    if unpack.returncode != 0 or pack.returncode != 0:
        if "No space left" in unpack.stderr:
            raise no_space(deb.name)
        raise ToolMissing(
            f"{deb.name} could not be unpacked: {unpack.stderr.strip() or 'dpkg-deb failed'}", "try again"
        )
