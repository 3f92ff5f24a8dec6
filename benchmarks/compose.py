"""`devenv up compose`, beside bare `docker-compose up` of the same file with the same environment."""

from __future__ import annotations

import subprocess
import time

from benchmarks.measure import Clock, Result
from benchmarks.platform_copy import PlatformCopy, platform_copy
from devenv.stack.compose import program

DEVENV, BARE = "devenv up compose --no-seed", "docker-compose up --detach --wait"
DEVENV_NOOP, BARE_NOOP = f"{DEVENV}, all is well", f"{BARE}, all is well"
DEVENV_DOWN, BARE_DOWN = "devenv down compose", "docker-compose down"
# A platform that has just come up takes longer to leave, whoever asks it to.
AGE_S = 20.0
# Prefect's server leaves at once, or a second later: more of them steady the median.
DOWNS_PER_ROUND = 3
COLD_LIMIT, NOOP_LIMIT, DOWN_LIMIT = 1.1, 0.5, 1.1


def measure(runs: int, patience: float) -> Result:
    """Rounds of both, each from no data, with the images on the engine; one round does not count."""
    clock = Clock(patience)
    with platform_copy("compose") as copy:
        # Images are built once, and compose.env is there from then on.
        copy.devenv("up", "compose", "--no-seed", "--images", "build")
        copy.devenv("down", "compose")
        for number in range(runs + 1):
            _round(clock, copy, counts=number > 0)
    figures = [
        clock.ratio(DEVENV, BARE, COLD_LIMIT),
        clock.ratio(DEVENV_NOOP, BARE_NOOP, NOOP_LIMIT),
        clock.ratio(DEVENV_DOWN, BARE_DOWN, DOWN_LIMIT),
        *(clock.figure(label) for label in clock.series),
    ]
    return Result("compose", figures, clock.series)


def _round(clock: Clock, copy: PlatformCopy, counts: bool) -> None:
    def devenv(*words: str) -> None:
        copy.devenv(*words)

    def bare(*words: str) -> None:
        _compose(copy, *words)

    bare("down", "--volumes")
    clock.time(DEVENV, lambda: devenv("up", "compose", "--no-seed"), counts)
    clock.time(DEVENV_NOOP, lambda: devenv("up", "compose", "--no-seed"), counts)
    bare("down", "--volumes")
    clock.time(BARE, lambda: bare("up", "--detach", "--wait"), counts)
    clock.time(BARE_NOOP, lambda: bare("up", "--detach", "--wait"), counts)
    for _ in range(DOWNS_PER_ROUND):
        time.sleep(AGE_S)
        clock.time(DEVENV_DOWN, lambda: devenv("down", "compose"), counts)
        bare("up", "--detach", "--wait")
        time.sleep(AGE_S)
        clock.time(BARE_DOWN, lambda: bare("down"), counts)
        bare("up", "--detach", "--wait")


def _compose(copy: PlatformCopy, *words: str) -> None:
    """The bundled Compose with the file and the environment that devenv wrote, and nothing else."""
    file, environment = copy.project.compose / "compose.yaml", copy.project.state / "compose.env"
    subprocess.run(
        [program(), "--file", str(file), "--env-file", str(environment), *words],
        env=dict(copy.environment),
        check=True,
        capture_output=True,
    )
