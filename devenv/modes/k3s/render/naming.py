"""Names and labels of the Kubernetes objects."""

from __future__ import annotations

import re

from devenv.errors import StackError

NAMESPACE = "crypto-lakehouse"
SECRET = "lakehouse-secrets"  # noqa: S105 (its name)
INSTANCE = "lakehouse-instance"
WAIT = "devenv-wait"
NAME_LABEL = "app.kubernetes.io/name"
# What a claim is for, so that an overlay can choose them: `volume` or `folder`.
CLAIM_LABEL = "devenv/claim"


def labels(name: str | None = None) -> dict[str, str]:
    """The labels of an object; `name` is its service's."""
    named = {NAME_LABEL: name} if name else {}
    return {**named, "app.kubernetes.io/part-of": NAMESPACE, "app.kubernetes.io/managed-by": "devenv"}


def check_name(where: str, name: str) -> str:
    """`name`, if Kubernetes takes it: a StatefulSet's may have 52 characters. Raises StackError otherwise."""
    if not re.fullmatch(r"[a-z]([-a-z0-9]{0,50}[a-z0-9])?", name):
        raise StackError(
            f"{where}: {name!r} is no name that K3s can use",
            "use lower-case letters, digits and hyphens, a letter first, at most 52 of them",
        )
    return name


def path_name(path: str) -> str:
    """A path as a name: `run-postgresql` for /run/postgresql."""
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:52].strip("-") or "root"
