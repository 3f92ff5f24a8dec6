"""The stack's variables for what is rendered."""

from __future__ import annotations

from devenv.secrets import tokens

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
