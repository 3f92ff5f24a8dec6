"""devenv.toml and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from devenv.errors import UsageError
from devenv.settings import Settings, read_settings


def read(folder: Path, text: str = "", environ: Mapping[str, str] | None = None) -> Settings:
    (folder / "devenv.toml").write_text(text)
    return read_settings(folder, environ or {})


def test_without_a_file_all_has_a_default(tmp_path: Path) -> None:
    assert read_settings(tmp_path, {}) == Settings("dev", "local", 300.0, {}, None, {})


def test_the_file_is_read(tmp_path: Path) -> None:
    text = """
        environment = "staging"
        mode = "local"
        timeout = 60
        [ports]
        s3 = 9100
        [s3]
        engine = "minio"
        [variables]
        GRAFANA_IMAGE = "mine:1"
    """
    assert read(tmp_path, text) == Settings(
        "staging", "local", 60.0, {"s3": 9100}, "minio", {"GRAFANA_IMAGE": "mine:1"}
    )


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    environ = {
        "DEVENV_ENVIRONMENT": "ci",
        "DEVENV_MODE": "k3s",
        "DEVENV_TIMEOUT": "9.5",
        "DEVENV_S3_ENGINE": "seaweedfs",
    }
    text = 'environment = "dev"\nmode = "local"\ntimeout = 1\ns3.engine = "minio"'
    assert read(tmp_path, text, environ) == Settings("ci", "k3s", 9.5, {}, "seaweedfs", {})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mode = ", "devenv.toml is not TOML"),
        ("colour = 1", "devenv.toml: colour is not a setting"),
        ("s3.colour = 1", r"devenv.toml: s3.colour is not a setting"),
        ("s3 = 1", "devenv.toml: s3 is not a table"),
        ("ports = [1]", "devenv.toml: ports is not a table"),
        ("variables = 1", "devenv.toml: variables is not a table"),
        ('environment = "Dev"', "environment 'Dev' cannot end a bucket's name"),
        ('environment = ""', "environment '' cannot"),
        ('environment = "a-"', "environment 'a-' cannot"),
        (f'environment = "{"a" * 40}"', "environment 'a+' cannot"),
        ("environment = 3", "environment 3 cannot"),
        ("timeout = 0", "timeout 0 is not a number of seconds"),
        ("timeout = -1", "timeout -1 is not"),
        ('timeout = "soon"', "timeout 'soon' is not"),
        ("timeout = nan", "timeout nan is not"),
        ("timeout = 100000", "timeout 100000 is not"),
        ("ports.s3 = 0", "ports.s3 = 0 is not a port"),
        ("ports.s3 = 65536", "ports.s3 = 65536 is not a port"),
        ("ports.s3 = true", "ports.s3 = True is not a port"),
        ('ports.s3 = "9000"', "ports.s3 = '9000' is not a port"),
        ('s3.engine = "ceph"', "s3.engine 'ceph' is not known"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        read(tmp_path, text)
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "devenv.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"devenv\.toml is not TOML"):
        read_settings(tmp_path, {})


def test_a_bad_value_of_the_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="timeout 'x'"):
        read_settings(tmp_path, {"DEVENV_TIMEOUT": "x"})
