"""The tools folder: where it is, which version counts, and what a killed `get` leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.programs.tools import installed, locked, put, tools_folder, work_folder


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"DEVENV_TOOLS": "/t", "XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/t"),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/devenv/tools"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/devenv/tools"),
        ({"HOME": "/h"}, "/h/.cache/devenv/tools"),
    ],
)
def test_the_folder_follows_the_environment(environ: dict[str, str], expected: str) -> None:
    assert tools_folder(environ) == Path(expected)


def test_the_newest_version_counts(tmp_path: Path) -> None:
    for name in ("prometheus-2.9.0", "prometheus-2.42.0+ds-5", "prometheus-2.42.0", "other-9"):
        (tmp_path / name).mkdir()
    found = installed(tmp_path, "prometheus")
    assert found is not None
    assert found.version == "2.42.0+ds-5"


def test_no_folder_has_no_versions(tmp_path: Path) -> None:
    assert installed(tmp_path / "none", "prometheus") is None


def test_work_is_gone_afterwards_and_never_counts(tmp_path: Path) -> None:
    with locked(tmp_path, lambda: None), work_folder(tmp_path) as work:
        (work / "prometheus-2.42.0").mkdir()
        assert installed(tmp_path, "prometheus") is None
    assert not work.exists()


def test_the_next_one_to_lock_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    left = tmp_path / ".work-killed"
    left.mkdir()
    with locked(tmp_path, lambda: None):
        assert not left.exists()


def test_a_folder_that_did_not_do_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "minio-1").mkdir()
    tree = tmp_path / ".work-x"
    tree.mkdir()
    (tree / "whole").touch()
    assert (put(tree, tmp_path, "minio", "1") / "whole").exists()
