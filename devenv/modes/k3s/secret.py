"""The secrets as the cluster holds them: one object that is applied, and written to no file."""

from __future__ import annotations

from typing import Any

from devenv.modes.k3s.observed import MANAGED
from devenv.secrets import Secrets

NAME = "lakehouse-secrets"


def secret_object(namespace: str, secrets: Secrets) -> dict[str, Any]:
    """The Secret that the manifests refer to."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": NAME, "namespace": namespace, "labels": dict(MANAGED)},
        "stringData": dict(secrets),
    }
