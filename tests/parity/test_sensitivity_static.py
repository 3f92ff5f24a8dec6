"""Each drift of what a mode runs is found, and named by the right key; what is no drift is not found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devenv.parity.measured import Measured
from tests.parity.draw import drawn
from tests.parity.drift import differing, misnamed
from tests.parity.project_copy import Copy, copy_of_project
from tests.parity.static_drifts import PROMETHEUS, STACK, STATIC_DRIFTS, StaticDrift


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return copy_of_project(tmp_path_factory.mktemp("unchanged") / "lake").static()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return copy_of_project(tmp_path / "other")


@pytest.mark.parametrize("drift", drawn(STATIC_DRIFTS, 12), ids=lambda drift: drift.name)
def test_a_static_drift_is_found_and_named(copy: Copy, unchanged: Measured, drift: StaticDrift) -> None:
    drift.change(copy)
    assert misnamed(drift, differing(unchanged, copy.static())) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda copy: None,
        lambda copy: copy.edit(PROMETHEUS, "global:\n", "# a comment\nglobal:\n"),
        lambda copy: copy.edit(
            PROMETHEUS, "labels: {instance: grafana}", "labels:\n          instance: grafana"
        ),
        lambda copy: copy.edit(STACK, 'labels: {devenv.config: "${S3_CONFIG:-}"}', "labels: {mine: yours}"),
        lambda copy: (copy.root / "devenv.toml").write_text(
            's3.engine = "minio"\n[ports]\npostgres = 15432\n'
        ),
    ],
    ids=["another folder, ports and secrets", "a comment", "another layout", "a label", "a chosen port"],
)
def test_what_is_no_drift_is_not_found(
    copy: Copy, unchanged: Measured, change: Callable[[Copy], object]
) -> None:
    change(copy)
    assert differing(unchanged, copy.static()) == {}


def test_no_password_is_observed(copy: Copy) -> None:
    for drift in STATIC_DRIFTS:
        if "password" in drift.name:
            drift.change(copy)
            assert "hunter2" not in "".join(copy.static().observations.values())
