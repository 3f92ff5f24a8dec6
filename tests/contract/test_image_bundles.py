"""devenv images save and load: what is told of files that cannot be written, or are no bundle."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.errors import DevenvError
from devenv.modes.compose import images
from devenv.modes.compose.engine import find_engine
from tests.contract.harness import ComposeHarness


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_is_too_small_for_the_images(compose: ComposeHarness, small_disk: Path) -> None:
    with pytest.raises(DevenvError, match=r"images\.tar cannot be written: No space left") as caught:
        images.save(find_engine(), [compose.image], small_disk / "images.tar")
    assert "room" in caught.value.remedy
    assert list(small_disk.iterdir()) == []


def test_a_folder_that_is_not_there(compose: ComposeHarness, tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="cannot be written: No such file or directory"):
        images.save(find_engine(), [compose.image], tmp_path / "nowhere" / "images.tar")


def test_an_image_that_is_not_here(compose: ComposeHarness, tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="the engine cannot give the images") as caught:
        images.save(find_engine(), ["nobody/nothing:1"], tmp_path / "images.tar")
    assert "devenv images list" in caught.value.remedy
    assert not (tmp_path / "images.tar").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", bytes(4096)], ids=["empty", "text", "zeros"])
def test_a_file_that_is_no_bundle(compose: ComposeHarness, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    with pytest.raises(DevenvError, match="other is no bundle of images") as caught:
        images.load(find_engine(), file)
    assert "devenv images save" in caught.value.remedy


def test_a_file_that_is_a_folder(compose: ComposeHarness, tmp_path: Path) -> None:
    with pytest.raises(DevenvError, match="Is a directory"):
        images.load(find_engine(), tmp_path)
