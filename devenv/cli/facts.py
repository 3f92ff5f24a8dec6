"""Facts as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devenv.lake.seed import SeedReport
    from devenv.modes.base import Change
    from devenv.workflow import UpResult


def print_plan(changes: Sequence[Change], as_json: bool) -> None:
    """What would change, service by service."""
    from devenv import report

    if as_json:
        report.print_json([vars(change) for change in changes])
    else:
        report.print_table(("SERVICE", "ACTION", "WHY"), [(c.service, c.action, c.why) for c in changes])


def print_endpoints(result: UpResult) -> None:
    """Where each service is reached, and why one is not there."""
    from devenv import report

    written = result.mode.written.services
    rows = []
    for name, endpoint in result.endpoints.items():
        usual = written[name].ports[0].published
        rows.append((name, endpoint.url, "" if endpoint.port == usual else f"port {usual} was taken"))
    rows += [(event.service, "left out", event.detail) for event in result.left_out]
    report.print_table(("SERVICE", "URL", "NOTE"), rows, {"left out": "yellow"})


def seed_facts(done: SeedReport) -> dict[str, Any]:
    """What a seed did, for JSON."""
    facts: dict[str, Any] = vars(done)
    return facts | {"changed": done.changed, "flow_runs": [vars(run) for run in done.flow_runs]}
