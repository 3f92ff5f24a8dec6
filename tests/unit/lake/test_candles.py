"""A file of one's own is taken with its symbol and interval, or refused with a remedy."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from devenv.errors import LakeError
from devenv.lake.candles import content, digest, file_source, sample_sources
from devenv.lake.fingerprint import fingerprint
from devenv.lake.seed import check_names
from devenv.lake.spec import LakeSpec, load_spec
from devenv.lake.upload import check_rows

ROWS = b"open_time,open,high,low,close,volume\n1609459200000,10,12,9,11,5\n"


def written(folder: Path, name: str, raw: bytes = ROWS) -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def test_symbol_and_interval_are_read_from_the_name(tmp_path: Path) -> None:
    source = file_source(written(tmp_path, "BTCUSDT-1h-2021.csv"))
    assert source.key == "candles/symbol=BTCUSDT/interval=1h/BTCUSDT-1h-2021.csv"


def test_what_is_given_goes_before_the_name(tmp_path: Path) -> None:
    source = file_source(written(tmp_path, "mine.txt"), "ETHUSDT", "1d")
    assert source.key == "candles/symbol=ETHUSDT/interval=1d/mine.txt.csv"


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    packed = written(tmp_path, "BTCUSDT-1h-2021.csv.gz", gzip.compress(ROWS))
    archive = tmp_path / "BTCUSDT-1h-2021.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("BTCUSDT-1h-2021.csv", ROWS)
    for path in (packed, archive):
        source = file_source(path)
        assert (source.name, content(source)) == ("BTCUSDT-1h-2021.csv", ROWS)


@pytest.mark.parametrize(
    ("name", "symbol", "interval", "said"),
    [
        ("mine.csv", None, None, "does not tell which symbol"),
        ("mine.csv", "btc usdt", "1h", "'btc usdt' is no symbol"),
        ("BTCUSDT-9h-2021.csv", None, None, "'9h' is no interval"),
        ("BTCUSDT-1h-2021 (1).csv", None, None, "awkward key"),
    ],
)
def test_a_file_that_cannot_be_placed_is_refused(
    tmp_path: Path, name: str, symbol: str | None, interval: str | None, said: str
) -> None:
    with pytest.raises(LakeError, match=said) as caught:
        file_source(written(tmp_path, name), symbol, interval)
    assert caught.value.remedy


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="does not exist"):
        file_source(tmp_path / "BTCUSDT-1h-2021.csv")
    with pytest.raises(LakeError, match="is a folder"):
        file_source(tmp_path)


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("BTCUSDT-1h-2021.csv", b"\0\1\2" * 100, "not a text file"),
        ("BTCUSDT-1h-2021.zip", b"PK\3\4 and no more", "not a sound archive"),
        ("BTCUSDT-1h-2021.csv.gz", ROWS, "not a sound archive"),
    ],
)
def test_content_that_is_no_text_is_refused(tmp_path: Path, name: str, raw: bytes, said: str) -> None:
    source = file_source(written(tmp_path, name, raw))
    with pytest.raises(LakeError, match=said):
        content(source)


def test_a_file_without_a_good_row_is_refused_with_its_first_bad_one(tmp_path: Path, spec: LakeSpec) -> None:
    source = file_source(written(tmp_path, "BTCUSDT-1h-2021.csv"))
    check_rows(spec.flows, source, ROWS)
    with pytest.raises(LakeError, match="not one good row: line 2: 1 columns, expected 6"):
        check_rows(spec.flows, source, ROWS.splitlines()[0] + b"\nnonsense")
    with pytest.raises(LakeError, match="it is empty"):
        check_rows(spec.flows, source, b"")


def test_the_fingerprint_follows_everything_a_seed_depends_on(seed_copy: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "BTCUSDT-1h-2021.csv")
    prints = [fingerprint(load_spec(seed_copy), [file_source(path)])]
    assert fingerprint(load_spec(seed_copy), [file_source(path)]) == prints[0]
    for changed in (
        path,
        seed_copy,
        seed_copy.parent / "flows/clean.py",
        next(seed_copy.parent.glob("sql/*")),
    ):
        changed.write_bytes(changed.read_bytes() + b"\n")
        prints.append(fingerprint(load_spec(seed_copy), [file_source(path)]))
    prints.append(fingerprint(load_spec(seed_copy), []))
    assert len(set(prints)) == len(prints)


def test_the_samples_fingerprint_needs_no_sample(spec: LakeSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devenv.lake.sample.content", lambda month: pytest.fail("generated"))
    sources = sample_sources(spec.sample)
    assert len({digest(source) for source in sources}) == len(sources)
    assert fingerprint(spec, sources)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    sources = []
    for year in ("2023", "2024"):
        (tmp_path / year).mkdir()
        sources.append(file_source(written(tmp_path / year, "candles.csv"), "BTCUSDT", "1h"))
    with pytest.raises(LakeError, match=r"two files would be candles/.*/candles\.csv"):
        check_names(sources)
