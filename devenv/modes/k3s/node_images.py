"""Images on the cluster's node: under names that tell their content, loaded only where it lacks them."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping

from devenv.errors import DevenvError
from devenv.modes.base import Progress
from devenv.modes.compose.engine import Engine

SHORT_ID = 12
BLOCK = 1 << 20
# Headers of the engine's stream: one byte for which stream, three empty, four for the length.
HEADER = 8
CTR = ("ctr", "--namespace", "k8s.io", "images")


def content_name(image: str, identity: str) -> str:
    """`image` with the beginning of its id in the tag: pods are replaced when it is built anew.

    Such as crypto-lakehouse/flows:0.1.0-38cdd30f1838.
    """
    name, separator, tag = image.rpartition(":")
    if not separator or "/" in tag:
        name, tag = image, "latest"
    short = identity.removeprefix("sha256:")[:SHORT_ID]
    return f"{name}:{tag}-{short}"


def names_on(engine: Engine, node: str) -> set[str]:
    """Every image's name that the node has."""
    return set(_run(engine, node, [*CTR, "list", "--quiet"]).split())


def load(engine: Engine, node: str, images: Mapping[str, str], progress: Progress) -> None:
    """Loads what the node lacks of `images`: the engine's name -> the node's. Raises DevenvError."""
    there = names_on(engine, node)
    missing = {name: target for name, target in images.items() if full_name(target) not in there}
    if not missing:
        return
    progress(f"loading {len(missing)} images into the cluster: {', '.join(missing)}")
    # All at once: what they share is sent once.
    _import(engine, node, missing)
    for name, target in missing.items():
        _run(engine, node, [*CTR, "tag", "--force", full_name(name), full_name(target)])


def full_name(image: str) -> str:
    """As containerd writes it: `postgres:18` is docker.io/library/postgres:18."""
    first, separator, _ = image.partition("/")
    if not separator:
        return f"docker.io/library/{image}"
    if "." in first or ":" in first or first == "localhost":
        return image
    return f"docker.io/{image}"


def _import(engine: Engine, node: str, names: Iterable[str]) -> None:
    api = engine.api
    answer = api.get(f"{api.base_url}/images/get", params={"names": list(names)}, stream=True)
    answer.raise_for_status()
    started = engine.ask("exec_create", node, [*CTR, "import", "-"], stdin=True, stdout=True, stderr=True)
    connection = engine.ask("exec_start", started["Id"], socket=True)
    raw: socket.socket = getattr(connection, "_sock", connection)
    raw.settimeout(None)
    try:
        for block in answer.iter_content(BLOCK):
            raw.sendall(block)
        raw.shutdown(socket.SHUT_WR)
        said = _read(raw)
    except OSError as error:
        said = str(error)
    finally:
        connection.close()
        answer.close()
    code = engine.ask("exec_inspect", started["Id"])["ExitCode"]
    if code:
        raise _failed(said)


def _read(raw: socket.socket) -> str:
    found = bytearray()
    while block := raw.recv(BLOCK):
        found += block
    text, place = "", 0
    while place + HEADER <= len(found):
        length = int.from_bytes(found[place + 4 : place + HEADER], "big")
        text += bytes(found[place + HEADER : place + HEADER + length]).decode(errors="replace")
        place += HEADER + length
    return text


def _run(engine: Engine, node: str, command: list[str]) -> str:
    code, said = engine.run(node, command)
    if code:
        raise _failed(said)
    return said


def _failed(said: str) -> DevenvError:
    lines = [line for line in said.splitlines() if line.strip()]
    reason = lines[-1] if lines else "it said nothing"
    remedy = (
        "make room for Docker: docker system prune"
        if "no space left" in said
        else "run it again: devenv up k3s"
    )
    return DevenvError(f"images cannot be loaded into the cluster: {reason}", remedy)
