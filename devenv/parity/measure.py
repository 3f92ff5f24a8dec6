"""Measures one mode that is up: the static facts, then every live check at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from devenv.errors import DevenvError
from devenv.modes.base import Described, Mode
from devenv.parity.catalogue import checks, meaning_of
from devenv.parity.covering import covered
from devenv.parity.measured import Failure, Measured
from devenv.parity.observation import Check, Observation, Target
from devenv.parity.static import observe
from devenv.parity.symbols import symbols_of
from devenv.secrets import read_secrets
from devenv.stack.compose import load
from devenv.stack.variables import base_variables
from devenv.workflow import Session

log = logging.getLogger(__name__)


def measure(session: Session, mode: Mode, wanted: Sequence[Check] | None = None) -> Measured:
    """All facts of a mode that is up. A check that fails takes nothing but its own facts with it; what a mode
    runs for a service is one check.

    wanted: these live checks; None for all of them
    """
    described = mode.describe()
    target = target_of(session, mode, described)
    live = [check for check in (checks() if wanted is None else wanted) if check.service in target.endpoints]
    answers = {name: _read(name, part, target) for name, part in _static(session, mode, described).items()}
    with ThreadPoolExecutor(max(1, len(live))) as pool:
        answers |= zip([check.name for check in live], pool.map(partial(_ask, target), live), strict=True)
    found = {name: answer for name, answer in answers.items() if not isinstance(answer, Failure)}
    failed = {name: answer for name, answer in answers.items() if isinstance(answer, Failure)}
    _no_key_twice(found)
    return Measured(
        label=mode.instance.mode,
        mode=mode.instance.mode,
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        s3_engine=target.s3_engine,
        environment=target.environment,
        images=mode.instance.images,
        found=found,
        failed=failed,
    )


def static_facts(session: Session, mode: Mode) -> list[Observation]:
    """What the mode runs, as it describes it; nothing of it need be up. Raises StackError for a configuration
    file that cannot be parsed."""
    return [one for part in _static(session, mode, mode.describe()).values() for one in part]


def _static(
    session: Session, mode: Mode, described: Mapping[str, Described]
) -> Mapping[str, Iterator[Observation]]:
    symbols = symbols_of(described)
    instance = mode.instance
    marked = load(
        instance.project.stack_files(str(instance.s3_engine)),
        {**base_variables(instance, session.settings), **symbols.marks},
        instance.folder / "cache",
    )
    return observe(described, mode.written, marked, symbols)


def target_of(session: Session, mode: Mode, described: Mapping[str, Described]) -> Target:
    """What the live checks are handed; `described` is what the mode runs."""
    return Target(
        mode=mode.instance.mode,
        endpoints=mode.endpoints(),
        inside={
            address: service
            for service, entry in described.items()
            for name, address in entry.variables.items()
            if name.endswith("_ADDRESS")
        },
        secrets=read_secrets(mode.instance.project.secrets_file),
        environment=session.settings.environment,
        s3_engine=str(mode.instance.s3_engine),
        spec=session.lake_spec(),
        written=mode.written,
    )


def _ask(target: Target, check: Check) -> dict[str, str] | Failure:
    try:
        found = _by_key(check.measure(target), target)
        return {key: covered(value) for key, value in found.items()}
    except DevenvError as error:
        return Failure(error.problem, error.remedy)
    except Exception as error:  # whatever a service's client raises
        log.debug("check %s", check.name, exc_info=True)
        address = target.endpoints[check.service].address
        return Failure(
            f"{check.name} cannot measure {check.service} at {address}: {_said(error)}",
            f"see: devenv status {target.mode}, devenv logs -m {target.mode} {check.service}",
        )


def _read(name: str, facts: Iterable[Observation], target: Target) -> dict[str, str] | Failure:
    try:
        return _by_key(facts, target)
    except DevenvError as error:
        return Failure(error.problem, error.remedy)
    except Exception as error:  # whatever a stack that nobody has thought of brings about
        log.debug("check %s", name, exc_info=True)
        return Failure(
            f"{name} cannot be told: {_said(error)}", "mend the entry of that service in compose.yaml"
        )


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _by_key(observations: Iterable[Observation], target: Target) -> dict[str, str]:
    """Raises DevenvError for a key that stands there twice or has no meaning, and for a secret in a value."""
    found: dict[str, str] = {}
    for one in observations:
        if one.key in found:
            raise DevenvError(f"observation {one.key} is there twice", "give each fact a key of its own")
        meaning_of(one.key)
        for name, secret in target.secrets.items():
            if secret in one.value:
                raise DevenvError(
                    f"observation {one.key} holds the secret {name}", "observe its name or fingerprint"
                )
        found[one.key] = one.value
    return found


def _no_key_twice(found: dict[str, dict[str, str]]) -> None:
    owners: dict[str, str] = {}
    for check, part in found.items():
        for key in part:
            if key in owners:
                raise DevenvError(
                    f"observation {key} comes from {owners[key]} and from {check}",
                    "give each fact a key of its own",
                )
            owners[key] = check
