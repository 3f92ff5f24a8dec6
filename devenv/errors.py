"""The errors that devenv expects, each with its remedy, and the exit codes.

DevenvError                 1   expected: what is wrong, what to do
├── UsageError              2   the command line or a setting is wrong
├── StackError              1   compose.yaml cannot be used as it stands
├── LakeError               1   lake.toml or a data file cannot be used as it stands
├── PreflightError          1   something on this machine is in the way
├── LockedError             1   another command is changing this instance
├── ServiceFailed           1   a service ended, or was not ready in time
├── ToolMissing             1   a program is not here and could not be had
└── DriftFound              4   the modes are not the same
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_DRIFT = 4
EXIT_INTERRUPTED = 130


class DevenvError(Exception):
    """An expected error: `problem` says what is wrong, `remedy` what to do about it, a line each."""

    exit_code = EXIT_ERROR

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class UsageError(DevenvError):
    """The command line or a setting is wrong."""

    exit_code = EXIT_USAGE


class StackError(DevenvError):
    """compose.yaml cannot be used as it stands."""


class LakeError(DevenvError):
    """lake.toml or a data file cannot be used as it stands."""


class PreflightError(DevenvError):
    """Something on this machine is in the way."""


class LockedError(DevenvError):
    """Another command is changing this instance."""


class ServiceFailed(DevenvError):
    """A service ended, or was not ready in time; `log` holds its last lines."""

    def __init__(self, problem: str, remedy: str, log: str = "") -> None:
        super().__init__(problem, remedy)
        self.log = log


class ToolMissing(DevenvError):
    """A program is not here and could not be had."""


class ReaderGone(Exception):
    """Whoever read what is printed has gone (`devenv logs | head`): no error, and nothing more to say."""


class DriftFound(DevenvError):
    """The modes are not the same."""

    exit_code = EXIT_DRIFT
