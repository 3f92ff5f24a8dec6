"""Writes what the processes of an instance read: configuration and environment, with the secrets in them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

from devenv.instance import Instance, make_private
from devenv.modes.local.identity import AS_IT_IS, not_root
from devenv.modes.local.plan import Process
from devenv.secrets import Secrets, reveal
from devenv.state import write_private


def write_files(instance: Instance, wanted: Iterable[Process], secrets: Secrets) -> None:
    """Folders and files of the `wanted` processes, readable by their owner alone."""
    for folder in (instance.data, instance.logs, instance.runtime):
        make_private(folder)
    for process in wanted:
        identity = AS_IT_IS if process.service.local.as_root else not_root() or AS_IT_IS
        for folder in process.folders:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if identity.owner is not None:
                os.chown(folder, identity.owner, identity.owner)
        for path, text in process.files.items():
            write_private(path, reveal(text, secrets))
        lines = [
            f"export {key}={shlex.quote(reveal(value, secrets))}\n"
            for key, value in process.environment.items()
        ]
        write_private(process.environment_file, "".join(lines))
