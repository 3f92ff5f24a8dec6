"""The file and the line that a key comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devenv.parity.catalogue import meanings
from devenv.parity.sources import where
from devenv.project import Project
from tests.parity.project_copy import Copy, copy_of_project


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return copy_of_project(tmp_path / "lake")


def line(copy: Copy, key: str) -> str:
    """The text at the place that is told."""
    file, _, number = where(key, Project(copy.root), "minio").rpartition(":")
    return (copy.root / file).read_text().splitlines()[int(number) - 1].strip()


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("grafana.spec.command", "command: [server, --homepath"),
        ("postgres.spec.version", "image: ${POSTGRES_IMAGE"),
        ("postgres.spec.environment.pgdata", "PGDATA: "),
        ("prefect-server.spec.environment.do_not_track", 'DO_NOT_TRACK: "1"'),  # in what is merged
        ("s3.spec.limit.memory", "deploy: "),
        ("postgres.spec.start.period", "start_period: 120s"),
        ("prefect-worker.spec.volume./opt/lakehouse/flows", "- ../seed/flows"),
        ("s3.spec.root.read-only", "read_only: true"),
        ("s3.spec.state", "s3:"),
        ("s3.spec.environment.nothing_of_the_kind", "environment:"),
        ("grafana.dashboard.platform.title", '"title": "Lakehouse platform"'),
        ("grafana.dashboard.platform.panel.3.title", '"id": 3,'),
        (
            "postgres.table.lakehouse.daily_candles.owner",
            "CREATE TABLE IF NOT EXISTS lakehouse.daily_candles",
        ),
        ("postgres.table.lakehouse.daily_candles.column.vwap", "vwap "),
        ("prefect-worker.run.complete.states", "def clean_candles("),
        ("prefect-worker.run.fail.states", "def daily_candles("),
    ],
)
def test_the_line_is_the_one_to_mend(copy: Copy, key: str, expected: str) -> None:
    assert line(copy, key).startswith(expected)


def test_an_override_goes_before_the_stack(copy: Copy) -> None:
    copy.override("postgres", environment={"PGDATA": "/x"})
    told = where("postgres.spec.environment.pgdata", Project(copy.root), "minio")
    assert told == "compose/compose.override.yaml:1"


def test_names_that_differ_in_their_case_alone_have_each_its_line(copy: Copy) -> None:
    file = copy.root / "compose" / "compose.override.yaml"
    file.write_text("services:\n  s3:\n    environment:\n      HTTP_PROXY: a\n      http_proxy: b\n")
    assert line(copy, "s3.spec.environment.HTTP_PROXY") == "HTTP_PROXY: a"
    assert line(copy, "s3.spec.environment.http_proxy") == "http_proxy: b"


def test_every_meaning_has_a_place_that_is_there(copy: Copy) -> None:
    for meaning in meanings():
        key = re.sub(r"\{[^}]+\}", "x", meaning.key)
        file = where(key, Project(copy.root), "minio").partition(":")[0]
        assert (copy.root / file).exists(), f"{meaning.key}: {meaning.source} is not {file}"
