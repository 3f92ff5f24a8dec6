"""What the commands do, driven against the fake mode: steps, resuming, refusing."""

from __future__ import annotations

import io
import shutil

import pytest

from devenv import registry, workflow
from devenv.errors import DevenvError, PreflightError, ServiceFailed, UsageError
from devenv.instance import changing, load_instance
from devenv.modes.base import Problem
from devenv.report import PlainReport
from devenv.state import read_state
from devenv.workflow import Session, UpResult
from tests.contract.harness import FakeHarness
from tests.fakes.mode import WORLDS, World
from tests.fakes.project import SERVICES


class Person:
    """Gives commands, and reads what they print."""

    def __init__(self, harness: FakeHarness) -> None:
        self.harness = harness
        self.screen = io.StringIO()
        self.session = Session(harness.project, harness.settings, PlainReport(self.screen))

    def up(self, *services: str) -> UpResult:
        return workflow.up(self.session, "fake", services, seed=False, timeout=60)

    def lines(self) -> list[str]:
        return self.screen.getvalue().splitlines()

    def steps(self) -> list[str]:
        return [line for line in self.lines() if line.startswith("[")]

    @property
    def world(self) -> World:
        return WORLDS.setdefault(load_instance(self.harness.project, "fake").name, World())


@pytest.fixture
def person(fake: FakeHarness) -> Person:
    return Person(fake)


def test_up_takes_six_steps(person: Person) -> None:
    result = person.up()
    name = result.mode.instance.name
    assert result.changed
    assert person.steps() == [
        "[1/6] preflight",
        "[2/6] prepare",
        f"[3/6] start {name}",
        "[4/6] ready",
        "[5/6] seed: skipped",
        "[6/6] done",
    ]
    assert set(person.world.running) == set(SERVICES)


def test_a_second_up_takes_no_step(person: Person) -> None:
    person.up()
    before = person.screen.getvalue()
    assert not person.up().changed
    assert person.screen.getvalue() == before


def test_up_of_a_part_starts_what_it_needs(person: Person) -> None:
    person.up("api")
    assert set(person.world.running) == {"store", "api"}


def test_up_of_an_unknown_service_starts_nothing(person: Person) -> None:
    with pytest.raises(UsageError, match="there is no service stroe"):
        person.up("stroe")
    assert person.world.running == {}


def test_one_problem_ends_up_before_anything_is_started(person: Person) -> None:
    person.world.problems.append(Problem("port 1 is taken", "free it"))
    with pytest.raises(PreflightError) as caught:
        person.up()
    assert (caught.value.problem, caught.value.remedy) == ("port 1 is taken", "free it")
    assert person.world.running == {}


def test_all_problems_are_named_at_once_and_each_remedy_once(person: Person) -> None:
    person.world.problems += [
        Problem("port 1 is taken", "free it"),
        Problem("port 2 is taken", "free it"),
        Problem("the disk is slow", "wait", warning=True),
    ]
    with pytest.raises(PreflightError) as caught:
        person.up()
    assert caught.value.problem.split() == ["port", "1", "is", "taken", "port", "2", "is", "taken"]
    assert caught.value.remedy == "free it"
    assert "warning: the disk is slow" in person.screen.getvalue()


def test_a_warning_stops_nothing(person: Person) -> None:
    person.world.problems.append(Problem("the disk is slow", "wait", warning=True))
    assert person.up().changed


def test_up_goes_on_after_a_service_that_failed(person: Person) -> None:
    person.world.dying.add("api")
    with pytest.raises(ServiceFailed):
        person.up()
    assert set(person.world.running) == {"store"}
    person.world.dying.clear()
    person.up()
    assert set(person.world.running) == set(SERVICES)
    assert "store: unchanged" in person.screen.getvalue()


def test_a_service_that_fails_frees_the_instance_for_the_next_command(person: Person) -> None:
    person.world.dying.add("store")
    with pytest.raises(ServiceFailed):
        person.up()
    assert workflow.down(person.session, "fake", volumes=False, timeout=0.1) == 0


def test_up_keeps_when_each_service_was_ready(person: Person) -> None:
    folder = person.up().mode.instance.folder
    assert set(read_state(folder / "timeline.json")["services"]) == set(SERVICES)


