"""One project in every mode at once."""

from __future__ import annotations

from contextlib import ExitStack

from tests.contract.harness import ComposeHarness, Harness, LocalHarness, deadline, instance
from tests.contract.k3s_harness import K3sHarness
from tests.fakes.project import SERVICES


def test_all_modes_of_one_project_are_up_at_once_and_leave_each_other_alone(k3s: K3sHarness) -> None:
    root = k3s.project.root
    with ExitStack() as stack:
        others: list[Harness] = [LocalHarness(root), ComposeHarness(root)]
        for other in others:
            stack.enter_context(instance(other))
        modes = {harness: harness.open() for harness in (*others, k3s)}
        for harness, mode in modes.items():
            list(mode.start(SERVICES, deadline()))
            harness.put(mode, "store", harness.mode_name)
        ports = [endpoint.port for mode in modes.values() for endpoint in mode.endpoints().values()]
        assert len(set(ports)) == len(modes) * len(SERVICES)
        for harness, mode in modes.items():
            assert {entry.state for entry in mode.status()} == {"ready"}
            assert harness.value(mode, "store") == harness.mode_name
        list(modes[others[0]].stop(SERVICES))
        assert {entry.state for entry in modes[others[1]].status()} == {"ready"}
        assert {entry.state for entry in modes[k3s].status()} == {"ready"}
