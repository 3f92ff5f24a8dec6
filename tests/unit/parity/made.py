"""Measurements, made up in a test."""

from __future__ import annotations

from collections.abc import Mapping

from devenv.parity.measured import Failure, Measured

COMMAND = "s3.spec.command"
USER = "s3.spec.user"


def measured(
    mode: str = "local",
    values: Mapping[str, str] | None = None,
    *,
    label: str = "",
    engine: str = "minio",
    images: str = "build",
    failed: Mapping[str, Failure] | None = None,
    **checks: Mapping[str, str],
) -> Measured:
    """A measurement; `values` are what the check `spec` found, `checks` what others did."""
    found = {"spec": dict(values or {}), **checks}
    return Measured(
        label or mode, mode, "2026-01-02T03:04:05+00:00", engine, "dev", images, found, failed or {}
    )
