"""supervisord: written its configuration, started, asked and ended, over a socket of its own."""

from __future__ import annotations

import logging
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from devenv.clock import Deadline
from devenv.errors import ServiceFailed
from devenv.marks import end, same
from devenv.modes.local.plan import Process
from devenv.ready import NotReady, wait_until
from devenv.state import read_state, write_private, write_state

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0

log = logging.getLogger(__name__)

State = Literal["stopped", "starting", "running", "failed", "stopping"]
# supervisor.states.ProcessStates; kept here because importing supervisor costs a no-op `up` 50 ms
STATES: dict[int, State] = {
    0: "stopped",
    10: "starting",
    20: "running",
    30: "failed",  # BACKOFF: it ended within a second of its start
    40: "stopping",
    100: "failed",  # EXITED: it ended by itself
    200: "failed",  # FATAL
    1000: "failed",
}


@dataclass(frozen=True)
class Supervised:
    """What the supervisor knows of a process; `started` in seconds since 1970."""

    state: State
    pid: int | None
    started: float
    detail: str

    @property
    def runs(self) -> bool:
        """Whether its process is there; supervisord calls the first second of it "starting"."""
        return self.state in ("running", "starting")


@dataclass(frozen=True)
class Supervisor:
    """The supervisor of one instance: files in `folder`, socket in `runtime` (a short path)."""

    folder: Path
    runtime: Path
    environment: Mapping[str, str]

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.runtime / "supervisor.sock"

    def process(self) -> psutil.Process | None:
        """The running supervisord; None where there is none."""
        known = read_state(self.folder / "supervisor.json")
        return same(known["pid"], known["started"]) if known else None

    def running(self) -> bool:
        """Whether it runs and answers."""
        if self.process() is None:
            return False
        try:
            self._call("getState")
        except OSError:
            return False
        return True

    def configure(self, wanted: Mapping[str, Process], reveal: Callable[[str], str]) -> None:
        """Makes it know these processes: starts it, or tells it what has changed. Starts none of them.

        reveal: puts the secrets in the place of their tokens
        """
        text = _configuration(self, wanted, reveal)
        before = self._written()
        write_private(self._file, text)
        if not self.running():
            self._launch(self._file)
        elif before != text:
            self._reload()

    def outdated(self, wanted: Mapping[str, Process], reveal: Callable[[str], str]) -> list[str]:
        """The running processes that `configure` would end, because they are to be run in another way."""
        before, after = _sections(self._written()), _sections(_configuration(self, wanted, reveal))
        states = self.states()
        return [
            name
            for name in wanted
            if name in before and before[name] != after[name] and name in states and states[name].runs
        ]

    def states(self) -> dict[str, Supervised]:
        """What it knows of each process; empty when it does not run."""
        if self.process() is None:
            return {}
        try:
            return {
                info["name"]: Supervised(
                    STATES[info["state"]], info["pid"] or None, float(info["start"]), info["spawnerr"]
                )
                for info in self._call("getAllProcessInfo")
            }
        except OSError:
            return {}

    def start(self, name: str) -> None:
        """Starts a process and does not wait; one that ended is not left to its next retry."""
        known = self.states().get(name)
        if known is not None and known.state == "failed":
            self.stop(name)
        self._tolerant("startProcess", name, False)

    def stop(self, name: str) -> None:
        """Sends a process its stop signal, and SIGKILL after its grace; does not wait."""
        self._tolerant("stopProcess", name, False)

    def settled(self, name: str) -> None:
        """Waits until it has noticed the end of a process; asking it makes it look."""

        def answer() -> str | None:
            known = self.states().get(name)
            return "it is being stopped" if known and known.state in ("stopping", "running") else None

        try:
            wait_until(answer, Deadline.after(STOP_TIMEOUT_S))
        except NotReady as error:
            raise ServiceFailed(
                f"service {name} cannot be stopped: {error.problem}", "devenv down"
            ) from error

    def shutdown(self) -> None:
        """Ends it, once its processes have ended. Asked nicely it would take up to a second to notice."""
        process = self.process()
        if process is not None:
            end([process], "SIGKILL", 0)
        for file in (self.folder / "supervisor.json", self._file):
            file.unlink(missing_ok=True)

    @property
    def _file(self) -> Path:
        return self.folder / "supervisord.conf"

    def _written(self) -> str:
        return self._file.read_text() if self._file.exists() else ""

    def _launch(self, configuration: Path) -> None:
        self.socket.unlink(missing_ok=True)
        log_file = self.folder / "logs" / "supervisord.log"
        program = Path(sys.executable).with_name("supervisord")
        command = [str(program), "--nodaemon", "-c", str(configuration)]
        log.debug(shlex.join(command))
        with log_file.open("a") as output:
            started = subprocess.Popen(
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                start_new_session=True,
            )
        created = psutil.Process(started.pid).create_time()
        write_state(self.folder / "supervisor.json", {"pid": started.pid, "started": created})

        def answer() -> str | None:
            try:
                self._call("getState")
            except OSError as error:
                return str(error)
            return None

        def ended() -> str | None:
            return None if started.poll() is None else f"supervisord ended with {started.returncode}"

        try:
            wait_until(answer, Deadline.after(START_TIMEOUT_S), ended)
        except Exception as error:
            tail = "\n".join(log_file.read_text(errors="replace").splitlines()[-5:])
            raise ServiceFailed(f"supervisord did not start: {error}", f"look at {log_file}", tail) from error

    def _reload(self) -> None:
        added, changed, removed = self._call("reloadConfig")[0]
        for name in (*changed, *removed):
            self._tolerant("stopProcess", name, True)
            self._tolerant("removeProcessGroup", name)
        for name in (*added, *changed):
            self._tolerant("addProcessGroup", name)

    def _tolerant(self, method: str, *arguments: Any) -> None:
        """A call whose complaint is that what it asks for is so already, or that nobody is there to ask: a
        supervisor that was killed shows in the states, and its processes are found without it."""
        import xmlrpc.client

        # ALREADY_ADDED, ALREADY_STARTED, NOT_RUNNING; a failed spawn shows in the state
        accepted = {90, 60, 70, 50}
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in accepted:
                raise
        except OSError as error:
            log.debug("%s: supervisord does not answer: %s", method, error)

    def _call(self, method: str, *arguments: Any) -> Any:
        import xmlrpc.client

        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        try:
            server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            return getattr(server.supervisor, method)(*arguments)
        finally:
            transport.close()


