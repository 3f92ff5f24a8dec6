"""K3s mode on a cluster that is there already: a namespace in it, and port-forwards on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.errors import DevenvError
from devenv.instance import load_instance, project_name
from devenv.modes import end_orphans, open_mode, running
from devenv.modes.base import Mode
from devenv.ports import is_free
from devenv.settle import settle
from tests.contract.harness import deadline, instance
from tests.contract.k3s_harness import K3sHarness
from tests.fakes.project import SERVICES


class ContextHarness(K3sHarness):
    """Another project, in the cluster of `host`."""

    def __init__(self, root: Path, host: K3sHarness) -> None:
        super().__init__(root)
        self.host = host

    @property
    def context(self) -> str:
        """What k3d calls the host's."""
        return f"k3d-{self.host.name}"

    def unprepared(self) -> Mode:
        settle(self.project, self.mode_name, self.settings, context=self.context)
        return open_mode(load_instance(self.project, self.mode_name), self.settings)

    def left(self) -> list[str]:
        ports = load_instance(self.project, self.mode_name).ports
        return [f"port {port} of {key}" for key, port in ports.items() if not is_free(port)]

    def clear(self) -> None:
        mode = self.open()
        list(mode.stop(SERVICES))
        mode.purge()


@pytest.fixture
def guest(k3s: K3sHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContextHarness]:
    """A project whose context is the cluster of the scenarios' own project, which is up."""
    mode = k3s.open()
    list(mode.start(SERVICES, deadline()))
    monkeypatch.setenv("KUBECONFIG", str(k3s.kubectl.kubeconfig))
    made = ContextHarness(tmp_path / "guest", k3s)
    with instance(made):
        yield made


def up(guest: ContextHarness) -> Mode:
    mode = guest.open()
    for _ in mode.start(SERVICES, deadline()):
        pass
    return mode


def test_it_is_a_namespace_of_its_own_reached_on_this_machine(guest: ContextHarness) -> None:
    mode = up(guest)
    guest.put(mode, "store", "42")
    assert guest.value(mode, "store") == "42"
    assert {entry.state for entry in mode.status()} == {"ready"}
    assert guest.host.value(guest.host.open(), "store") is None
    names = guest.host.kubectl.run("get", "namespaces", "--output=name").split()
    assert f"namespace/{project_name(guest.project)}" in names


def test_a_stop_ends_what_runs_on_this_machine_and_keeps_the_data(guest: ContextHarness) -> None:
    guest.put(up(guest), "store", "42")
    list(guest.open().stop(SERVICES))
    assert guest.left() == []
    assert guest.value(up(guest), "store") == "42"


def test_a_forward_that_was_killed_comes_back_at_the_next_start(guest: ContextHarness) -> None:
    mode = up(guest)
    assert guest.mode_name in {entry.mode for entry in running() if entry.project == guest.project.root}
    assert end_orphans(mode.instance, volumes=False) == len(SERVICES)
    assert guest.left() == []
    mode = up(guest)
    assert guest.answers(mode, "store")
    assert {entry.state for entry in mode.status()} == {"ready"}


def test_another_context_over_its_data_is_refused(guest: ContextHarness) -> None:
    up(guest)
    with pytest.raises(DevenvError, match=r"the data of .* are in context"):
        settle(guest.project, "k3s", guest.settings, context="elsewhere")


def test_a_context_that_is_not_there_is_named(guest: ContextHarness) -> None:
    settle(guest.project, "k3s", guest.settings, context="elsewhere")
    mode = open_mode(load_instance(guest.project, "k3s"), guest.settings)
    with pytest.raises(DevenvError, match="there is no context elsewhere in your Kubernetes configuration"):
        list(mode.start(SERVICES, deadline()))
