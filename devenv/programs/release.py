"""Programs of a pinned release: downloaded, kept only where the checksum is the one written here."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import ToolMissing
from devenv.programs.tools import put

TIMEOUT_S = 60.0
NEEDED_BYTES = 100_000_000


@dataclass(frozen=True)
class Release:
    """One file a platform: `{platform}` in `address` is linux-amd64, darwin-arm64 and so on."""

    version: str
    address: str
    sha256: Mapping[str, str]


RELEASES = {
    "k3d": Release(
        "5.8.3",
        "https://github.com/k3d-io/k3d/releases/download/v5.8.3/k3d-{platform}",
        {
            "linux-amd64": "dbaa79a76ace7f4ca230a1ff41dc7d8a5036a8ad0309e9c54f9bf3836dbe853e",
            "linux-arm64": "0b8110f2229631af7402fb828259330985918b08fefd38b7f1b788a1c8687216",
            "darwin-amd64": "fd0f8e9e8ea4d8bc3674572ca6ed0833b639bf57c43c708616d937377324cfea",
            "darwin-arm64": "8da468daa7dc7cf7cdd4735f90a9bb05179fa27858250f62e3d8cdf5b5ca0698",
        },
    )
}


def platform_name() -> str:
    """What a release calls this machine, such as linux-amd64."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}-{machine}"


def download(
    name: str,
    release: Release,
    work: Path,
    folder: Path,
    progress: Callable[[str], None],
    environ: Mapping[str, str],
) -> None:
    """Puts the release into the tools folder. Raises ToolMissing where it cannot be had, or is another file.

    environ: DEVENV_RELEASES is a mirror's address, in place of https://github.com
    """
    wanted = release.sha256.get(platform_name())
    if wanted is None:
        raise ToolMissing(f"{name} has no release for {platform_name()}", f"build {name} and put it on PATH")
    address = release.address.format(platform=platform_name())
    if mirror := environ.get("DEVENV_RELEASES"):
        address = address.replace("https://github.com", mirror.rstrip("/"))
    progress(f"downloading {name} {release.version} from {address}")
    binary = work / "tree" / "bin" / name
    binary.parent.mkdir(parents=True)
    digest = _fetch(name, address, binary)
    if digest != wanted:
        raise ToolMissing(
            f"{address} is not the {name} {release.version} that devenv knows: its SHA-256 is {digest}",
            f"do not use that file; put {name} {release.version} on PATH from a source that you trust",
        )
    binary.chmod(0o755)
    put(work / "tree", folder, name, release.version)


def _fetch(name: str, address: str, file: Path) -> str:
    import httpx

    digest = hashlib.sha256()
    try:
        with (
            file.open("wb") as stream,
            httpx.stream("GET", address, follow_redirects=True, timeout=TIMEOUT_S) as answer,
        ):
            answer.raise_for_status()
            for block in answer.iter_bytes():
                digest.update(block)
                stream.write(block)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ToolMissing(
            f"{name} cannot be downloaded from {address}: {error or type(error).__name__}",
            f"check the network, name a mirror in DEVENV_RELEASES, or put {name} on PATH",
        ) from error
    return digest.hexdigest()
