"""How a service that refuses to run as root is run by a devenv that is root."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache

NOBODY = 65534
TRIAL_TIMEOUT_S = 30


@dataclass(frozen=True)
class Identity:
    """The command that goes before the service's own, and the user that has to own its volumes."""

    command: tuple[str, ...]
    owner: int | None


# Shows the process another user, while on disk its files stay root's.
NAMESPACE = Identity(
    ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"),
    None,
)
# Containers allow no user namespaces. There it really is another user, who may still go through folders
# of root's, since the project lies wherever it lies.
CAPABILITY = Identity(
    (
        "setpriv",
        # or access(2), which Postgres asks before it runs a program, would forget the capability
        "--securebits=+no_setuid_fixup",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--",
    ),
    NOBODY,
)
AS_IT_IS = Identity((), None)


@lru_cache(maxsize=1)
def not_root() -> Identity | None:
    """The first way that works on this system; None where none does."""
    if os.getuid() != 0:
        return AS_IT_IS
    return next((identity for identity in (NAMESPACE, CAPABILITY) if _works(identity)), None)


def _works(identity: Identity) -> bool:
    try:
        done = subprocess.run(
            [*identity.command, "id", "-u"],
            capture_output=True,
            text=True,
            timeout=TRIAL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == str(NOBODY)