def test_the_plan_changes_nothing(person: Person) -> None:
    person.up()
    workflow.down(person.session, "fake", volumes=False, timeout=60)
    planned = workflow.plan_up(person.session, "fake", ["api"])
    assert [(change.service, change.action) for change in planned] == [("api", "start"), ("store", "start")]
    assert person.world.running == {}


def test_down_stops_in_reverse_and_keeps_data_and_ports(person: Person) -> None:
    ports = person.up().mode.instance.ports
    person.world.data["store"] = "42"
    assert workflow.down(person.session, "fake", volumes=False, timeout=60) == len(SERVICES)
    stopped = [line.split(":")[0].strip() for line in person.lines() if ": stopped after" in line]
    assert stopped == list(reversed(SERVICES))
    assert person.world.data == {"store": "42"}
    assert person.up().mode.instance.ports == ports


def test_down_with_volumes_deletes_the_data_and_frees_the_ports(person: Person) -> None:
    name = person.up().mode.instance.name
    person.world.data["store"] = "42"
    assert name in [entry.name for entry in registry.entries()]
    workflow.down(person.session, "fake", volumes=True, timeout=60)
    assert person.world.data == {}
    assert name not in [entry.name for entry in registry.entries()]


def test_down_twice_does_nothing(person: Person) -> None:
    person.up()
    workflow.down(person.session, "fake", volumes=False, timeout=60)
    assert workflow.down(person.session, "fake", volumes=False, timeout=60) == 0


def test_down_of_what_was_never_up_makes_no_folder(person: Person) -> None:
    assert workflow.down(person.session, "fake", volumes=True, timeout=60) == 0
    assert not person.harness.project.state.exists()


def test_down_stops_the_last_stack_where_the_file_is_broken_by_now(person: Person) -> None:
    person.up()
    (person.harness.project.compose / "compose.yaml").write_text("services: [")
    assert workflow.down(person.session, "fake", volumes=False, timeout=60) == len(SERVICES)
    assert "warning: " in person.screen.getvalue()
    assert person.world.running == {}


def test_down_ends_what_runs_where_the_state_folder_is_gone(person: Person) -> None:
    person.up()
    shutil.rmtree(person.harness.project.state)
    assert workflow.down(person.session, "fake", volumes=False, timeout=60) == len(SERVICES)
    assert person.world.running == {}


def test_down_with_volumes_deletes_the_data_where_the_state_folder_is_gone(person: Person) -> None:
    person.up()
    person.world.data["store"] = "42"
    shutil.rmtree(person.harness.project.state)
    workflow.down(person.session, "fake", volumes=True, timeout=60)
    assert person.world.data == {}


def test_lost_secrets_are_named_before_anything_is_done(person: Person) -> None:
    person.up()
    person.harness.project.secrets_file.unlink()
    with pytest.raises(DevenvError, match="is gone, and nothing else opens the data"):
        workflow.restart(person.session, "fake", (), timeout=60)
    assert set(person.world.running) == set(SERVICES)


def test_restart_stops_and_starts_what_is_named(person: Person) -> None:
    person.up()
    workflow.restart(person.session, "fake", ["api"], timeout=60)
    said = person.screen.getvalue().partition("[1/2] stop")[2]
    assert [word in said for word in ("api: stopped", "api: ready", "page: stopped")] == [True, True, False]


def test_status_of_what_was_never_up_has_no_services(person: Person) -> None:
    _, services, mode = workflow.status(person.session, "fake")
    assert (services, mode) == ([], None)


@pytest.mark.parametrize("command", [workflow.plan_up, lambda s, m, _: workflow.seed(s, m, None, 1)])
def test_a_command_on_what_was_never_up_says_how_to_start_it(person: Person, command: object) -> None:
    assert callable(command)
    with pytest.raises(DevenvError, match="has never been up") as caught:
        command(person.session, "fake", ())
    assert caught.value.remedy == "start it: devenv up fake"


def test_up_waits_for_another_command_and_says_so(person: Person) -> None:
    instance = load_instance(person.harness.project, "fake")
    with changing(instance, 0), pytest.raises(DevenvError, match="is changing"):
        workflow.up(person.session, "fake", (), seed=False, timeout=0.01)
    assert "waiting for devenv (pid" in person.screen.getvalue()


def test_an_unknown_mode_is_refused_with_those_that_there_are(person: Person) -> None:
    with pytest.raises(UsageError, match="there is no mode docker") as caught:
        workflow.up(person.session, "docker", (), seed=False, timeout=60)
    assert "local" in caught.value.remedy
