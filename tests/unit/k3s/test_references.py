"""Whatever the stack says, the kubelet makes the same of it again: its expansion undoes ours."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from devenv.modes.k3s.render.environment import run_of
from devenv.stack.model import Service
from tests.fakes.stacks import entry, stack

VALUES = {"S3_ROOT_PASSWORD": "p$(1)$$", "PROMETHEUS_URL": "http://x"}
PIECES = st.sampled_from(
    ["$", "$$", "$(", ")", "(", "a", "$(HOME)", "@secret:S3_ROOT_PASSWORD@", "@variable:PROMETHEUS_URL@"]
)


@given(st.lists(PIECES, max_size=8))
def test_a_value_reaches_the_service_as_the_stack_has_it(pieces: list[str]) -> None:
    text = "".join(pieces)
    expected = re.sub(r"@\w+:(\w+)@", lambda token: VALUES[token[1]], text)
    run = run_of(service(text))
    values = {"HOME": "not asked for"}
    for one in run.env:
        reference = one.get("valueFrom")
        if reference:
            values[one["name"]] = VALUES[next(iter(reference.values()))["key"]]
        else:
            values[one["name"]] = kubelet(one["value"], values)
    assert values["TEXT"] == expected
    assert [kubelet(word, values) for word in run.args] == [expected]


def service(text: str) -> Service:
    # Compose prints every dollar twice.
    doubled = text.replace("$", "$$")
    return stack({"web": entry(command=[doubled], environment={"TEXT": doubled})}).services["web"]


def kubelet(text: str, values: dict[str, str]) -> str:
    """How Kubernetes fills in `$(NAME)`: third_party/forked/golang/expansion in its source."""
    out, at = "", 0
    while at < len(text):
        if text[at] != "$" or at + 1 == len(text):
            out, at = out + text[at], at + 1
        elif text[at + 1] == "$":
            out, at = out + "$", at + 2
        elif text[at + 1] == "(" and ")" in text[at:]:
            end = text.index(")", at)
            name = text[at + 2 : end]
            out, at = out + values.get(name, f"$({name})"), end + 1
        else:
            out, at = out + text[at : at + 2], at + 2
    return out
