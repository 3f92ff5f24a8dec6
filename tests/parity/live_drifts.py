"""Drifts of a platform that runs: each is injected, found, and undone."""

from __future__ import annotations

from tests.parity import monitoring_drifts, postgres_drifts, prefect_drifts, s3_drifts
from tests.parity.drift import Drift
from tests.parity.lab import LiveChange

LIVE_DRIFTS: tuple[Drift[LiveChange], ...] = (
    *s3_drifts.DRIFTS,
    *postgres_drifts.DRIFTS,
    *prefect_drifts.DRIFTS,
    *monitoring_drifts.DRIFTS,
)
