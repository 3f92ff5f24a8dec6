"""From a mode's own addresses to the stack's variables: `endpoint:s3` in place of 127.0.0.1:21000.

The stack is read once more with a mark in place of every variable by which modes move it. A word that a mode
runs is told with symbols where it is the stack's own word, with this mode's values in the marks' places, and
as it stands where it is not: a wrong address is never taken for the right one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from devenv.modes.base import Described
from devenv.modes.described import EVERY_ADDRESS

# Where a published port's mark begins: a number, for Compose takes nothing else there.
FIRST_PORT = 61_000


@dataclass(frozen=True)
class Symbols:
    """Of one mode.

    marks: variable -> its mark; values: variable -> its value in the mode; owners: variable -> its service
    """

    marks: Mapping[str, str]
    values: Mapping[str, str]
    owners: Mapping[str, str]

    def told(self, word: str, templates: Iterable[str]) -> str:
        """`word` with symbols, if it is one of `templates`, which are words with marks in them."""
        for template in templates:
            if self._matches(word, template):
                return self._filled(template, self._symbol)
        return word

    def _matches(self, word: str, template: str) -> bool:
        return bool(re.fullmatch(self._filled(template, self._value, re.escape), word, re.DOTALL))

    def _filled(self, template: str, meaning: Callable[[str], str], rest: Callable[[str], str] = str) -> str:
        names = {mark: name for name, mark in self.marks.items()}
        parts = re.split(f"({'|'.join(map(re.escape, names))})", template)
        return "".join(meaning(names[part]) if part in names else rest(part) for part in parts)

    def _symbol(self, name: str) -> str:
        return f"endpoint:{self.owners[name]}" if name.endswith("_ADDRESS") else f"${{{name}}}"

    def _value(self, name: str) -> str:
        value = self.values[name]
        # Postgres has a word of its own for every address.
        return rf"(?:{re.escape(value)}|\*)" if value == EVERY_ADDRESS else re.escape(value)


def symbols_of(described: Mapping[str, Described]) -> Symbols:
    """The symbols of a mode, from what it runs."""
    marks: dict[str, str] = {}
    values: dict[str, str] = {}
    owners: dict[str, str] = {}
    for service, entry in described.items():
        for name, value in entry.variables.items():
            number = name.endswith("_PORT") and not name.endswith("_LISTEN_PORT")
            marks[name] = str(FIRST_PORT + len(marks)) if number else f"@mark:{len(marks)}@"
            values[name] = value
            owners[name] = service
    return Symbols(marks, values, owners)
