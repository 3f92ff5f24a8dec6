"""Facts as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devenv.lake.seed import SeedReport
    from devenv.modes.base import Change, Mode


def print_plan(changes: Sequence[Change], as_json: bool) -> None:
    """What would change, service by service."""
    from devenv import report

    if as_json:
        report.print_json([vars(change) for change in changes])
    else:
        report.print_table(("SERVICE", "ACTION", "WHY"), [(c.service, c.action, c.why) for c in changes])


def print_endpoints(mode: Mode, left_out: Mapping[str, str]) -> None:
    """Where each service is reached, and why one is not there."""
    from devenv import report

    rows = [
        (name, endpoint.url, _note(mode, name, endpoint.port)) for name, endpoint in mode.endpoints().items()
    ]
    rows += [(name, "left out", why) for name, why in left_out.items()]
    report.print_table(("SERVICE", "URL", "NOTE"), rows, {"left out": "yellow"})


def seed_facts(done: SeedReport) -> dict[str, Any]:
    """What a seed did, for JSON."""
    facts: dict[str, Any] = vars(done)
    return facts | {"changed": done.changed, "flow_runs": [vars(run) for run in done.flow_runs]}


def _note(mode: Mode, name: str, port: int) -> str:
    usual = mode.written.services[name].ports[0].published
    return "" if port == usual else f"port {usual} was taken"
