"""Secrets: made once, private, and in nothing that is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import DevenvError
from devenv.secrets import NAMES, fingerprint, make_secrets, read_secrets, redact, reveal, tokens


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "secrets.env"


def test_secrets_are_read_as_they_were_made(file: Path) -> None:
    made = make_secrets(file)
    assert read_secrets(file) == made


def test_only_their_owner_can_read_them(file: Path) -> None:
    make_secrets(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_every_secret_is_its_own_and_32_characters_long(file: Path) -> None:
    values = list(make_secrets(file).values())
    assert len(set(values)) == len(NAMES)
    assert {len(value) for value in values} == {32}
    assert all(value.isalnum() for value in values)


def test_there_are_none_where_there_is_no_file(file: Path) -> None:
    assert read_secrets(file) == {}


@pytest.mark.parametrize("damage", ["", "S3_ROOT_PASSWORD=", "rubbish"])
def test_a_damaged_file_is_named_with_what_it_lacks(file: Path, damage: str) -> None:
    make_secrets(file)
    lines = [line for line in file.read_text().splitlines() if not line.startswith("S3_ROOT")]
    file.write_text("\n".join([*lines, damage]))
    with pytest.raises(DevenvError, match=f"{file} lacks S3_ROOT_PASSWORD") as caught:
        read_secrets(file)
    assert "backup" in caught.value.remedy


def test_a_token_stands_for_each_secret(file: Path) -> None:
    values = make_secrets(file)
    text = " ".join(tokens().values())
    assert redact(text, values) == text
    assert reveal(text, values) == " ".join(values.values())


def test_redacted_text_names_the_secret_in_place_of_its_value(file: Path) -> None:
    values = make_secrets(file)
    text = f"postgresql://me:{values['POSTGRES_PASSWORD']}@localhost"
    assert redact(text, values) == "postgresql://me:<POSTGRES_PASSWORD>@localhost"


def test_the_fingerprint_tells_secrets_apart_and_reveals_none(tmp_path: Path) -> None:
    one, other = make_secrets(tmp_path / "a"), make_secrets(tmp_path / "b")
    assert fingerprint(one) == fingerprint(dict(reversed(one.items())))
    assert fingerprint(one) != fingerprint(other)
    assert not any(fingerprint(one) in value for value in one.values())
