"""One table of a TOML file, read key by key: a wrong, missing or unknown key is named exactly."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from devenv.errors import LakeError

T = TypeVar("T")
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?")


class Table:
    """A table, and the keys that were read of it so far; every reader raises LakeError."""

    def __init__(self, path: Path, text: str, where: tuple[str, ...], values: Mapping[str, Any]) -> None:
        self.path = path
        self.where = where
        self._text = text
        self._values = values
        self._read: set[str] = set()

    def text(self, key: str, pattern: str = r".+", expected: str = "text") -> str:
        """A string that matches the whole pattern."""
        value = self._value(key, expected)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.fail(key, expected, value)
        return value

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """One of the allowed strings."""
        expected = f"one of {', '.join(allowed)}"
        value = self._value(key, expected)
        if value not in allowed:
            self.fail(key, expected, value)
        return str(value)

    def several_of(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """A list of allowed strings, each once; it may be empty."""
        expected = f"a list of {', '.join(allowed)}, each at most once"
        values = self._value(key, expected)
        if not isinstance(values, list) or any(value not in allowed for value in values):
            self.fail(key, expected, values)
        if len(set(values)) < len(values):
            self.fail(key, expected, values)
        return tuple(values)

    def texts(self, key: str, pattern: str, expected: str) -> tuple[str, ...]:
        """A list of strings that each match the whole pattern, each once, at least one."""
        values = self._value(key, expected)
        good = isinstance(values, list) and all(
            isinstance(value, str) and re.fullmatch(pattern, value) for value in values
        )
        if not good or not values or len(set(values)) < len(values):
            self.fail(key, expected, values)
        return tuple(values)

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        expected = f"a whole number from {low} to {high}"
        value = self._value(key, expected)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fail(key, expected, value)
        return value

    def boolean(self, key: str) -> bool:
        """true or false."""
        value = self._value(key, "true or false")
        if not isinstance(value, bool):
            self.fail(key, "true or false", value)
        return value

    def date(self, key: str) -> dt.date:
        """A date without a time."""
        value = self._value(key, "a date such as 2024-01-01")
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            self.fail(key, "a date such as 2024-01-01", value)
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """A table whose keys are the reader's own affair."""
        value = self._value(key, "a table")
        if not isinstance(value, dict):
            self.fail(key, "a table", value)
        return dict(value)

    def table(self, key: str) -> Table:
        """A table inside this one."""
        return Table(self.path, self._text, (*self.where, key), self.mapping(key))

    def each(self, key: str, make: Callable[[str, Table], T]) -> tuple[T, ...]:
        """What `make` gives for each table inside the table `key`, in the file's order; at least one."""
        outer = self.table(key)
        made = []
        for name in outer._values:
            inner = outer.table(name)
            made.append(make(name, inner))
            inner.close()
        if not made:
            self.fail(key, f"at least one table [{key}.NAME]", {})
        return tuple(made)

    def close(self) -> None:
        """Refuse the keys that nothing has read."""
        for key in self._values:
            if key not in self._read:
                known = ", ".join(sorted(self._read)) or "nothing"
                self._refuse(key, f"unknown key {self._name(key)}, expected only {known}")

    def fail(self, key: str, expected: str, found: object) -> NoReturn:
        """Refuse a value."""
        shown = "true" if found is True else "false" if found is False else repr(found)
        self._refuse(key, f"{self._name(key)}: expected {expected}, found {shown}")

    def _value(self, key: str, expected: str) -> Any:
        if key not in self._values:
            self._refuse(None, f"{self._name(key)} is missing: expected {expected}")
        self._read.add(key)
        return self._values[key]

    def _name(self, key: str) -> str:
        return ".".join((*self.where, key))

    def _refuse(self, key: str | None, problem: str) -> NoReturn:
        line = _line(self._text, self.where, key)
        place = f"{self.path}:{line}" if line else str(self.path)
        raise LakeError(f"{place}: {problem}", f"correct it in {self.path.name}")


def _line(text: str, where: tuple[str, ...], key: str | None) -> int | None:
    """The line, counted from 1, of a key (or of its table's header), None where it is not easily found."""
    current: tuple[str, ...] = ()
    header = None
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.fullmatch(line):
            current = tuple(part.strip() for part in _dotted(match[1]))
            if current == where or (key is not None and current == (*where, key)):
                header = number
            if key is not None and current == (*where, key):
                return number
        elif key is not None and current == where and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
        elif (
            current == where[:-1] and where and re.match(rf"\s*[\"']?{re.escape(where[-1])}[\"']?\s*=", line)
        ):
            header = number  # an inline table
    return header


def _dotted(name: str) -> list[str]:
    """The parts of a dotted key; a quoted part may hold dots."""
    return [part.strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", name.strip())]
