"""What the static keys mean; all of them are called SERVICE.spec.…"""

from __future__ import annotations

from devenv.parity.observation import Meaning

STACK = "compose.yaml"


# Families: what only some modes have.
CONTAINERS = "containers"
ENGINE = "the engine's health checks"
KUBELET = "the kubelet's probes"


def _spec(key: str, what: str, why: str, family: str = "") -> Meaning:
    return Meaning(f"{{service}}.spec.{key}", what, why, STACK, family)


def _held(key: str, what: str, why: str) -> Meaning:
    return _spec(key, what, why, CONTAINERS)


MEANINGS = (
    _spec("state", "whether the mode runs the service", "a platform that lacks a service is another one"),
    _spec(
        "version",
        "the version that the stack names",
        "another version answers otherwise; what really runs is told by the service's live version",
    ),
    _spec(
        "command",
        "entrypoint and command, with symbols for addresses",
        "a flag is part of how a service behaves",
    ),
    _spec(
        "environment.{name*}",
        "an environment variable of the service; a secret by name or fingerprint",
        "most services take their settings from it",
    ),
    _spec(
        "port",
        "where the service is published unless that port is taken, and its port in a container",
        "what is written down, in a bookmark or a script, has to hold in every mode",
    ),
    _spec(
        "ready", "what is asked to know that the service is ready", "ready has to mean the same everywhere"
    ),
    _spec(
        "ready.bucket-call",
        "whether a real S3 call is asked for, too",
        "S3 engines call themselves ready before they are",
    ),
    _spec(
        "stop.signal", "the signal that ends the service", "another signal may lose what was not written yet"
    ),
    _spec("stop.grace", "seconds until it is killed", "data are written at the end of a service"),
    _spec("depends-on", "the services that it waits for", "a wrong order is seen only at some of the starts"),
    _spec(
        "volume.{target*}",
        "what is mounted at this path of the container",
        "data at another place are lost with the container",
    ),
    _spec(
        "config.{target*}",
        "a digest of what the configuration file at this path says, whatever its comments and layout",
        "rules, dashboards and policies are in these files",
    ),
    _held("user", "the user that the container runs as", "what it may read and write depends on it"),
    _held("limit.memory", "the memory that it may use", "beyond it the service is killed"),
    _held("limit.cpus", "the cores that it may use", "below its need the service times out"),
    _held("limit.shared-memory", "the size of /dev/shm", "parallel queries of Postgres fail without"),
    _held("root.read-only", "whether its file system is read-only", "what it writes has to be on a volume"),
    _held("root.tmpfs", "folders that are gone with it", "what it writes there is gone at a restart"),
    _held("capabilities.dropped", "what the kernel does not let it do", "an intruder has no more than it"),
    _held("security", "further limits", "an intruder has no more than it"),
    _held("reaped", "whether children without a parent are reaped", "they would fill the table of processes"),
    _held("restarted", "whether it is started again when it ends", "a service that dies has to come back"),
    _held("start.interval", "seconds between two questions until it is ready first", "how soon `up` ends"),
    _held("start.period", "seconds that a start may take", "a slow machine needs them to start at all"),
    _held("ready.retries", "failures in a row until it is not ready", "how soon a dead service is known"),
    _spec("health.test", "the command of the health check", "it has to ask what readiness asks", ENGINE),
    _spec("health.script", "a digest of the script that it runs", "it decides how often it asks", ENGINE),
    _spec("health.interval", "seconds between two health checks", "how soon a dead service is known", ENGINE),
    _spec("health.timeout", "seconds that a health check may take", "a slow answer counts as none", ENGINE),
    _spec("probe.period", "seconds between two probes", "how soon a dead service is known", KUBELET),
    _spec("probe.timeout", "seconds that a probe may take", "a slow answer counts as none", KUBELET),
)
