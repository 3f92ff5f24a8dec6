"""From a container's paths and addresses to this machine's: words and parsed values, never loose text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import StackError
from devenv.stack.addresses import LOOPBACK
from devenv.stack.model import Service, Stack

# First folders of a path that means one in the container, next to those the stack mounts something in.
SYSTEM_FOLDERS = frozenset(
    ["bin", "etc", "home", "lib", "media", "mnt", "opt", "root", "run", "sbin", "srv", "tmp", "usr", "var"]
)
# A path stands at the start of a word, or behind =, a comma, a colon or white space: not within a URL.
PATH = re.compile(r"(?:(?<=[=,:\s])|^)/[\w.@{}*+-]+(?:/[\w.@{}*+-]+)*/?")

LOOPBACK_ADDRESS = re.compile(rf"(?<![\w.]){re.escape(LOOPBACK)}:\d+\b")


class _Absent(Exception):
    """The value names a service that this instance leaves out."""


@dataclass(frozen=True)
class Translation:
    """What the words of one service mean on this machine.

    paths: path in the container -> path here
    addresses: `service:port` -> `127.0.0.1:port`
    absent: services that this instance leaves out
    roots: first folders of the paths that exist in containers alone
    """

    service: str
    paths: Mapping[str, str]
    addresses: Mapping[str, str]
    names: frozenset[str]
    absent: frozenset[str]
    roots: frozenset[str]

    def word(self, text: str, where: str) -> str:
        """An argument or an environment value; addresses in it are variables, so none may be left.

        Raises StackError for a container's path or address that has no meaning here.
        """
        for match in self._address().finditer(text):
            raise StackError(
                f"service {self.service}: {where} names {match[0]}, which only containers can reach",
                f"write it as ${{{match[1].upper().replace('-', '_')}_ADDRESS:-{match[0]}}}",
            )
        return self._paths(text, where)

    def file(self, name: str, text: str) -> str:
        """A configuration file: YAML and JSON value by value, any other as it stands.

        Raises StackError for a file that cannot be parsed, and as `word` does.
        """
        if name.endswith(".json"):
            document = self._document(name, text, json.loads)
            return json.dumps(document, indent=2) + "\n"
        if name.endswith((".yml", ".yaml")):
            from devenv import yaml_text

            return yaml_text.dump(self._document(name, text, yaml_text.parse))
        for match in self._address().finditer(text):
            raise StackError(
                f"service {self.service}: {name} names {match[0]}, and only YAML and JSON can be translated",
                "take the address from an environment variable of the service",
            )
        return text

    def word_back(self, text: str) -> str:
        """The container's paths in place of those that stand for them here."""
        for container, here in self.paths.items():
            text = container.join(re.split(rf"{re.escape(here)}(?![\w.-])", text))
        return text

    def file_back(self, name: str, text: str) -> str:
        """A configuration file of this machine with the container's paths and addresses in it."""
        names = {here: container for container, here in self.addresses.items()}

        def back(value: object) -> object:
            if isinstance(value, str):
                value = LOOPBACK_ADDRESS.sub(lambda match: names.get(match[0], match[0]), value)
                return self.word_back(value)
            if isinstance(value, list):
                return [back(item) for item in value]
            if isinstance(value, dict):
                return {key: back(item) for key, item in value.items()}
            return value

        if name.endswith(".json"):
            return json.dumps(back(json.loads(text)))
        if name.endswith((".yml", ".yaml")):
            from devenv import yaml_text

            return yaml_text.dump(back(yaml_text.parse(text)))
        return self.word_back(text)

    def _document(self, name: str, text: str, parse: Callable[[str], object]) -> object:
        try:
            document = parse(text)
        except Exception as error:  # the parser is one of two, each with errors of its own
            reason = " ".join(str(error).split())
            raise StackError(
                f"{name} cannot be read: {reason}", "mend that line, or git checkout the file"
            ) from error
        try:
            return self._value(document, name)
        except _Absent:
            return None

    def _value(self, value: object, where: str) -> object:
        if isinstance(value, str):
            return self._paths(self._addresses(value, where), where)
        if isinstance(value, list):
            return list(self._kept(value, where))
        if isinstance(value, dict):
            return {key: self._value(item, where) for key, item in value.items()}
        return value

    def _kept(self, items: Iterable[object], where: str) -> Iterable[object]:
        """The innermost list item that names an absent service is what goes with it."""
        for item in items:
            try:
                yield self._value(item, where)
            except _Absent:
                continue

    def _addresses(self, text: str, where: str) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[1] in self.absent:
                raise _Absent
            try:
                return self.addresses[match[0]]
            except KeyError:
                known = [address for address in self.addresses if address.startswith(f"{match[1]}:")]
                raise StackError(
                    f"service {self.service}: {where} names {match[0]}, a port that {match[1]} does not have",
                    f"use one of: {', '.join(known)}",
                ) from None

        return self._address().sub(replace, text)

    def _address(self) -> re.Pattern[str]:
        # The longest name first: prefect-server, not a service called prefect.
        names = "|".join(sorted(map(re.escape, self.names), key=len, reverse=True))
        return re.compile(rf"(?<![\w.-])({names}):\d+\b")

    def _paths(self, text: str, where: str) -> str:
        def replace(match: re.Match[str]) -> str:
            path = match[0]
            for container, here in self.paths.items():
                if path == container or path.startswith(container.rstrip("/") + "/"):
                    return here + path[len(container) :]
            if path.split("/")[1] in self.roots:
                raise StackError(
                    f"service {self.service}: {where} names {path}, which exists in the container alone",
                    "mount a volume or a config there, or give the service an x-local.command without it",
                )
            return path

        return PATH.sub(replace, text)


def translation(
    stack: Stack,
    service: Service,
    data: Path,
    config: Path,
    addresses: Mapping[str, str],
    absent: Iterable[str],
) -> Translation:
    """The translation for `service`: volumes lie in `data`, its configuration files under `config`."""
    paths = {
        mount.target: str(data / mount.source) if mount.kind == "volume" else mount.source
        for mount in service.mounts
    }
    for item in service.configs:
        paths[item.target] = f"{config}{item.target}"
        parent = str(Path(item.target).parent)
        if parent != "/":
            paths.setdefault(parent, f"{config}{parent}")
        grandparent = str(Path(parent).parent)
        # A folder of folders, such as /etc/grafana/provisioning; never a top-level one.
        if grandparent.count("/") > 1:
            paths.setdefault(grandparent, f"{config}{grandparent}")
    mounted = {
        target.split("/")[1]
        for other in stack.services.values()
        for target in (*(m.target for m in other.mounts), *(c.target for c in other.configs))
    }
    return Translation(
        service=service.name,
        paths=dict(sorted(paths.items(), key=lambda item: -len(item[0]))),
        addresses=addresses,
        names=frozenset(stack.services),
        absent=frozenset(absent),
        roots=SYSTEM_FOLDERS | mounted,
    )
