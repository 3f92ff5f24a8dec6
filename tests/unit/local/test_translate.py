"""From the container's paths and addresses to this machine's."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from devenv.errors import StackError
from devenv.modes.local.translate import Translation, translation
from tests.fakes.stacks import entry, stack

ADDRESSES = {"s3:9000": "127.0.0.1:20001", "prefect-server:4200": "127.0.0.1:20002", "grafana:3000": "unused"}
CONFIGS = [
    {"source": "main", "target": "/etc/prometheus/prometheus.yml"},
    {"source": "main", "target": "/etc/grafana/provisioning/datasources/lake.yaml"},
]
VOLUMES = [
    {"type": "volume", "source": "data", "target": "/data"},
    {"type": "bind", "source": "/home/me/flows", "target": "/opt/lakehouse/flows"},
    {"type": "volume", "source": "deep", "target": "/data/deep"},
]
names = st.text(string.ascii_letters + string.digits + "._-", min_size=1).filter(lambda name: name != "..")


def words(absent: tuple[str, ...] = ()) -> Translation:
    tiny = stack(
        {
            "s3": entry(9000, configs=CONFIGS, volumes=VOLUMES),
            "prefect-server": entry(4200),
            "grafana": entry(3000, volumes=[{"type": "volume", "source": "g", "target": "/graf"}]),
        },
        configs={"main": {"content": ""}},
    )
    return translation(tiny, tiny.services["s3"], Path("/D"), Path("/C"), ADDRESSES, absent)


def translated(value: Any, absent: tuple[str, ...] = ()) -> Any:
    return yaml.safe_load(words(absent).file("x.yml", yaml.safe_dump(value)))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/data", "/D/data"),
        ("--dir=/data/a/b", "--dir=/D/data/a/b"),
        ("/data/deep/x", "/D/deep/x"),
        ("/database", "/database"),
        ("/opt/lakehouse/flows/a.py:go", "/home/me/flows/a.py:go"),
        ("--config.file=/etc/prometheus/prometheus.yml", "--config.file=/C/etc/prometheus/prometheus.yml"),
        ("/etc/prometheus/rules/*.yml", "/C/etc/prometheus/rules/*.yml"),
        ("/etc/grafana/provisioning", "/C/etc/grafana/provisioning"),
        ("/data,/data/deep", "/D/data,/D/deep"),
        ("/api/health", "/api/health"),
        ("http://127.0.0.1:20001/data", "http://127.0.0.1:20001/data"),
        (
            "postgresql+asyncpg://me:pw@127.0.0.1:1/lakehouse",
            "postgresql+asyncpg://me:pw@127.0.0.1:1/lakehouse",
        ),
    ],
)
def test_a_path_of_the_container_is_one_of_this_machine(word: str, expected: str) -> None:
    assert words().word(word, "command") == expected


@pytest.mark.parametrize("path", ["/etc/passwd", "/var/lib/x", "--home=/usr/share/grafana", "/graf/other"])
def test_a_path_that_only_the_container_has_is_refused(path: str) -> None:
    bare = path.rpartition("=")[2]
    with pytest.raises(StackError, match=f"service s3: command names {bare}, which exists in the container"):
        words().word(path, "command")


@pytest.mark.parametrize("address", ["s3:9000", "prefect-server:4200", "grafana:3000"])
def test_an_address_left_in_a_word_is_refused_with_its_variable(address: str) -> None:
    with pytest.raises(StackError, match=f"service s3: API names {address}") as caught:
        words().word(f"http://{address}/api", "API")
    variable = address.split(":")[0].upper().replace("-", "_")
    assert f"${{{variable}_ADDRESS:-{address}}}" in caught.value.remedy


@pytest.mark.parametrize("text", ["my-s3:9000", "s3.example.com:9000", "s3:bucket", "other:9000"])
def test_what_only_looks_like_an_address_is_left_alone(text: str) -> None:
    assert words().word(text, "X") == text


@given(st.lists(names, min_size=1, max_size=4))
def test_a_path_within_a_volume_keeps_what_comes_after_it(parts: list[str]) -> None:
    rest = "/".join(["x", *parts])
    assert words().word(f"/data/{rest}", "X") == f"/D/data/{rest}"


@given(st.lists(names, min_size=1, max_size=4))
def test_no_path_of_a_url_is_touched(parts: list[str]) -> None:
    url = f"https://example.com/{'/'.join(parts)}"
    assert words().word(url, "X") == url


@given(st.text(st.characters(exclude_characters="/:", codec="utf-8")))
def test_text_without_paths_and_addresses_is_left_alone(text: str) -> None:
    assert words().word(text, "X") == text


def test_yaml_is_translated_value_by_value() -> None:
    assert translated({"a": {"url": "http://s3:9000/x", "n": 1}, "dir": ["/data/y", True, None]}) == {
        "a": {"url": "http://127.0.0.1:20001/x", "n": 1},
        "dir": ["/D/data/y", True, None],
    }


def test_json_stays_json() -> None:
    assert json.loads(words().file("x.json", '{"url": "s3:9000"}')) == {"url": "127.0.0.1:20001"}


def test_comments_of_yaml_may_name_addresses() -> None:
    assert yaml.safe_load(words().file("x.yml", "a: 1 # not grafana:1\n")) == {"a": 1}


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(exclude_characters="/:", codec="utf-8")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    )
)
def test_a_file_without_paths_and_addresses_says_the_same(value: Any) -> None:
    assert json.loads(words().file("x.json", json.dumps(value))) == value


def test_an_absent_service_takes_its_list_item_with_it() -> None:
    scrape = [{"job": "s3", "targets": ["s3:9000"]}, {"job": "g", "url": "grafana:3000"}]
    assert translated({"scrape": scrape}, absent=("grafana",)) == {
        "scrape": [{"job": "s3", "targets": ["127.0.0.1:20001"]}]
    }


def test_only_the_innermost_list_item_goes() -> None:
    jobs = [{"job": "all", "targets": ["s3:9000", "grafana:3000"]}]
    assert translated(jobs, absent=("grafana",)) == [{"job": "all", "targets": ["127.0.0.1:20001"]}]


def test_a_file_that_is_about_an_absent_service_is_empty() -> None:
    assert translated({"url": "http://grafana:3000"}, absent=("grafana",)) is None


def test_a_port_that_the_service_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(StackError, match=r"x\.yml names s3:9999, a port that s3 does not have") as caught:
        translated({"url": "http://s3:9999"})
    assert caught.value.remedy == "use one of: s3:9000"


def test_a_path_left_in_a_file_is_refused() -> None:
    with pytest.raises(StackError, match=r"x\.yml names /etc/shadow"):
        translated({"a": ["/etc/shadow"]})


def test_a_file_that_cannot_be_parsed_is_refused_on_one_line() -> None:
    with pytest.raises(StackError, match=r"x\.yml cannot be read: ") as caught:
        words().file("x.yml", "a: [\n")
    assert "\n" not in caught.value.problem


def test_a_script_is_left_as_it_is() -> None:
    assert words().file("roles.sh", "echo /etc/x $1\n") == "echo /etc/x $1\n"


def test_an_address_in_a_script_is_refused() -> None:
    with pytest.raises(
        StackError, match=r"roles\.sh names s3:9000, and only YAML and JSON can be translated"
    ):
        words().file("roles.sh", "curl s3:9000\n")
