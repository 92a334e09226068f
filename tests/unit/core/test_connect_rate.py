"""How many connections one network may make in a second."""

from __future__ import annotations

import pytest

from godot_enet.core.engine.connect_rate import ConnectRate
from godot_enet.core.interface import Address

HERE = Address("10.1.2.3", 1)


def connect(rate: ConnectRate, host: str, now: int) -> bool:
    """Somebody proves its address; whether that was a connection."""
    address = Address(host, 1)
    if not rate.has_room(address, now):
        return False
    rate.count(address)
    return True


def test_without_a_limit_nothing_is_counted() -> None:
    rate = ConnectRate()
    assert all(connect(rate, "10.1.2.3", 1000) for _ in range(1000))
    rate.limit = 1
    assert connect(rate, "10.1.2.3", 1000)


def test_each_network_has_its_own_second() -> None:
    rate = ConnectRate()
    rate.limit = 2
    assert [connect(rate, f"10.1.2.{number}", 1000 + number) for number in range(4)] == [True, True, False, False]
    assert connect(rate, "10.1.3.1", 1100)
    assert not connect(rate, "10.1.2.9", 1999)
    assert connect(rate, "10.1.2.9", 2000)


@pytest.mark.parametrize("hosts", [("2001:db8:7::1", "2001:db8:7:9::2"), ("127.0.0.1", "127.0.0.2"), ("::1", "::1")])
def test_ipv6_and_this_machine(hosts: tuple[str, str]) -> None:
    rate = ConnectRate()
    rate.limit = 1
    assert [connect(rate, host, 5) for host in hosts] == [True, False]


def test_looking_counts_nothing() -> None:
    rate = ConnectRate()
    rate.limit = 1
    assert all(rate.has_room(HERE, 5) for _ in range(10))
