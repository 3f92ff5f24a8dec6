"""The list of allowed differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import DevenvError
from devenv.modes import MODES
from devenv.parity.allowed import read_allowed
from devenv.parity.catalogue import meaning_of

ENTRY = '[[mode]]\nkey = "s3.spec.command"\nvalues = {local = "a", compose = "b"}\nreason = "meant"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[mode]\n", "is not TOML"),
        ("[[other]]\n", "other is no list of differences"),
        (ENTRY.replace("reason", "why"), "mode 1 has key, values, why"),
        (ENTRY.replace('"meant"', '" "'), "has no reason"),
        (ENTRY.replace('"b"', '"a"'), "has no two values that differ"),
        (ENTRY + ENTRY, "mode 2: s3.spec.command stands there twice"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "allowed.toml"
    file.write_text(text)
    with pytest.raises(DevenvError, match=said) as raised:
        read_allowed(file)
    assert str(file) in raised.value.problem


def test_a_list_for_engines_is_no_list_for_modes(tmp_path: Path) -> None:
    file = tmp_path / "engines.toml"
    file.write_text(ENTRY)
    with pytest.raises(DevenvError, match="mode is no list of differences"):
        read_allowed(engines=file)


def test_the_list_is_short_and_names_keys_and_modes_that_there_are() -> None:
    known = read_allowed()
    assert len(known.modes) <= 40
    for entry in known.modes.values():
        assert meaning_of(entry.key)
        assert set(entry.values) <= set(MODES)
    for entry in known.engines.values():
        assert meaning_of(entry.key)
        assert set(entry.values) == {"minio", "seaweedfs"}
