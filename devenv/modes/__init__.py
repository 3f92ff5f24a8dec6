"""The modes: one module each, found in one literal dict."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from devenv.errors import UsageError

if TYPE_CHECKING:
    from devenv.instance import Instance
    from devenv.modes.base import Mode, Running
    from devenv.settings import Settings

# mode -> module with `open_mode(instance, settings) -> Mode`, open_last, end_orphans and running.
MODES: dict[str, str] = {
    "local": "devenv.modes.local",
    "compose": "devenv.modes.compose",
    "k3s": "devenv.modes.k3s",
}


def check_mode(name: str) -> str:
    """`name`, if it is a mode that is there. Raises UsageError otherwise."""
    if name not in MODES:
        raise UsageError(f"there is no mode {name}", f"use one of: {', '.join(available())}")
    return name


def available() -> list[str]:
    """The modes that can be used."""
    return list(MODES)


def open_last(instance: Instance) -> Mode | None:
    """The mode with the stack that was read last; None where there never was one."""
    mode: Mode | None = _module(instance).open_last(instance)
    return mode


def end_orphans(instance: Instance, volumes: bool) -> int:
    """Ends what still runs of an instance whose state is gone, and with `volumes` deletes the data that are
    not in its folder; returns how many parts ran."""
    return int(_module(instance).end_orphans(instance, volumes))


def running() -> list[Running]:
    """Every instance of this user of which something runs, in every mode that can be asked."""
    return [entry for name in available() for entry in import_module(MODES[name]).running()]


def open_mode(instance: Instance, settings: Settings) -> Mode:
    """The mode that runs `instance`."""
    mode: Mode = _module(instance).open_mode(instance, settings)
    return mode


def _module(instance: Instance) -> Any:
    return import_module(MODES[check_mode(instance.mode)])
