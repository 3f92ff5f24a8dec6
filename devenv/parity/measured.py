"""What was measured of one mode at one time, and how it is kept in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from devenv import __version__
from devenv.errors import DevenvError
from devenv.parity.catalogue import meaning_of
from devenv.state import write_private

SCHEMA = 2
# SERVICE.spec.state, and its value where the mode runs without the service.
STATE = ".spec.state"
LEFT_OUT = "left out"


@dataclass(frozen=True)
class Failure:
    """Why a check could not measure, and what to do about it."""

    problem: str
    remedy: str


@dataclass(frozen=True)
class Measured:
    """One mode of one instance.

    label: how it is called in a report: the mode, or the file that it was recorded in
    time: when it was measured, in ISO 8601
    images: where those of containers came from: `pull` or `build`
    found: check -> key -> value; failed: check -> why it found nothing
    """

    label: str
    mode: str
    time: str
    s3_engine: str
    environment: str
    images: str
    found: Mapping[str, Mapping[str, str]]
    failed: Mapping[str, Failure]

    @cached_property
    def observations(self) -> dict[str, str]:
        """key -> value."""
        return {key: value for part in self.found.values() for key, value in part.items()}

    @cached_property
    def origins(self) -> dict[str, str]:
        """key -> the check that found it."""
        return {key: check for check, part in self.found.items() for key in part}

    @cached_property
    def families(self) -> frozenset[str]:
        """The families of facts that its mode has."""
        return frozenset(meaning_of(key).family for key in self.observations)

    @cached_property
    def services(self) -> frozenset[str]:
        """Those that are part of the platform here; one that the mode leaves out is not."""
        return frozenset(
            key.removesuffix(STATE)
            for key, value in self.observations.items()
            if key.endswith(STATE) and value != LEFT_OUT
        )

    def groups(self) -> dict[str, int]:
        """How many observations there are of each service."""
        counts: dict[str, int] = {}
        for key in sorted(self.observations, key=group):
            counts[group(key)] = counts.get(group(key), 0) + 1
        return counts


def group(key: str) -> str:
    """The service that a key is about; `platform` for all of them together."""
    return key.partition(".")[0]


def write_recording(measured: Measured, file: Path) -> None:
    """Keeps `measured` in `file`, readable by its owner alone."""
    content = {
        "schema": SCHEMA,
        "devenv": __version__,
        "mode": measured.mode,
        "time": measured.time,
        "s3_engine": measured.s3_engine,
        "environment": measured.environment,
        "images": measured.images,
        "failed": {name: vars(failure) for name, failure in measured.failed.items()},
        "observations": measured.found,
    }
    write_private(file, json.dumps(content, indent=1) + "\n")


def read_recording(file: Path) -> Measured:
    """What was kept in `file`. Raises DevenvError for a file that is not there, is damaged, or is of another
    schema or version."""
    again = "record it anew: devenv parity MODE --record"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DevenvError(f"{file} is not there", again) from None
    except OSError as error:
        raise DevenvError(f"{file}: {error.strerror}", "name a recording that you may read") from error
    except ValueError as error:
        raise DevenvError(f"{file} is no recording, or a damaged one: {error}", again) from error
    if not isinstance(content, dict) or "schema" not in content:
        raise DevenvError(f"{file} is no recording of devenv parity", again)
    if content["schema"] != SCHEMA:
        raise DevenvError(f"{file} has schema {content['schema']}, and this devenv knows {SCHEMA}", again)
    if content.get("devenv") != __version__:
        raise DevenvError(
            f"{file} was recorded by devenv {content.get('devenv')}, and this is {__version__}",
            again,
        )
    try:
        return _measured(file, content)
    except (KeyError, TypeError, AttributeError) as error:
        raise DevenvError(f"{file} is damaged: {type(error).__name__} {error}", again) from error
    except DevenvError as error:
        raise DevenvError(f"{file} is damaged: {error.problem}", again) from error


def _measured(file: Path, content: Mapping[str, Any]) -> Measured:
    return Measured(
        label=f"{content['mode']} in {file}",
        mode=_text("mode", content["mode"]),
        time=_text("time", content["time"]),
        s3_engine=_text("s3_engine", content["s3_engine"]),
        environment=_text("environment", content["environment"]),
        images=_text("images", content["images"]),
        found={check: _facts(part) for check, part in content["observations"].items()},
        failed={
            check: Failure(**{name: _text(name, value) for name, value in why.items()})
            for check, why in content["failed"].items()
        },
    )


def _facts(part: Mapping[str, Any]) -> dict[str, str]:
    for key in part:
        meaning_of(key)
    return {key: _text(key, value) for key, value in part.items()}


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {json.dumps(value)}, not text")
    return value
