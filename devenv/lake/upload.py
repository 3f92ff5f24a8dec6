"""Puts raw files into bronze, after making sure that there is at least one candle in each."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

from minio import Minio
from minio.error import S3Error

from devenv.errors import LakeError
from devenv.lake.candles import Source
from devenv.lake.connection import LakeConnection


def check_rows(flows: Path, source: Source, raw: bytes) -> None:
    """Read a file as the flow will; raises LakeError where it has no good row."""
    parsed = _parser(flows).parse(raw, source.name)
    if parsed.candles.is_empty():
        reason = "it is empty"
        if not parsed.rejects.is_empty():
            first = parsed.rejects.row(0, named=True)
            reason = f"line {first['line']}: {first['reason']}"
        raise LakeError(
            f"{source.name}: not one good row: {reason}",
            "give Binance's 12 columns, or a header with open_time, open, high, low, close, volume",
        )


def upload(lake: LakeConnection, client: Minio, source: Source, raw: bytes) -> bool:
    """Write a raw file unless bronze has the same already; whether it was written."""
    bucket, digest = lake.bucket("bronze"), hashlib.sha256(raw).hexdigest()
    try:
        there = client.stat_object(bucket_name=bucket, object_name=source.key)
        if (there.metadata or {}).get("x-amz-meta-sha256") == digest:
            return False
    except S3Error as error:
        if error.code != "NoSuchKey":
            raise
    client.put_object(
        bucket_name=bucket,
        object_name=source.key,
        data=io.BytesIO(raw),
        length=len(raw),
        content_type="text/csv",
        metadata={"sha256": digest},
    )
    return True


def _parser(flows: Path) -> ModuleType:
    """The flows' own parser: what counts as a good row is said there, once."""
    specification = importlib.util.spec_from_file_location("lakehouse_flow_candles", flows / "candles.py")
    if specification is None or specification.loader is None:
        raise LakeError(f"{flows}/candles.py cannot be read", "restore the folder of the flows")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module
