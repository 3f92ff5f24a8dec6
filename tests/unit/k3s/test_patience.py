"""What a Kubernetes API refuses for a moment only is asked again; what it refuses for good is not."""

from __future__ import annotations

import pytest

from devenv.errors import DevenvError
from devenv.modes.k3s.kubectl import failed
from devenv.modes.k3s.patience import NotNow, patiently


class Api:
    """Refuses so often, and then answers."""

    def __init__(self, *refusals: DevenvError) -> None:
        self.refusals = list(refusals)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return "an answer"


def test_what_is_refused_for_a_moment_is_asked_again() -> None:
    api = Api(NotNow("not up yet", ""), NotNow("not up yet", ""))
    assert patiently(api) == "an answer"
    assert api.asked == 3


def test_what_is_refused_for_good_is_asked_once() -> None:
    api = Api(DevenvError("forbidden", "ask for it"))
    with pytest.raises(DevenvError, match="forbidden"):
        patiently(api)
    assert api.asked == 1


def test_patience_that_is_over_ends_with_the_refusal() -> None:
    with pytest.raises(NotNow, match="not up yet"):
        patiently(Api(NotNow("not up yet", "")), seconds=0)


@pytest.mark.parametrize(
    ("words", "for_a_moment"),
    [
        ("Error from server (Timeout): Timeout: Too large resource version: 0, current: 1077", True),
        ("Error from server (ServiceUnavailable): apiserver is shutting down", True),
        ("Error from server: etcdserver: leader changed", True),
        ('Error from server (NotFound): namespaces "x" not found', False),
        ('Error from server (Forbidden): pods "x" is forbidden', False),
    ],
)
def test_kubectl_tells_one_from_the_other(words: str, for_a_moment: bool) -> None:
    assert isinstance(failed("get", words), NotNow) == for_a_moment
