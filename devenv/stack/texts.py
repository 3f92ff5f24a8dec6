"""The texts of the stack's configuration files."""

from __future__ import annotations

from pathlib import Path

from devenv.errors import StackError
from devenv.stack.model import ConfigFile, Stack


def config_text(config: ConfigFile) -> str:
    """The text of a configuration file, as it stands. Raises StackError for one that is not there, cannot be
    read, or is no text."""
    if config.file is None:
        return config.content or ""
    try:
        return Path(config.file).read_text()
    except OSError as error:
        raise StackError(
            f"configuration file {config.file}: {error.strerror}",
            f"restore it: git checkout {config.file}",
        ) from error
    except UnicodeDecodeError as error:
        raise StackError(
            f"configuration file {config.file} is no text", "give the stack texts only"
        ) from error


def config_texts(stack: Stack) -> dict[str, str]:
    """Configuration file -> its text; raises like `config_text`."""
    return {name: config_text(config) for name, config in stack.configs.items()}
