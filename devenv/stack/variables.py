"""The variables of the stack file that are the same in every mode."""

from __future__ import annotations

from devenv.instance import Instance, project_name
from devenv.secrets import tokens
from devenv.settings import Settings


def base_variables(instance: Instance, settings: Settings) -> dict[str, str]:
    """Names, the environment and the secrets' tokens; what a person has set goes last."""
    return {
        "COMPOSE_PROJECT_NAME": project_name(instance.project),
        "LAKEHOUSE_ENVIRONMENT": settings.environment,
        **tokens(),
        **instance.variables,
        **settings.variables,
    }
