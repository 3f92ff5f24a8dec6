"""An instance: its name, its folders, and one command at a time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.errors import DevenvError, LockedError
from devenv.instance import Instance, changing, load_instance, make_private, project_name
from devenv.project import Project


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(Project(tmp_path / "Crypto Lake!"), "local")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/a/Crypto Lake!", r"crypto-lake-[0-9a-f]{6}"),
        ("/a/___", r"devenv-[0-9a-f]{6}"),
        ("/a/données", r"donn-es-[0-9a-f]{6}"),
        (f"/a/{'x' * 80}", r"x{24}-[0-9a-f]{6}"),
    ],
)
def test_a_project_is_named_after_its_folder(folder: str, name: str) -> None:
    assert re.fullmatch(name, project_name(Project(Path(folder))))


def test_two_clones_of_one_name_differ() -> None:
    assert project_name(Project(Path("/a/lake"))) != project_name(Project(Path("/b/lake")))


def test_each_mode_has_its_own_instance(instance: Instance) -> None:
    other = Instance(instance.project, "k3s")
    assert other.name.endswith("-k3s")
    assert other.folder != instance.folder


def test_sockets_have_short_paths_however_deep_the_project_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = Instance(Project(Path("/" + "/".join(["a" * 50] * 10))), "local")
    for base in (tmp_path / ("x" * 80), tmp_path / "not-there"):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
        assert len(str(deep.runtime / "supervisor.sock")) < 90


def test_two_instances_do_not_share_a_folder_for_sockets(instance: Instance) -> None:
    assert Instance(instance.project, "k3s").runtime != instance.runtime


def test_an_instance_is_found_again_as_it_was_left(instance: Instance) -> None:
    changed = instance.changed(ports={"s3": 9000}, s3_engine="minio", left_out={"grafana": "no"})
    assert load_instance(instance.project, "local") == changed


def test_an_instance_that_was_never_up_has_no_ports(instance: Instance) -> None:
    assert load_instance(instance.project, "local") == instance
    assert not instance.ports


def test_data_are_there_once_something_lies_in_their_folder(instance: Instance) -> None:
    assert not instance.has_data
    instance.data.mkdir(parents=True)
    assert not instance.has_data
    (instance.data / "s3-data").mkdir()
    assert instance.has_data


def test_a_second_command_is_refused_with_the_name_of_the_first(instance: Instance) -> None:
    waited: list[str] = []
    with changing(instance, 0), pytest.raises(LockedError) as caught, changing(instance, 0.01, waited.append):
        pass
    holder = f"devenv (pid {os.getpid()})"
    assert caught.value.problem == f"{holder} is changing {instance.name}, for over 0.01 s now"
    assert waited == [holder]


def test_the_next_command_can_begin_when_one_has_failed(instance: Instance) -> None:
    with pytest.raises(ValueError, match="x"), changing(instance, 0):
        raise ValueError("x")
    with changing(instance, 0):
        pass


def test_the_lock_of_a_killed_command_is_free(instance: Instance) -> None:
    program = (
        "import os, pathlib; from devenv.instance import *; from devenv.project import Project\n"
        f"with changing(Instance(Project(pathlib.Path({str(instance.project.root)!r})), 'local'), 0):\n"
        "    os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    with changing(instance, 0):
        pass


def test_the_state_folder_is_private(instance: Instance) -> None:
    with changing(instance, 0):
        assert instance.project.state.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_could_look_into_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(DevenvError, match=r"belongs to another user \(id 12345\)"):
        make_private(folder)
