"""How a command ends: each kind of end has its two lines and its exit code."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path

import click

from devenv.errors import EXIT_BUG, EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, DevenvError, ReaderGone

OS_REMEDIES = {
    errno.ENOSPC: "make room on that disk; nothing was lost, and the same command goes on from here",
    errno.EDQUOT: "make room within your quota; nothing was lost, and the same command goes on from here",
    errno.EROFS: "move the project to a disk that can be written to",
    errno.EACCES: "run devenv as the user who owns it, or make it yours: sudo chown -R $USER .devenv",
    errno.EPERM: "run devenv as the user who owns it, or make it yours: sudo chown -R $USER .devenv",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
}


def run(command: click.Command) -> int:
    """Runs the command line and returns its exit code; prints no traceback."""
    try:
        command.main(prog_name="devenv", standalone_mode=False)
    except DevenvError as error:
        log = getattr(error, "log", "")
        for line in log.splitlines():
            _say(f"  | {line}")
        _say(f"error: {error.problem}")
        _say(f"       {error.remedy}")
        return error.exit_code
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort as abort:
        if isinstance(abort.__cause__, KeyboardInterrupt):  # click turns every Ctrl-C into this
            return _interrupted()
        _say("aborted: nothing was changed")
        _say("       give the answer y to go on")
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:  # before click, or after it
        return _interrupted()
    except click.exceptions.NoArgsIsHelpError as help_page:
        _say(help_page.format_message())
        return EXIT_USAGE
    except click.UsageError as error:
        _say(f"error: {error.format_message()}")
        _say(f"       see: {error.ctx.command_path if error.ctx else 'devenv'} --help")
        return EXIT_USAGE
    except ReaderGone:
        return EXIT_OK
    except OSError as error:
        if error.errno not in OS_REMEDIES:
            return _bug(error)
        _say(f"error: {error.filename or 'devenv'}: {error.strerror}")
        _say(f"       {OS_REMEDIES[error.errno]}")
        return EXIT_ERROR
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_ERROR
    except Exception as error:  # whatever is left is a bug, and its traceback goes to a file
        return _bug(error)
    return EXIT_OK


def _interrupted() -> int:
    _say("interrupted: what was started keeps running")
    _say("       go on: devenv up; stop it: devenv down")
    return EXIT_INTERRUPTED


def _bug(error: Exception) -> int:
    import tempfile
    import traceback

    text = "".join(traceback.format_exception(error))
    file = Path(tempfile.gettempdir()) / f"devenv-bug-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    try:
        file.write_text(text)
        where = str(file)
    except OSError:
        where = text
    _say(f"error: this is a bug in devenv: {type(error).__name__}: {error}")
    _say(f"       please report it with {where} and the output of: devenv doctor --report")
    return EXIT_BUG


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
