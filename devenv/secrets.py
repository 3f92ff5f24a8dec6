"""Passwords and keys: made at the first `up`, private, never replaced while data they protect exist."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from devenv.errors import DevenvError
from devenv.state import write_private

NAMES = (
    "GRAFANA_ADMIN_PASSWORD",
    "POSTGRES_LAKEHOUSE_PASSWORD",
    "POSTGRES_MONITOR_PASSWORD",
    "POSTGRES_PASSWORD",
    "POSTGRES_PREFECT_PASSWORD",
    "POSTGRES_READER_PASSWORD",
    "S3_FLOWS_SECRET_KEY",
    "S3_READER_SECRET_KEY",
    "S3_ROOT_PASSWORD",
)
# Stands in the stack for a secret's value, so that the stack can be kept, printed and compared.
TOKEN = re.compile(r"@secret:([A-Z0-9_]+)@")
Secrets = Mapping[str, str]


def tokens() -> dict[str, str]:
    """For each secret, what stands for it in the stack."""
    return {name: f"@secret:{name}@" for name in NAMES}


def reveal(text: str, values: Secrets) -> str:
    """`text` with the secrets themselves in it."""
    return TOKEN.sub(lambda match: values[match[1]], text)


def redact(text: str, values: Secrets) -> str:
    """`text` with no secret in it."""
    for name, value in values.items():
        text = text.replace(value, f"<{name}>")
    return text


def read_secrets(file: Path) -> dict[str, str]:
    """The secrets in `file`; empty where it is not there. Raises DevenvError for a damaged one."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    found = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    missing = [name for name in NAMES if not found.get(name)]
    if missing:
        raise DevenvError(
            f"{file} lacks {missing[0]}",
            f"put it back from a backup, or start anew: devenv down --volumes in every mode, then rm {file}",
        )
    return {name: found[name] for name in NAMES}


def gone(file: Path) -> DevenvError:
    """What to say where data are there, and the secrets in `file` that open them are not."""
    return DevenvError(
        f"{file} is gone, and nothing else opens the data",
        "put it back from a backup, or delete the data: devenv reset (with each mode that has some)",
    )


def make_secrets(file: Path) -> dict[str, str]:
    """New secrets, written to `file` with mode 0600: 32 characters each, safe in a URL."""
    values = {name: secrets.token_hex(16) for name in NAMES}
    lines = ["# Made by devenv; keep it with the data, which nothing else opens.", "# schema 1"]
    write_private(file, "\n".join([*lines, *(f"{name}={value}" for name, value in values.items())]) + "\n")
    return values


def fingerprint(values: Secrets) -> str:
    """Tells whether these are the secrets that the data were made with; reveals none of them."""
    joined = "\0".join(f"{name}={values[name]}" for name in sorted(values))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]
