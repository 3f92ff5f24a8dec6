"""Each drift of what a mode runs is found, and named by the right key; what is no drift is not found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from devenv.errors import StackError
from devenv.parity.compare import differing
from devenv.parity.measured import Measured
from tests.parity.draw import drawn
from tests.parity.drift import misnamed
from tests.parity.project_copy import Copy, copy_of_project
from tests.parity.static_drifts import PROMETHEUS, STACK, STATIC_DRIFTS, StaticDrift

# What K3s cannot express, it refuses by name; what a restricted namespace asks, it has in any case.
REFUSED_BY_K3S = {
    "flows that can be written to": "can be written to",
    "privileges that can grow": "security_opt",
    "a service that stays away": "restart",
}
THE_SAME_IN_K3S = {"a capability left"}


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


@pytest.fixture(scope="module")
def unchanged_in_k3s(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    return copy_of_project(tmp_path_factory.mktemp("unchanged-k3s") / "lake").static("k3s")


@pytest.mark.parametrize("drift", drawn(STATIC_DRIFTS, 12), ids=lambda drift: drift.name)
def test_a_static_drift_reaches_the_manifests(
    copy: Copy, unchanged_in_k3s: Measured, drift: StaticDrift
) -> None:
    drift.change(copy)
    if drift.name in REFUSED_BY_K3S:
        with pytest.raises(StackError, match=REFUSED_BY_K3S[drift.name]):
            copy.static("k3s")
        return
    # Health checks are the engine's; the kubelet asks by itself.
    keys = tuple(key for key in drift.keys if ".spec.health." not in key)
    of_k3s = replace(drift, keys=() if drift.name in THE_SAME_IN_K3S else keys)
    assert misnamed(of_k3s, differing(unchanged_in_k3s, copy.static("k3s"))) == []


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
