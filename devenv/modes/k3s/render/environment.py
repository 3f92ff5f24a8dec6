"""Environment and commands: a token becomes a reference that the kubelet fills in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from devenv.errors import StackError
from devenv.modes.k3s.render.naming import INSTANCE, SECRET
from devenv.stack.model import Service

TOKEN = re.compile(r"@(secret|variable):([A-Z0-9_]+)@")


@dataclass(frozen=True)
class Run:
    """A container's command, arguments and environment, as its manifest holds them."""

    command: list[str]
    args: list[str]
    env: list[dict[str, Any]]


def run_of(service: Service) -> Run:
    """How a service is run. Raises StackError where a variable of its own has the name of a token in use."""
    used: dict[str, str] = {}  # NAME -> kind, of the tokens that stand inside a text
    command = [_text(word, used) for word in service.entrypoint]
    args = [_text(word, used) for word in service.command]
    own = []
    for name, value in service.environment.items():
        alone = TOKEN.fullmatch(value)
        if alone:
            own.append((name, _reference(alone[1], alone[2])))
        else:
            own.append((name, {"value": _text(value, used)}))
    referred = {name: _reference(kind, name) for name, kind in used.items()}
    for name, entry in own:
        if name in referred and entry != referred[name]:
            raise StackError(
                f"service {service.name}: environment.{name} is not the {used[name]} {name}, which it needs",
                f"rename the environment variable {name}, or set it to ${{{name}}}",
            )
    # $(NAME) is filled in from entries that stand before it.
    env = [{"name": name, **entry} for name, entry in {**referred, **dict(own)}.items()]
    return Run(command, args, env)


def has_token(text: str) -> bool:
    """Whether a secret or a value of the instance's own would have to be filled in."""
    return bool(TOKEN.search(text))


def _text(value: str, used: dict[str, str]) -> str:
    """`value` with `$(NAME)` for each token; what else the kubelet would take for a reference is escaped."""
    parts = []
    end = 0
    for token in TOKEN.finditer(value):
        parts.append(re.sub(r"\$(?=[$(]|$)", "$$", value[end : token.start()]))
        parts.append(f"$({token[2]})")
        used[token[2]] = token[1]
        end = token.end()
    parts.append(re.sub(r"\$(?=[$(])", "$$", value[end:]))
    return "".join(parts)


def _reference(kind: str, name: str) -> dict[str, Any]:
    if kind == "secret":
        return {"valueFrom": {"secretKeyRef": {"name": SECRET, "key": name}}}
    return {"valueFrom": {"configMapKeyRef": {"name": INSTANCE, "key": name}}}
