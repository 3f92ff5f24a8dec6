"""Getting a program of a pinned release, from a server on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devenv.errors import ToolMissing
from devenv.programs import find, get
from devenv.programs.release import RELEASES, Release, download, platform_name

if TYPE_CHECKING:
    from tests.unit.programs.conftest import Machine

PROGRAM = b"#!/bin/sh\necho k3d\n"


class Files(BaseHTTPRequestHandler):
    """Answers every path that ends in this platform's name with a program."""

    def do_GET(self) -> None:
        found = self.path.endswith(platform_name())
        self.send_response(200 if found else 404)
        self.end_headers()
        if found:
            self.wfile.write(PROGRAM)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[str]:
    """The address of a mirror of releases."""
    server = HTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def pinned(sha256: str) -> Release:
    address = "https://github.com/nobody/tool/releases/download/v1/tool-{platform}"
    return Release("1.0", address, {platform_name(): sha256})


def test_a_release_with_the_right_checksum_is_put_in_the_tools_folder(mirror: str, tmp_path: Path) -> None:
    said: list[str] = []
    release = pinned(hashlib.sha256(PROGRAM).hexdigest())
    download("tool", release, tmp_path / "work", tmp_path, said.append, {"DEVENV_RELEASES": mirror})
    program = tmp_path / "tool-1.0" / "bin" / "tool"
    assert program.read_bytes() == PROGRAM
    assert program.stat().st_mode & 0o111
    assert said == [
        f"downloading tool 1.0 from {mirror}/nobody/tool/releases/download/v1/tool-{platform_name()}"
    ]


def test_another_file_than_the_pinned_one_is_refused(machine: Machine, mirror: str) -> None:
    with pytest.raises(ToolMissing, match=r"is not the k3d 5\.8\.3 that devenv knows") as caught:
        get("k3d", machine.said.append, {**machine.environ, "DEVENV_RELEASES": mirror})
    assert "do not use that file" in caught.value.remedy
    assert find("k3d", machine.environ) is None


def test_a_server_that_does_not_answer_is_named(machine: Machine) -> None:
    with pytest.raises(ToolMissing, match=r"k3d cannot be downloaded from http://127\.0\.0\.1:9/") as caught:
        get("k3d", machine.said.append, {**machine.environ, "DEVENV_RELEASES": "http://127.0.0.1:9"})
    assert "DEVENV_RELEASES" in caught.value.remedy


def test_a_platform_without_a_release_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match=f"tool has no release for {platform_name()}"):
        download("tool", Release("1.0", "", {}), tmp_path, tmp_path, print, {})


def test_every_release_has_a_checksum_for_each_platform() -> None:
    for release in RELEASES.values():
        assert sorted(release.sha256) == ["darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64"]
        assert {len(digest) for digest in release.sha256.values()} == {64}
