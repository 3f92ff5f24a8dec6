"""What the health checks of all containers cost while the platform is at rest."""

from __future__ import annotations

import time
from functools import partial

from benchmarks.measure import Clock, Figure, Result
from benchmarks.platform_copy import platform_copy
from devenv.instance import load_instance, project_name
from devenv.modes.compose import open_mode
from devenv.settings import read_settings

CHECKS, REST = "one health check of every container", "the platform at rest, for as long"
# compose/config/health.sh: what a healthy service waits before it is asked again, and the interval after it.
PERIOD_S = 46.0
LIMIT_PERCENT = 2.0
# Another for each round, so that the check asks at once: a service known as healthy is waited for.
MEMORY = "DEVENV_HEALTH_MEMORY=/dev/shm/devenv-bench-{number}"


def measure(runs: int, patience: float) -> Result:
    """Rounds of all checks by hand, one after another, each beside as many seconds without."""
    clock = Clock(patience)
    with platform_copy("compose") as copy:
        copy.devenv("up", "compose", "--no-seed", "--images", "build")
        mode = open_mode(load_instance(copy.project, "compose"), read_settings(copy.project.root))
        containers = mode.engine.containers(project_name(copy.project))

        def check(number: int) -> None:
            for entry in containers:
                test = mode.stack.services[entry.service].health.test
                code, said = mode.engine.run(entry.id, ["env", MEMORY.format(number=number), *test])
                if code:
                    raise SystemExit(f"{entry.service}: {' '.join(test)} exits with {code}: {said}")

        for number in range(2 * runs + 1):
            seconds = clock.time(CHECKS, partial(check, number), counts=number > 0)
            clock.time(REST, partial(time.sleep, seconds), counts=number > 0)
    pairs = zip(clock.series[CHECKS], clock.series[REST], strict=True)
    cost = tuple((one.cpu - other.cpu) / PERIOD_S * 100 for one, other in pairs)
    return Result("health", [Figure("of one core", "%", cost, LIMIT_PERCENT)], clock.series)
