"""For every test: an own registry of instances, none of a person's settings, and modes that must be there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest
from hypothesis import settings

# No time limit for an example: the machine that runs the tests may be busy.
settings.register_profile("devenv", deadline=None, max_examples=50)
settings.load_profile("devenv")
PERSONAL = ("DEVENV_PROJECT", "DEVENV_ENVIRONMENT", "DEVENV_MODE", "DEVENV_TIMEOUT", "DEVENV_S3_ENGINE")
CannotTest = Callable[[str, str], NoReturn]


@pytest.fixture(scope="session", autouse=True)
def _own_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # Shared with the other half of `make test`, or both would choose the same ports.
    state = tmp_path_factory.getbasetemp().parent / "devenv-state"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(state))
        for name in PERSONAL:
            patch.delenv(name, raising=False)
        yield


def required_modes() -> list[str]:
    """The modes that DEVENV_REQUIRE_MODES names, separated by commas: their tests must not be skipped."""
    return [name.strip() for name in os.environ.get("DEVENV_REQUIRE_MODES", "").split(",") if name.strip()]


@pytest.fixture(scope="session")
def cannot_test() -> CannotTest:
    """Called with a mode and why it cannot be tested here: skips, or fails where it is required."""

    def end(mode: str, reason: str) -> NoReturn:
        if mode in required_modes():
            pytest.fail(f"DEVENV_REQUIRE_MODES names {mode}, which cannot be tested here: {reason}")
        pytest.skip(f"{mode} cannot be tested here: {reason}")

    return end
