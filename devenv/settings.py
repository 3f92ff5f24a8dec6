"""Settings: devenv.toml and the environment, read once into one frozen object."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devenv.errors import UsageError

FILE = "devenv.toml"
ENGINES = ("minio", "seaweedfs")
KEYS = {"environment", "mode", "timeout", "ports", "s3", "variables"}


@dataclass(frozen=True)
class Settings:
    """What a person can choose, all with a default.

    environment: the last part of the bucket names, as in the cloud
    mode: what `devenv up` means without a MODE
    timeout: seconds for all services together to become ready
    ports: service -> port on this machine, in place of the well-known one
    s3_engine: `minio` or `seaweedfs`; None is MinIO where it is installed, else SeaweedFS
    variables: further variables of compose.yaml; those called *_IMAGE can stand in the environment too
    """

    environment: str = "dev"
    mode: str = "local"
    timeout: float = 300.0
    ports: Mapping[str, int] = field(default_factory=dict)
    s3_engine: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def read_settings(project: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings of `devenv.toml` in `project`; DEVENV_ENVIRONMENT, DEVENV_MODE, DEVENV_TIMEOUT and
    DEVENV_S3_ENGINE go before the file.

    Raises UsageError that names the file and the key.
    """
    file = project / FILE
    try:
        given = tomllib.loads(file.read_text())
    except FileNotFoundError:
        given = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML: {error}", "mend that line") from error
    for key in given:
        if key not in KEYS:
            raise UsageError(
                f"{file}: {key} is not a setting", f"the settings are: {', '.join(sorted(KEYS))}"
            )
    s3 = _table(file, given, "s3")
    for key in s3:
        if key != "engine":
            raise UsageError(f"{file}: s3.{key} is not a setting", "the settings of [s3] are: engine")
    return Settings(
        environment=_environment(environ.get("DEVENV_ENVIRONMENT", given.get("environment", "dev"))),
        mode=str(environ.get("DEVENV_MODE", given.get("mode", "local"))),
        timeout=_timeout(environ.get("DEVENV_TIMEOUT", given.get("timeout", 300))),
        ports={name: _port(file, name, port) for name, port in _table(file, given, "ports").items()},
        s3_engine=_engine(environ.get("DEVENV_S3_ENGINE", s3.get("engine"))),
        variables={
            **{name: value for name, value in environ.items() if name.endswith("_IMAGE")},
            **{name: str(value) for name, value in _table(file, given, "variables").items()},
        },
    )


def _table(file: Path, given: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{file}: {key} is not a table", f"write it as [{key}] with a line each")
    return value


def _environment(value: object) -> str:
    # 63 characters is S3's limit for a bucket's name, and crypto-lakehouse-bronze- has 24.
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?", value):
        raise UsageError(
            f"environment {value!r} cannot end a bucket's name",
            "use lower-case letters, digits and hyphens, at most 39 of them",
        )
    return value


def _timeout(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 86_400:
        raise UsageError(
            f"timeout {value!r} is not a number of seconds", "use one from 1 to 86400, such as 300"
        )
    return seconds


def _port(file: Path, name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 65_535:
        raise UsageError(f"{file}: ports.{name} = {value!r} is not a port", "use a number from 1024 to 65535")
    return value


def _engine(value: object) -> str | None:
    if value is not None and value not in ENGINES:
        raise UsageError(f"s3.engine {value!r} is not known", f"use one of: {', '.join(ENGINES)}")
    return None if value is None else str(value)
