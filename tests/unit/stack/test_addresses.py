"""Ports and addresses as the variables of the stack file."""

from __future__ import annotations

from devenv.ports import Wanted
from devenv.stack.addresses import process_addresses, process_variables, wanted_ports
from tests.fakes.stacks import entry, stack

TINY = stack(
    {
        "s3": entry(9000, **{"x-local": {"program": "weed", "ports": {"S3_GRPC": 19000}}}),
        "prefect-server": entry(4200),
    }
)
PORTS = {"s3": 20001, "s3:S3_GRPC": 20002, "prefect-server": 20003}


def test_an_instance_wants_the_published_ports() -> None:
    assert wanted_ports(TINY, {}, processes=False) == [Wanted("s3", 9000), Wanted("prefect-server", 4200)]


def test_processes_want_further_ports() -> None:
    assert Wanted("s3:S3_GRPC", 19000) in wanted_ports(TINY, {}, processes=True)


def test_a_port_that_a_person_chose_is_fixed() -> None:
    assert wanted_ports(TINY, {"s3": 1234}, processes=False)[0] == Wanted("s3", 1234, fixed=True)


def test_a_process_listens_on_its_own_port_of_the_loopback() -> None:
    assert process_variables(TINY, PORTS) == {
        "S3_PORT": "20001",
        "S3_ADDRESS": "127.0.0.1:20001",
        "S3_LISTEN_HOST": "127.0.0.1",
        "S3_LISTEN_PORT": "20001",
        "S3_GRPC_LISTEN_PORT": "20002",
        "PREFECT_SERVER_PORT": "20003",
        "PREFECT_SERVER_ADDRESS": "127.0.0.1:20003",
        "PREFECT_SERVER_LISTEN_HOST": "127.0.0.1",
        "PREFECT_SERVER_LISTEN_PORT": "20003",
    }


def test_addresses_of_containers_become_addresses_of_this_machine() -> None:
    assert process_addresses(TINY, PORTS) == {
        "s3:9000": "127.0.0.1:20001",
        "s3:19000": "127.0.0.1:20002",
        "prefect-server:4200": "127.0.0.1:20003",
    }