def _configuration(
    supervisor: Supervisor, wanted: Mapping[str, Process], reveal: Callable[[str], str]
) -> str:
    logs = supervisor.folder / "logs"
    lines = [
        "[supervisord]",
        f"logfile={_escape(str(logs / 'supervisord.log'))}",
        "logfile_maxbytes=1MB",
        "logfile_backups=1",
        "silent=true",
        f"pidfile={_escape(str(supervisor.runtime / 'supervisord.pid'))}",
        "identifier=devenv",
        f"childlogdir={_escape(str(logs))}",
        "minfds=1024",
        "[unix_http_server]",
        f"file={_escape(str(supervisor.socket))}",
        "chmod=0600",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for name, process in wanted.items():
        lines += [
            f"[program:{name}]",
            f"command={_escape(reveal(shlex.join(process.argv)))}",
            f"directory={_escape(str(process.directory))}",
            "autostart=false",
            "autorestart=true",
            "startsecs=1",
            "startretries=3",
            f"stopsignal={process.service.stop_signal.removeprefix('SIG')}",
            f"stopwaitsecs={max(1, round(process.service.stop_grace))}",
            "stopasgroup=false",
            "killasgroup=true",
            "stdout_logfile=NONE",
            "stderr_logfile=NONE",
        ]
    return "\n".join(lines) + "\n"


def _sections(configuration: str) -> dict[str, str]:
    """Name -> what the configuration says of that process."""
    programs = configuration.split("[program:")[1:]
    return {name: rest for name, _, rest in (program.partition("]\n") for program in programs)}


def _escape(text: str) -> str:
    """supervisord expands % everywhere."""
    return text.replace("%", "%%")
