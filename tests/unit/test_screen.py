"""What a terminal is left with."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import click
import pytest

from devenv.cli.options import Options
from devenv.errors import DevenvError
from devenv.modes.base import Event
from tests.fakes.project import write_project

HIDDEN, SHOWN = b"\x1b[?25l", b"\x1b[?25h"


@pytest.mark.parametrize("end", [DevenvError("it failed", "mend it"), KeyboardInterrupt()])
def test_the_cursor_is_shown_again_however_a_command_ends(
    end: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write_project(tmp_path / "tiny")
    here, there = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    @click.command()
    def command() -> None:
        Options(project.root).session().report.event(Event("store", "starting", 0.0))
        raise end

    with os.fdopen(there, "w") as terminal, monkeypatch.context() as patched:
        patched.setattr("sys.stderr", terminal)
        with pytest.raises((DevenvError, click.Abort)):
            command.main([], standalone_mode=False)
    said = os.read(here, 65536)
    os.close(here)
    assert said.rindex(SHOWN) > said.rindex(HIDDEN)
