"""A mode that is named in DEVENV_REQUIRE_MODES is tested, or its tests fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest


def test_a_mode_that_cannot_be_tested_is_skipped_with_the_reason(
    cannot_test: Callable[[str, str], NoReturn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVENV_REQUIRE_MODES", "local")
    with pytest.raises(pytest.skip.Exception, match="k3s cannot be tested here: no Docker"):
        cannot_test("k3s", "no Docker")


def test_a_required_mode_that_cannot_be_tested_fails(
    cannot_test: Callable[[str, str], NoReturn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVENV_REQUIRE_MODES", "local, k3s")
    with pytest.raises(pytest.fail.Exception, match="k3s, which cannot be tested here: no Docker"):
        cannot_test("k3s", "no Docker")
