"""What is chosen once for an instance, and never again over its data."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from devenv.errors import DevenvError
from devenv.instance import Instance, forget, load_instance, note_data
from devenv.project import Project
from devenv.secrets import fingerprint, make_secrets, read_secrets
from devenv.settings import Settings
from devenv.settle import settle
from tests.fakes.project import SERVICES, free_port, write_project

MINIO = Settings(s3_engine="minio")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(tmp_path / "tiny")


def with_data(project: Project) -> Instance:
    instance = settle(project, "local", MINIO)
    (instance.data / "store-data").mkdir(parents=True)
    return instance


def test_every_service_has_a_port_of_its_own(project: Project) -> None:
    ports = settle(project, "local", MINIO).ports
    assert set(ports) == set(SERVICES)
    assert len(set(ports.values())) == len(SERVICES)


def test_a_second_time_nothing_changes(project: Project) -> None:
    assert settle(project, "local", MINIO) == settle(project, "local", MINIO)


def test_ports_stay_though_somebody_listens_there_now(project: Project) -> None:
    instance = settle(project, "local", MINIO)
    with closing(socket.create_server(("127.0.0.1", instance.ports["store"]))):
        assert settle(project, "local", MINIO).ports == instance.ports


def test_another_clone_gets_other_ports_while_the_first_is_down(project: Project, tmp_path: Path) -> None:
    first = settle(project, "local", MINIO)
    other = write_project(tmp_path / "other")
    stack_file = "compose/compose.yaml"
    (other.root / stack_file).write_text((project.root / stack_file).read_text())
    second = settle(other, "local", MINIO)
    assert not set(first.ports.values()) & set(second.ports.values())


def test_a_port_in_the_settings_moves_its_service_alone(project: Project) -> None:
    before = settle(project, "local", MINIO).ports
    port = free_port()
    after = settle(project, "local", replace(MINIO, ports={"api": port})).ports
    assert after == {**before, "api": port}


def test_a_port_of_no_service_is_refused(project: Project) -> None:
    with pytest.raises(DevenvError, match=r"ports\.stroe is no service of the stack"):
        settle(project, "local", replace(MINIO, ports={"stroe": 1}))


def test_the_engine_is_not_switched_over_existing_data(project: Project) -> None:
    with_data(project)
    with pytest.raises(DevenvError, match=r"written by minio, and s3\.engine asks for seaweedfs"):
        settle(project, "local", Settings(s3_engine="seaweedfs"))


def test_data_are_not_opened_with_lost_secrets(project: Project) -> None:
    with_data(project)
    project.secrets_file.unlink()
    with pytest.raises(DevenvError, match="is gone, and nothing else opens the data"):
        settle(project, "local", MINIO)
    assert not project.secrets_file.exists()


def test_data_are_not_opened_with_other_secrets(project: Project) -> None:
    with_data(project)
    make_secrets(project.secrets_file)
    with pytest.raises(DevenvError, match="is not the one that the data"):
        settle(project, "local", MINIO)


def test_lost_secrets_are_made_anew_where_there_are_no_data(project: Project) -> None:
    settle(project, "local", MINIO)
    project.secrets_file.unlink()
    assert settle(project, "local", MINIO).secrets
    assert project.secrets_file.exists()


def test_two_modes_that_come_up_at_once_have_the_same_secrets(project: Project) -> None:
    barrier = Barrier(2)

    def first_up(mode: str) -> str | None:
        barrier.wait()
        return settle(project, mode, MINIO).secrets

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(first_up, ("local", "compose")))
    assert made == [fingerprint(read_secrets(project.secrets_file))] * 2


def test_data_that_lie_elsewhere_keep_their_engine_too(project: Project) -> None:
    instance = settle(project, "compose", MINIO)
    note_data(instance, "the Docker volumes tiny_*")
    with pytest.raises(DevenvError, match=r"were written by minio, and s3\.engine asks for seaweedfs"):
        settle(project, "compose", Settings(s3_engine="seaweedfs"))


def test_k3s_has_a_port_for_its_own_api(project: Project) -> None:
    assert set(settle(project, "k3s", MINIO).ports) == {*SERVICES, "kubernetes"}


def test_an_instance_without_data_keeps_its_cluster_and_where_its_images_come_from(project: Project) -> None:
    instance = settle(project, "k3s", MINIO, context="elsewhere").changed(images="build")
    note_data(instance, "namespace tiny of context elsewhere")
    forget(instance)
    kept = load_instance(project, "k3s")
    assert (kept.context, kept.images, kept.ports, kept.has_data) == ("elsewhere", "build", {}, False)


def test_an_empty_context_is_a_cluster_of_its_own_again(project: Project) -> None:
    settle(project, "k3s", MINIO, context="elsewhere")
    assert settle(project, "k3s", MINIO).context == "elsewhere"
    assert settle(project, "k3s", MINIO, context="").context is None
