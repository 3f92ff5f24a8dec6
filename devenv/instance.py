"""An instance: one stack in one mode for one project folder, with its name, ports, engine and folders."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from devenv.errors import DevenvError, LockedError
from devenv.project import Project
from devenv.state import read_state, write_state

# In the environment of every process: by them all of an instance are found, and each of its services'.
MARK = "DEVENV_INSTANCE"
SERVICE_MARK = "DEVENV_SERVICE"
PROJECT_MARK = "DEVENV_PROJECT"


@dataclass(frozen=True)
class Instance:
    """What stays the same from one `up` to the next.

    ports: `service`, or `service:variable` for one that only a process needs -> port of this machine
    s3_engine: the engine that wrote the lake; never switched over existing data
    secrets: the fingerprint of the secrets that the data were made with
    programs: service -> path of the program that runs it (local mode)
    left_out: service -> why it is not part of this instance
    images: `pull` or `build`: where the images of containers come from
    variables: further variables of the stack file, such as images' names that a shell has set
    context: the Kubernetes context of a cluster that is there already (K3s mode); None is one of its own
    """

    project: Project
    mode: str
    ports: Mapping[str, int] = field(default_factory=dict)
    s3_engine: str | None = None
    secrets: str | None = None
    programs: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    images: str = "pull"
    variables: Mapping[str, str] = field(default_factory=dict)
    context: str | None = None

    @property
    def name(self) -> str:
        """The folder's name and a hash of its path, so that no two clones share it."""
        return f"{project_name(self.project)}-{self.mode}"

    @property
    def folder(self) -> Path:
        """The instance's part of the state folder."""
        return self.project.state / self.mode

    @property
    def data(self) -> Path:
        """What must never be lost."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """A file a service."""
        return self.folder / "logs"

    @property
    def has_data(self) -> bool:
        """Whether an earlier `up` has left any."""
        return self.data.is_dir() and any(self.data.iterdir())

    @property
    def runtime(self) -> Path:
        """A folder with a short path, for sockets: their paths may have about 100 bytes.

        Not in XDG_RUNTIME_DIR or TMPDIR: it has to be the same from every session of this user.
        """
        base = "/tmp"  # noqa: S108 (the folder in it is private, and checked)
        if not os.access(base, os.W_OK):
            base = tempfile.gettempdir()
        return Path(base) / f"devenv-{os.getuid()}-{_hash(str(self.folder))}"

    def save(self) -> None:
        """Writes it to the state folder."""
        write_state(
            self.folder / "instance.json",
            {
                "ports": dict(self.ports),
                "s3_engine": self.s3_engine,
                "secrets": self.secrets,
                "programs": dict(self.programs),
                "left_out": dict(self.left_out),
                "images": self.images,
                "variables": dict(self.variables),
                "context": self.context,
            },
        )

    def changed(self, **values: Any) -> Instance:
        """A copy with other values, saved if it differs."""
        other = replace(self, **values)
        if other != self or not (self.folder / "instance.json").exists():
            other.save()
        return other


def marks(instance: Instance, service: str | None = None) -> dict[str, str]:
    """What a process of an instance, and of one of its services, carries in its environment."""
    own = {SERVICE_MARK: service} if service else {}
    return {MARK: instance.name, **own, PROJECT_MARK: str(instance.project.root)}


def project_name(project: Project) -> str:
    """Such as `crypto-lakehouse-3f2a9c`: fit for a container, a namespace and a volume."""
    words = re.sub(r"[^a-z0-9]+", "-", project.root.name.lower()).strip("-")[:24].strip("-") or "devenv"
    return f"{words}-{_hash(str(project.root))[:6]}"


def load_instance(project: Project, mode: str) -> Instance:
    """The instance as the last command left it; a new one where there is none."""
    content = read_state(project.state / mode / "instance.json")
    return Instance(project, mode, **content)


@contextmanager
def changing(instance: Instance, wait_s: float, on_wait: Any = None) -> Iterator[None]:
    """Holds the instance's lock: one command at a time changes it.

    wait_s: seconds to wait for another command; on_wait(holder) is called once when there is one.
    Raises LockedError that names the holder. The system frees the lock when its holder dies.
    """
    from filelock import FileLock, Timeout

    make_private(instance.project.state)
    make_private(instance.folder)
    path = instance.folder / "lock"
    holder = instance.folder / "lock.holder"
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if on_wait:
            on_wait(_read(holder))
        try:
            lock.acquire(timeout=wait_s)
        except Timeout:
            raise LockedError(
                f"{_read(holder)} is changing {instance.name}, for over {wait_s:g} s now",
                "wait for it to end, or stop it",
            ) from None
    try:
        with suppress(OSError):  # it is only told to who waits: a full disk is to be met where it matters
            holder.write_text(f"devenv (pid {os.getpid()})")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def forget(instance: Instance) -> None:
    """Deletes what is kept here of an instance whose data are gone; its next start is a first one.

    Where its images come from, and which cluster it is in, stay: a site that cannot pull can still not.
    """
    for folder in (instance.data, instance.logs):
        shutil.rmtree(folder, ignore_errors=True)
    for file in ("seed.json", "timeline.json", "instance.json"):
        (instance.folder / file).unlink(missing_ok=True)
    if instance.images != "pull" or instance.context:
        kept = {"images": instance.images, "variables": instance.variables, "context": instance.context}
        Instance(instance.project, instance.mode, **kept).save()  # type: ignore[arg-type]


def note_data(instance: Instance, where: str) -> None:
    """Has an instance whose data lie elsewhere know that it has some: `where` tells a person."""
    make_private(instance.data)
    (instance.data / "where.txt").write_text(f"The data of {instance.name} are in {where}.\n")


def make_private(folder: Path) -> None:
    """A folder that only its owner can look into. Raises DevenvError where another user owns it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    owner = folder.stat()
    if owner.st_uid != os.getuid():
        raise DevenvError(
            f"{folder} belongs to another user (id {owner.st_uid})",
            f"run devenv as that user, or remove the folder: sudo rm -r {folder}",
        )
    if owner.st_mode & 0o077:
        folder.chmod(0o700)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return "another devenv command"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
