"""The table of `devenv tools`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devenv.programs import catalogue

if TYPE_CHECKING:
    from tests.unit.programs.conftest import Machine


def test_every_program_has_a_place_or_a_reason_and_a_remedy(debian: Machine) -> None:
    rows = {row.name: row for row in catalogue(debian.environ)}
    assert {
        "minio",
        "weed",
        "postgres",
        "prefect",
        "prometheus",
        "alertmanager",
        "postgres_exporter",
        "grafana",
    } == set(rows)
    for row in rows.values():
        assert bool(row.path) != bool(row.reason and row.remedy)
    assert rows["prometheus"].remedy == "devenv tools get prometheus"
    assert rows["minio"].remedy == "devenv tools get minio"
    assert "GRAFANA_HOME" in rows["grafana"].remedy


def test_a_found_program_shows_its_version(machine: Machine) -> None:
    machine.on_path(
        "minio", "#!/bin/sh\necho 'minio version RELEASE.2025-09-07T16-13-09Z (commit-id=07c3)'\n"
    )
    row = next(row for row in catalogue(machine.environ) if row.name == "minio")
    assert (row.version, row.source, row.service) == ("RELEASE.2025-09-07T16-13-09Z", "PATH", "s3")
