"""Keeps secrets out of observations: the instance's are told by name, any other by fingerprint."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from devenv.secrets import TOKEN

_NAMES = r"passw|passphrase|secret|token|credential|private[_-]?key|api[_-]?key|auth[_-]?string"
SECRET_NAME = re.compile(rf"{_NAMES}|[_-]key$", re.IGNORECASE)
# A secret that stands in clear, in a URL or behind a word that says so; a token (@secret:NAME@) is none.
ASSIGNED = re.compile(r"([\w.-]+)=(.*)", re.DOTALL)
IN_URL = re.compile(r"(?<=://)([^:/@\s]*:)(?!@)([^/?#\s]+)(?=@)")
_NAME, _VALUE = rf"(?:(?:{_NAMES})[\w-]{{0,64}}|[_-]key(?![\w-]))", r"""(?!["']?@)("[^"]*"|'[^']*'|\S+)"""
IN_TEXT = re.compile(rf"""((?<!@){_NAME}["']?\s*[=:]\s*){_VALUE}""", re.IGNORECASE)
BEHIND_FLAG = re.compile(rf"((?<!\S)--?[\w-]*?{_NAME}\s+)(?!-){_VALUE}", re.IGNORECASE)


def covered(value: str, name: str = "") -> str:
    """`value` with no secret in it; `name` is the variable, flag or field that holds it."""
    if value and SECRET_NAME.search(name) and not TOKEN.fullmatch(value):
        return fingerprint(value)
    assigned = ASSIGNED.fullmatch(value)
    if assigned and SECRET_NAME.search(assigned[1]):
        return f"{assigned[1]}={covered(assigned[2], assigned[1])}"
    for pattern in (IN_URL, IN_TEXT, BEHIND_FLAG):
        value = pattern.sub(lambda match: f"{match[1]}{fingerprint(match[2])}", value)
    return TOKEN.sub(lambda match: f"secret:{match[1]}", value)


def covered_words(words: Iterable[str]) -> Iterator[str]:
    """The words of a command with no secret in them; a flag's value may be a word of its own."""
    flag = ""
    for word in words:
        yield covered(word, "" if word.startswith("-") else flag)
        flag = word if word.startswith("-") and "=" not in word else ""


@lru_cache(maxsize=256)
def fingerprint(text: str) -> str:
    """The same for the same text on every machine, so it has no salt of its own.

    A guess costs 16 MiB and tens of milliseconds: who has a recording can try a list of words, but not every
    text. A weak password is found that way, so a recording is for those who may know it.
    """
    return f"scrypt:{hashlib.scrypt(text.encode(), salt=b'devenv parity', n=2**14, r=8, p=1).hex()[:12]}"
