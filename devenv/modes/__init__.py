"""The modes: one module each, found in one literal dict."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from devenv.errors import UsageError

if TYPE_CHECKING:
    from devenv.instance import Instance
    from devenv.modes.base import Mode
    from devenv.settings import Settings

# mode -> module with `open_mode(instance, settings) -> Mode`; None: planned, not there yet.
MODES: dict[str, str | None] = {
    "local": "devenv.modes.local",
    "compose": None,
    "k3s": None,
}


def check_mode(name: str) -> str:
    """`name`, if it is a mode that is there. Raises UsageError otherwise."""
    if name not in MODES:
        raise UsageError(f"there is no mode {name}", f"use one of: {', '.join(available())}")
    if MODES[name] is None:
        raise UsageError(f"mode {name} is not there yet", f"use one of: {', '.join(available())}")
    return name


def available() -> list[str]:
    """The modes that can be used."""
    return [name for name, module in MODES.items() if module]


def open_mode(instance: Instance, settings: Settings) -> Mode:
    """The mode that runs `instance`."""
    module = MODES[check_mode(instance.mode)]
    mode: Mode = import_module(str(module)).open_mode(instance, settings)
    return mode
