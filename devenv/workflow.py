"""What the commands do: each reads as numbered steps, and none knows which mode it drives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devenv import registry
from devenv.clock import Deadline
from devenv.endpoints import Endpoints
from devenv.errors import DevenvError, PreflightError, UsageError
from devenv.instance import Instance, changing, load_instance
from devenv.modes import check_mode, end_orphans, open_last, open_mode
from devenv.modes.base import Change, Event, Mode, Problem, ServiceStatus
from devenv.project import Project
from devenv.report import Report
from devenv.secrets import gone, read_secrets
from devenv.settings import Settings
from devenv.state import read_state, write_state

if TYPE_CHECKING:
    from devenv.lake.candles import Source
    from devenv.lake.seed import SeedReport
    from devenv.lake.spec import LakeSpec

STEPS = 6


@dataclass(frozen=True)
class Session:
    """What every command is handed."""

    project: Project
    settings: Settings
    report: Report

    def lake_spec(self) -> LakeSpec:
        """The declared lake, seed/lake.toml."""
        from devenv.lake.spec import load_spec

        return load_spec(self.project.root / "seed" / "lake.toml")


@dataclass(frozen=True)
class UpResult:
    """What `up` did to `services`; `changed` is False where all ran as they should."""

    mode: Mode
    services: tuple[str, ...]
    changed: bool
    left_out: tuple[Event, ...]
    seeded: SeedReport | None

    @property
    def endpoints(self) -> Endpoints:
        """Where `services` are reached."""
        found = self.mode.endpoints()
        return {name: found[name] for name in self.services if name in found}


def up(
    session: Session,
    mode_name: str,
    services: Sequence[str],
    seed: bool,
    timeout: float,
    images: str | None = None,
    context: str | None = None,
) -> UpResult:
    """Brings the platform up, and makes the lake as declared. On a healthy instance it changes nothing.

    services: these and what they need; empty for all
    timeout: seconds for all services together, and as many for the seed
    images: `pull` or `build`; None is as last time
    context: the Kubernetes context of a cluster that is there already; None is as last time
    """
    from devenv.settle import settle
    from devenv.timeline import Timeline

    report = session.report
    with changing(load_instance(session.project, check_mode(mode_name)), timeout, waiting(report)):
        instance = settle(session.project, mode_name, session.settings, images, context)
        mode = open_mode(instance, session.settings)
        wanted = services_of(mode, services)
        seed = seed and not services
        spec = session.lake_spec() if seed else None
        changes = mode.changes(wanted)
        seeded_already = spec is None or _is_seeded(mode.instance, spec, session.settings)
        if seeded_already and all(c.action == "keep" or _known_absent(mode, c) for c in changes):
            return UpResult(mode, mode.stack.needed_by(wanted), False, _left_out(changes), None)

        report.step(1, STEPS, "preflight")
        _preflight(session, mode)

        report.step(2, STEPS, "prepare")
        mode.prepare(report.line)
        instance = mode.instance

        report.step(3, STEPS, f"start {instance.name}")
        deadline = Deadline.after(timeout)
        timeline = Timeline(instance.folder / "timeline.json")
        events = []
        for event in mode.start(wanted, deadline):
            report.event(event)
            timeline.add(event)
            events.append(event)
        timeline.save()

        report.step(4, STEPS, "ready")
        _ready(mode, wanted)

        seeded = None
        report.step(5, STEPS, "seed" if spec else "seed: skipped")
        if spec is not None:
            seeded = _seed_sample(session, mode, spec, timeout)

        report.step(6, STEPS, "done")
        report.close()
        left_out = tuple(event for event in events if event.kind == "left out")
        return UpResult(mode, mode.stack.needed_by(wanted), True, left_out, seeded)


def plan_up(session: Session, mode_name: str, services: Sequence[str]) -> list[Change]:
    """What `up` would do with each service."""
    mode = opened(session, mode_name)
    return mode.changes(services_of(mode, services))


def down(session: Session, mode_name: str, volumes: bool, timeout: float) -> int:
    """Stops the instance and leaves nothing of it running; with `volumes` its data go too.

    Returns how many services were stopped. Works with files that are broken, and with a state folder that is
    gone.
    """
    instance = load_instance(session.project, check_mode(mode_name))
    if not instance.ports:
        return end_orphans(instance, volumes)
    with changing(instance, timeout, waiting(session.report)):
        mode = _mode_to_stop(session, instance)
        session.report.step(1, 2 if volumes else 1, f"stop {instance.name}")
        stopped = 0
        for event in mode.stop(tuple(mode.stack.services)):
            session.report.event(event)
            stopped += event.kind == "stopped"
        if volumes:
            session.report.step(2, 2, "delete its data")
            mode.purge()
            registry.forget(instance.name)
        session.report.close()
        return stopped


def _mode_to_stop(session: Session, instance: Instance) -> Mode:
    try:
        return open_mode(instance, session.settings)
    except DevenvError as error:  # a broken stack file, a missing configuration file, damaged secrets
        mode = open_last(instance)
        if mode is None:
            raise
        session.report.warn(
            Problem(f"{error.problem}; what was started last is stopped all the same", error.remedy)
        )
        return mode


def restart(session: Session, mode_name: str, services: Sequence[str], timeout: float) -> None:
    """Stops services and starts them again; all of them where none is named."""
    mode = opened(session, mode_name)
    with changing(mode.instance, timeout, waiting(session.report)):
        wanted = services_of(mode, services)
        deadline = Deadline.after(timeout)
        session.report.step(1, 2, "stop")
        for event in mode.stop(wanted):
            session.report.event(event)
        session.report.step(2, 2, "start")
        mode.prepare(session.report.line)
        for event in mode.start(wanted, deadline):
            session.report.event(event)
        session.report.close()


def seed(session: Session, mode_name: str, sources: Sequence[Source] | None, timeout: float) -> SeedReport:
    """Makes the lake as declared, with the sample, or with `sources` in its place."""
    from devenv.lake.seed import seed as seed_lake

    mode = opened(session, mode_name)
    with changing(mode.instance, timeout, waiting(session.report)):
        spec = session.lake_spec()
        session.report.step(1, 1, f"seed {mode.instance.name}")
        if sources is None:
            done = _seed_sample(session, mode, spec, timeout)
        else:
            done = seed_lake(_lake(session, mode), spec, sources, session.report.line, timeout)
        session.report.close()
        return done


def status(session: Session, mode_name: str) -> tuple[Instance, list[ServiceStatus], Mode | None]:
    """The instance and every service of it as it is now; no services where it was never up."""
    instance = load_instance(session.project, check_mode(mode_name))
    if not instance.ports:
        return instance, [], None
    mode = open_mode(instance, session.settings)
    return instance, mode.status(), mode


def opened(session: Session, mode_name: str) -> Mode:
    """The mode of an instance that has been up. Raises DevenvError for one that has not, or whose secrets are
    gone."""
    instance = load_instance(session.project, check_mode(mode_name))
    if not instance.ports:
        raise DevenvError(f"{instance.name} has never been up", f"start it: devenv up {mode_name}")
    if not session.project.secrets_file.exists():
        raise gone(session.project.secrets_file)
    return open_mode(instance, session.settings)


def services_of(mode: Mode, names: Sequence[str]) -> tuple[str, ...]:
    """`names`, or all where there are none. Raises UsageError for one that is not in the stack."""
    for name in names:
        if name not in mode.stack.services:
            raise UsageError(
                f"there is no service {name}", f"the services are: {', '.join(mode.stack.services)}"
            )
    return tuple(names) or tuple(mode.stack.services)


def _known_absent(mode: Mode, change: Change) -> bool:
    return change.action == "leave out" and change.service in mode.instance.left_out


def _left_out(changes: Sequence[Change]) -> tuple[Event, ...]:
    return tuple(Event(c.service, "left out", 0.0, c.why) for c in changes if c.action == "leave out")


def _preflight(session: Session, mode: Mode) -> None:
    problems = mode.preflight()
    for problem in problems:
        if problem.warning:
            session.report.warn(problem)
    errors = [problem for problem in problems if not problem.warning]
    if len(errors) == 1:
        raise PreflightError(errors[0].what, errors[0].remedy)
    if errors:
        what = "\n       ".join(problem.what for problem in errors)
        raise PreflightError(what, "\n       ".join(dict.fromkeys(problem.remedy for problem in errors)))


def _ready(mode: Mode, wanted: Sequence[str]) -> None:
    for entry in mode.status():
        if entry.service in mode.stack.needed_by(tuple(wanted)) and entry.state not in ("ready", "left out"):
            raise DevenvError(
                f"service {entry.service} is {entry.state} again: {entry.detail}",
                f"read its log: devenv logs {entry.service}",
            )


def _lake(session: Session, mode: Mode) -> Any:
    from devenv.lake.connection import LakeConnection

    endpoints = mode.endpoints()
    return LakeConnection(
        s3=endpoints["s3"],
        postgres=endpoints["postgres"],
        prefect=endpoints["prefect-server"],
        secrets=read_secrets(session.project.secrets_file),
        environment=session.settings.environment,
        s3_engine="seaweedfs" if mode.instance.s3_engine == "seaweedfs" else "minio",
    )


def _seed_sample(session: Session, mode: Mode, spec: LakeSpec, timeout: float) -> SeedReport:
    from devenv.lake.candles import sample_sources
    from devenv.lake.seed import seed as seed_lake

    done = seed_lake(_lake(session, mode), spec, sample_sources(spec.sample), session.report.line, timeout)
    write_state(_seed_file(mode.instance), {"fingerprint": _fingerprint(spec, session.settings)})
    return done


def _is_seeded(instance: Instance, spec: LakeSpec, settings: Settings) -> bool:
    return read_state(_seed_file(instance)).get("fingerprint") == _fingerprint(spec, settings)


def _fingerprint(spec: LakeSpec, settings: Settings) -> str:
    from devenv.lake.candles import sample_sources
    from devenv.lake.fingerprint import fingerprint

    return f"{settings.environment}:{fingerprint(spec, sample_sources(spec.sample))}"


def _seed_file(instance: Instance) -> Path:
    return instance.folder / "seed.json"


def waiting(report: Report) -> Callable[[str], None]:
    """Tells once who is waited for, as `changing` asks for it."""
    return lambda holder: report.line(f"waiting for {holder}, which is changing this instance")
