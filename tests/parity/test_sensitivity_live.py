"""Each drift of a platform that runs is found and named, and nothing is found where nothing has changed."""

from __future__ import annotations

import pytest

from devenv.clock import Deadline
from devenv.parity.compare import differing
from devenv.parity.measured import Measured, group
from devenv.ready import wait_until
from tests.parity.draw import drawn
from tests.parity.drift import Drift, misnamed
from tests.parity.lab import Lab, LiveChange
from tests.parity.live_drifts import LIVE_DRIFTS

pytestmark = pytest.mark.real


@pytest.mark.parametrize("drift", drawn(LIVE_DRIFTS, 12), ids=lambda drift: drift.name)
def test_a_live_drift_is_found_and_named(lab: Lab, unchanged: Measured, drift: Drift[LiveChange]) -> None:
    services = {group(key) for key in drift.keys}
    with drift.change(lab):
        found = differing(unchanged, lab.measure("changed", services))
    assert misnamed(drift, found) == []

    def undone() -> str | None:
        left = differing(unchanged, lab.measure("undone", services))
        return f"still different: {left}" if left else None

    wait_until(undone, Deadline.after(60))


def test_there_are_observations_enough(unchanged: Measured) -> None:
    assert len(unchanged.observations) >= 400


def test_ten_measurements_of_one_unchanged_mode_are_identical(lab: Lab, unchanged: Measured) -> None:
    for number in range(10):
        assert differing(unchanged, lab.measure(f"measurement {number}")) == {}
