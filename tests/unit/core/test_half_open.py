"""The records of connections being made: whose limit they share, which goes first, and how long they last."""

from __future__ import annotations

import pytest

from godot_enet.core.engine.half_open import HalfOpen, HalfOpenTable, prefix_of
from godot_enet.core.interface import Address
from godot_enet.core.protocol.tuning import HALF_OPEN_LIFETIME

NOW = 1000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "192.0.2.255"),
        ("2001:db8:1::1", "2001:db8:1:ffff:ffff::1"),
        ("fe80::1%eth0", "fe80::2"),
    ],
)
def test_neighbours_share_a_prefix(one: str, other: str) -> None:
    assert prefix_of(Address(one, 1)) == prefix_of(Address(other, 2)) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "192.0.3.1"),
        ("192.0.2.1", "192.1.2.1"),
        ("2001:db8:1::1", "2001:db8:2::1"),
        ("192.0.2.1", "2001:db8:1::1"),
    ],
)
def test_others_do_not(one: str, other: str) -> None:
    assert prefix_of(Address(one, 1)) != prefix_of(Address(other, 1))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "::1"])
def test_this_machine_has_none(host: str) -> None:
    assert prefix_of(Address(host, 1)) is None


class Records:
    """A table that is filled as the engine does it: what is in the way goes."""

    def __init__(self, limit: int = 100, prefix_limit: int = 0) -> None:
        self.table = HalfOpenTable(limit, prefix_limit)
        self.numbers = 0
        self.gone: list[Address] = []

    def ask(self, host: str, port: int = 1, connect_id: int = 0, now: int = NOW) -> HalfOpen:
        address = Address(host, port)
        for _ in range(2):
            expired = self.table.expired(address, connect_id, now)
            if expired is not None:
                self.table.remove(expired)
        evicted = self.table.to_evict(address)
        if evicted is not None:
            self.table.remove(evicted)
            self.gone.append(evicted.address)
        half = HalfOpen(self.numbers, address, connect_id, b"", now, 0x12345678, (0, 0))
        self.numbers += 1
        self.table.add(half)
        return half

    def forgotten(self) -> list[str]:
        """Hosts whose good records had to go, since the last call."""
        hosts = [address.host for address in self.gone]
        self.gone.clear()
        return hosts


def test_a_record_is_found_by_address_and_connect_id() -> None:
    records = Records()
    half = records.ask("192.0.2.1", 5, 7)
    assert records.table.find(Address("192.0.2.1", 5), 7, NOW) is half
    assert records.table.find(Address("192.0.2.1", 6), 7, NOW) is None
    assert records.table.find(Address("192.0.2.1", 5), 8, NOW) is None
    assert records.table.by_number[half.address, half.number] is half
    assert (half.sequence, half.time, half.proof) == (0x1234, 0x5678, 0x12345678)


def test_it_is_good_for_its_life() -> None:
    records = Records()
    half = records.ask("192.0.2.1")
    address = half.address
    assert records.table.find(address, 0, NOW + HALF_OPEN_LIFETIME - 1) is half
    assert records.table.find(address, 0, NOW + HALF_OPEN_LIFETIME) is None
    assert records.table.expired(address, 0, NOW + HALF_OPEN_LIFETIME - 1) is None
    assert records.table.expired(address, 0, NOW + HALF_OPEN_LIFETIME) is half


def test_removing_one_leaves_nothing() -> None:
    records = Records(prefix_limit=1)
    half = records.ask("192.0.2.1")
    records.table.remove(half)
    assert records.table.find(half.address, 0, NOW) is None
    assert records.table.by_number == {}
    assert not records.table.uses(half.number)
    assert records.table.expired(half.address, 0, NOW + HALF_OPEN_LIFETIME) is None
    assert records.table.to_evict(half.address) is None


def test_the_oldest_makes_room_in_all() -> None:
    records = Records(limit=3)
    for number in range(5):
        records.ask(f"10.0.{number}.1")
    assert records.forgotten() == ["10.0.0.1", "10.0.1.1"]
    assert [half.address.host for half in records.table.by_number.values()] == ["10.0.2.1", "10.0.3.1", "10.0.4.1"]


def test_the_oldest_of_its_network_makes_room_there() -> None:
    records = Records(prefix_limit=2)
    records.ask("10.0.9.1")
    for number in range(4):
        records.ask(f"192.0.2.{number}")
    assert records.forgotten() == ["192.0.2.0", "192.0.2.1"]
    assert len(records.table.by_number) == 3


def test_expired_records_go_without_being_missed() -> None:
    records = Records(limit=3)
    for number in range(3):
        records.ask(f"10.0.{number}.1")
    records.ask("10.0.7.1", now=NOW + HALF_OPEN_LIFETIME)
    assert records.forgotten() == []
    assert len(records.table.by_number) == 2
    records.ask("10.0.8.1", now=NOW + HALF_OPEN_LIFETIME)
    assert len(records.table.by_number) == 2


def test_this_machine_has_no_limit_but_the_total() -> None:
    records = Records(limit=10, prefix_limit=1)
    for number in range(10):
        records.ask("127.0.0.1", 1 + number)
    assert records.forgotten() == []
    records.ask("127.0.0.1", 99)
    assert records.forgotten() == ["127.0.0.1"]


def test_zero_is_no_limit_of_networks() -> None:
    records = Records(limit=50, prefix_limit=0)
    for number in range(50):
        records.ask("192.0.2.1", 1 + number)
    assert records.forgotten() == []
