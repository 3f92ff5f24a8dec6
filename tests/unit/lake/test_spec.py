"""lake.toml is read whole or refused with the place, the key and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import LakeError
from devenv.lake.entrypoint import parameter_schema
from devenv.lake.spec import LakeSpec, load_spec


def broken(path: Path, old: str, new: str) -> LakeError:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(LakeError) as caught:
        load_spec(path)
    return caught.value


def line_of(path: Path, start: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if line.startswith(start))


def test_the_projects_own_lake_is_declared(spec: LakeSpec) -> None:
    assert [bucket.name("dev") for bucket in spec.buckets] == [
        "crypto-lakehouse-bronze-dev",
        "crypto-lakehouse-silver-dev",
        "crypto-lakehouse-gold-dev",
    ]
    assert all(bucket.versioning for bucket in spec.buckets)
    assert {user.name: user.read for user in spec.users} == {
        "lakehouse-flows": ("bronze", "silver", "gold"),
        "lakehouse-reader": ("silver", "gold"),
    }
    assert [(item.flow, item.cron) for item in spec.deployments] == [
        ("clean-candles", "0 2 * * *"),
        ("daily-candles", "0 3 * * *"),
    ]


def test_a_wrong_value_is_named_with_its_line(seed_copy: Path) -> None:
    line = line_of(seed_copy, "noncurrent_days")
    error = broken(seed_copy, "noncurrent_days = 30", 'noncurrent_days = "a month"')
    assert error.problem == (
        f"{seed_copy}:{line}: buckets.bronze.noncurrent_days: "
        "expected a whole number from 1 to 3650, found 'a month'"
    )
    assert "lake.toml" in error.remedy


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("versioning = true", "versioning = 1", "buckets.bronze.versioning: expected true or false, found 1"),
        ("[buckets.gold]", "[buckets.platinum]", "buckets.gold is missing"),
        ('read = ["silver", "gold"]', 'read = ["silver", "lead"]', "users.lakehouse-reader.read: expected a"),
        ('interval = "1h"', 'interval = "7h"', "sample.interval: expected one of 1s, 1m"),
        ("start = 2024-01-01", 'start = "2024-01-01"', "sample.start: expected a date such as 2024-01-01"),
        ('["BTCUSDT", "ETHUSDT"]', '["BTCUSDT", "BTCUSDT"]', "sample.symbols: expected symbols"),
        (
            "clean.py:clean_candles",
            "cleam.py:clean_candles",
            "deployments.clean-candles.entrypoint: expected",
        ),
        ('cron = "0 2 * * *"', 'cron = "daily"', "deployments.clean-candles.cron: expected five fields"),
        ("10_daily_candles.sql", "11_daily.sql", "expected the name of a file in sql/"),
        ("days = 31", "days = 31\ncolour = 1", "unknown key sample.colour, expected only days"),
        ("[flows]", "[flows]\nqueue = 1", "unknown key flows.queue"),
        ("[sample]", "[samples]", "sample is missing"),
        ("[sample]", "[more]\n[sample]", "unknown key more"),
        ("[sample]", "[sample", "not TOML: "),
    ],
)
def test_what_is_wrong_is_refused_by_name(seed_copy: Path, old: str, new: str, said: str) -> None:
    error = broken(seed_copy, old, new)
    assert said in error.problem
    assert "\n" not in error.problem
    assert error.remedy


def test_a_missing_file_is_an_expected_error(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="No such file"):
        load_spec(tmp_path / "lake.toml")


def test_parameters_are_described_from_the_flows_source(spec: LakeSpec) -> None:
    schema = parameter_schema(spec, spec.deployments[1])
    assert schema["properties"]["volatility_days"] == {
        "title": "volatility_days",
        "position": 1,
        "type": "integer",
        "default": 7,
    }
    assert schema["properties"]["symbols"]["anyOf"] == [
        {"type": "array", "items": {"type": "string"}},
        {"type": "null"},
    ]
    assert schema["required"] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("clean.py:clean_candles", "clean.py:clean_everything", "does not define clean_everything"),
        ("volatility_days = 7", "volatility_weeks = 7", "has no parameter volatility_weeks"),
    ],
)
def test_a_deployment_that_the_flow_does_not_fit_is_refused(
    seed_copy: Path, old: str, new: str, said: str
) -> None:
    seed_copy.write_text(seed_copy.read_text().replace(old, new))
    spec = load_spec(seed_copy)
    with pytest.raises(LakeError, match=said):
        [parameter_schema(spec, deployment) for deployment in spec.deployments]
