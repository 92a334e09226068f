"""The plain records that cross the seams."""

from __future__ import annotations

import pytest

from godot_enet.core.interface import Address, Datagram, DropReport
from godot_enet.core.protocol.drops import Drop


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("127.0.0.1", 4242), "127.0.0.1:4242"),
        (Address("::1", 4242), "[::1]:4242"),
        (Address("fe80::1%lo", 0), "[fe80::1%lo]:0"),
    ],
)
def test_an_address_reads_as_in_a_url(address: Address, text: str) -> None:
    assert str(address) == text


def test_records_are_compared_and_unpacked_by_value() -> None:
    address = Address("127.0.0.1", 1)
    data, source = Datagram(b"x", address)
    assert (data, source) == (b"x", ("127.0.0.1", 1))
    assert hash(address) == hash(Address("127.0.0.1", 1))
    cause, _, times = DropReport(Drop.SHORT, address, 3)
    assert (cause, times) == (Drop.SHORT, 3)
