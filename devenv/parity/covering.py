"""Keeps secrets out of observations: the instance's are told by name, any other by fingerprint."""

from __future__ import annotations

import hashlib
import re

from devenv.secrets import TOKEN

SECRET_NAME = re.compile(r"PASSW|SECRET|TOKEN|PRIVATE_KEY|CREDENTIAL", re.IGNORECASE)
# A password that stands in clear, in a URL or behind a word that says so; a token (@secret:NAME@) is none.
IN_URL = re.compile(r"(?<=://)([^:/@\s]+:)([^@/\s]+)(?=@)")
IN_WORD = re.compile(r"((?<!@)(?:passw(?:or)?d|secret|token)[\w-]*[=:])(?!@)(\S+)", re.IGNORECASE)


def covered(value: str, name: str = "") -> str:
    """`value` with no secret in it; `name` is the environment variable that holds it."""
    if SECRET_NAME.search(name) and not TOKEN.search(value):
        return fingerprint(value)
    for pattern in (IN_URL, IN_WORD):
        value = pattern.sub(lambda match: f"{match[1]}{fingerprint(match[2])}", value)
    return TOKEN.sub(lambda match: f"secret:{match[1]}", value)


def fingerprint(text: str) -> str:
    """The same for the same text, and too short to find the text by."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
