"""What an engine has of a Compose project: containers, networks, volumes."""

from __future__ import annotations

from devenv.modes.compose.engine import PROJECT_LABEL, find_engine


def labelled(project: str) -> list[str]:
    """All that carries the project's label, running or not."""
    api = find_engine().api
    filters = {"label": f"{PROJECT_LABEL}={project}"}
    found = [f"container {entry['Names'][0]}" for entry in api.containers(all=True, filters=filters)]
    found += [f"network {entry['Name']}" for entry in api.networks(filters=filters)]
    return found + [f"volume {entry['Name']}" for entry in api.volumes(filters=filters)["Volumes"] or []]
