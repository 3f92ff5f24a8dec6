"""What is rendered: the stack's variables for K3s, and the texts of its configuration files."""

from __future__ import annotations

from pathlib import Path

from devenv.errors import StackError
from devenv.secrets import tokens
from devenv.stack.model import Stack

# What differs from instance to instance; a token stands for it in the manifests' source.
INSTANCE_VARIABLES = ("ALERTMANAGER_URL", "LAKEHOUSE_ENVIRONMENT", "PROMETHEUS_URL")


def render_variables() -> dict[str, str]:
    """The stack's variables for K3s: tokens for secrets and for what is the instance's own, never a value."""
    return {
        **tokens(),
        **{name: f"@variable:{name}@" for name in INSTANCE_VARIABLES},
        # Compose runs the published MinIO image as root, which a restricted namespace refuses.
        "S3_USER": "1000:1000",
    }


def config_contents(stack: Stack) -> dict[str, str]:
    """Configuration file -> its text. Raises StackError for one that is not there, or is no text."""
    contents = {}
    for name, config in stack.configs.items():
        if config.file is None:
            contents[name] = config.content or ""
            continue
        try:
            contents[name] = Path(config.file).read_text()
        except OSError as error:
            raise StackError(
                f"configuration file {config.file}: {error.strerror}",
                f"restore it: git checkout {config.file}",
            ) from error
        except UnicodeDecodeError as error:
            raise StackError(
                f"configuration file {config.file} is no text", "K3s mounts texts only"
            ) from error
    return contents
