"""The raw candle files that `seed` puts into bronze: a file of one's own, or a month of the sample."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import LakeError
from devenv.lake import sample
from devenv.lake.spec import INTERVALS, SYMBOL, SampleSpec

_NAMED = re.compile(r"([A-Z0-9]+)-(\d+[smhd])(?:[-.]|$)")
_ARCHIVES = (".zip", ".gz")


@dataclass(frozen=True)
class Source:
    """One raw file: the name it has in bronze, its candles' symbol and interval, and where its bytes are."""

    symbol: str
    interval: str
    name: str
    origin: Path | bytes | sample.SampleMonth

    @property
    def key(self) -> str:
        """The object's key in bronze."""
        return f"candles/symbol={self.symbol}/interval={self.interval}/{self.name}"


def sample_sources(spec: SampleSpec) -> tuple[Source, ...]:
    """The default sample."""
    return tuple(Source(month.symbol, month.interval, month.name, month) for month in sample.months(spec))


def file_source(path: Path, symbol: str | None = None, interval: str | None = None) -> Source:
    """A file of one's own: CSV, or one packed as .zip or .gz.

    What is not given is read from a name such as BTCUSDT-1h-2021.csv. Raises LakeError for a path that is
    no readable file, and for a symbol or an interval that is not known or not valid.
    """
    if path.is_dir():
        raise LakeError(f"{path} is a folder", "name a CSV file in it")
    if not path.exists():
        raise LakeError(f"{path} does not exist", "check the path")
    named = _NAMED.match(path.name)
    symbol = symbol or (named[1] if named else None)
    interval = interval or (named[2] if named else None)
    if not symbol or not interval:
        raise LakeError(
            f"{path.name}: the name does not tell which symbol and interval the candles are of",
            "give --symbol and --interval, or call it such as BTCUSDT-1h-2021.csv",
        )
    if not SYMBOL.fullmatch(symbol):
        raise LakeError(
            f"{path.name}: {symbol!r} is no symbol", "use 2 to 20 capital letters and digits, such as BTCUSDT"
        )
    if interval not in INTERVALS:
        raise LakeError(f"{path.name}: {interval!r} is no interval", f"use one of {', '.join(INTERVALS)}")
    name = path.name
    for suffix in _ARCHIVES:
        name = name.removesuffix(suffix)
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        raise LakeError(
            f"{path.name}: the name would make an awkward key",
            "rename the file: letters, digits, dots, dashes and underscores",
        )
    name = name if name.lower().endswith(".csv") else f"{name}.csv"
    source = Source(symbol, interval, name, path)
    _read(path, limit=1)
    return source


def digest(source: Source) -> str:
    """Changes with the source's content; of a sample it is made from how the content is generated."""
    if isinstance(source.origin, sample.SampleMonth):
        return hashlib.sha256(f"{sample.VERSION} {source.origin}".encode()).hexdigest()
    content = source.origin if isinstance(source.origin, bytes) else _read(source.origin)
    return hashlib.sha256(content).hexdigest()


def content(source: Source) -> bytes:
    """The raw file, unpacked. Raises LakeError for a file that cannot be read or is not text."""
    if isinstance(source.origin, sample.SampleMonth):
        return sample.content(source.origin)
    if isinstance(source.origin, bytes):
        return _text(source.origin, source.name)
    return _text(_unpacked(source.origin, _read(source.origin)), source.origin.name)


def _unpacked(path: Path, packed: bytes) -> bytes:
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                members = [item for item in archive.infolist() if item.filename.lower().endswith(".csv")]
                if len(members) != 1:
                    raise LakeError(
                        f"{path}: {len(members)} CSV files in it, expected one", "unpack it and name one file"
                    )
                return archive.read(members[0])
        if path.suffix == ".gz":
            return gzip.decompress(packed)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, RuntimeError) as error:
        raise LakeError(
            f"{path}: not a sound archive: {error}", "fetch it again, or unpack it first"
        ) from None
    return packed


def _text(raw: bytes, name: str) -> bytes:
    if b"\0" in raw:
        raise LakeError(f"{name}: not a text file", "name a CSV file of candles in UTF-8")
    return raw


def _read(path: Path, limit: int = -1) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(limit)
    except OSError as error:
        raise LakeError(f"{path}: {error.strerror}", "make the file readable") from None
