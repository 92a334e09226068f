"""From data commands to packets, one function at a time; whole conversations are in tests/scenario."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.core.engine import delivery
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.lifecycle import change_state
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.tuning import MAX_HELD_COMMANDS
from godot_enet.core.protocol.wire import Fragment
from tests.unit.core.bare_engine import add_peer, drain, make_engine


class Receiver:
    """A connected peer's channel 2, and what comes out of it."""

    def __init__(self, **config: Any) -> None:
        self.engine = make_engine(**config)
        self.peer = add_peer(self.engine)
        self.channel = self.peer.channels[2] = Channel()
        self.at = (self.engine, self.peer, self.channel, 2)

    def reliable(self, number: int, packet: bytes = b"r") -> bool:
        return delivery.receive_reliable(*self.at, number, packet)

    def unreliable(self, reliable: int, number: int, packet: bytes = b"u") -> bool:
        return delivery.receive_unreliable(*self.at, reliable, number, packet)

    def unsequenced(self, group: int, packet: bytes = b"q") -> bool:
        return delivery.receive_unsequenced(self.engine, self.peer, 2, group, packet)

    def fragment(self, start: int, count: int, number: int, total: int, offset: int, data: bytes) -> bool:
        return delivery.receive_fragment(*self.at, Fragment(start, len(data), count, number, total, offset), data)

    def loose(self, reliable: int, start: int, count: int, number: int, total: int, offset: int, data: bytes) -> bool:
        """An unreliable fragment."""
        return delivery.receive_unreliable_fragment(
            *self.at, reliable, Fragment(start, len(data), count, number, total, offset), data
        )

    def taken(self) -> list[bytes]:
        return [event.packet for event in drain(self.engine)]

    @property
    def clean(self) -> bool:
        """Whether nothing is charged to the peer any more."""
        return self.peer.waiting_data == self.peer.held == 0


def test_reliable_packets_come_in_order() -> None:
    receiver = Receiver()
    for number in (3, 1, 5, 2):
        assert receiver.reliable(number, bytes([number]))
    assert receiver.taken() == [b"\1", b"\2", b"\3"]
    assert receiver.peer.held == 1
    assert receiver.reliable(4, b"\4")
    assert receiver.taken() == [b"\4", b"\5"]
    assert receiver.clean


@pytest.mark.parametrize("number", [1, 2, 0xFFFF, 0x9000], ids=["delivered", "waiting", "older", "far behind"])
def test_what_is_not_new_succeeds_and_does_nothing(number: int) -> None:
    receiver = Receiver()
    receiver.reliable(1)
    receiver.reliable(3)
    if number == 2:
        number = 3
    receiver.taken()
    assert receiver.reliable(number, b"again")
    assert receiver.taken() == []
    assert receiver.peer.held == 1


def test_unreliable_packets_come_while_they_are_new() -> None:
    receiver = Receiver()
    for number in (1, 3, 2, 3, 4):
        assert receiver.unreliable(0, number, bytes([number]))
    assert receiver.taken() == [b"\1", b"\3", b"\4"]
    assert receiver.clean


def test_unreliable_packets_wait_for_the_reliable_one_before_them() -> None:
    receiver = Receiver()
    receiver.unreliable(2, 1, b"after two")
    receiver.unreliable(1, 2, b"second after one")
    receiver.unreliable(1, 1, b"first after one")
    assert receiver.taken() == []
    receiver.reliable(1, b"one")
    assert receiver.taken() == [b"one", b"first after one", b"second after one"]
    receiver.reliable(2, b"two")
    assert receiver.taken() == [b"two", b"after two"]
    assert receiver.clean


def test_unreliable_packets_that_reliable_ones_pass_are_lost() -> None:
    receiver = Receiver()
    receiver.unreliable(1, 1, b"lost")
    receiver.reliable(2, b"two")
    receiver.reliable(1, b"one")
    assert b"lost" not in receiver.taken()
    assert receiver.clean


@pytest.mark.parametrize(
    ("groups", "taken"),
    [
        ([1, 2, 1, 3], [1, 2, 3]),
        ([5, 1, 5], [5, 1]),
        ([1023, 1024, 1024, 1], [1023, 1024]),
        ([32767], [32767]),
        ([32768], []),
        ([65535], []),
        ([32000, 60000, 20, 20], [32000, 60000, 20]),
    ],
)
def test_unsequenced_packets_come_once(groups: list[int], taken: list[int]) -> None:
    receiver = Receiver()
    for group in groups:
        assert receiver.unsequenced(group, group.to_bytes(2, "big"))
    assert [int.from_bytes(packet, "big") for packet in receiver.taken()] == taken
    assert receiver.clean


def test_fragments_come_as_one_packet_in_their_turn() -> None:
    receiver = Receiver()
    assert receiver.reliable(4, b"after")
    for number, data in ((2, b"ee"), (0, b"aa"), (1, b"cc")):
        assert receiver.taken() == []
        assert receiver.fragment(1, 3, number, 6, 2 * number, data)
    events = drain(receiver.engine)
    assert [(event.packet, event.flags, event.channel) for event in events] == [(b"aaccee", 1, 2), (b"after", 1, 2)]
    assert receiver.channel.incoming_reliable == 4
    assert receiver.clean


@pytest.mark.parametrize(("count", "total"), [(4, 6), (3, 7)])
def test_a_fragment_of_another_packet_is_refused(count: int, total: int) -> None:
    receiver = Receiver()
    assert receiver.fragment(1, 3, 0, 6, 0, b"aa")
    assert not receiver.fragment(1, count, 1, total, 2, b"bb")
    receiver.loose(0, 1, 3, 0, 6, 0, b"aa")
    assert not receiver.loose(0, 1, count, 1, total, 2, b"bb")


def test_unreliable_fragments_come_as_one_packet() -> None:
    receiver = Receiver()
    assert receiver.loose(0, 1, 2, 1, 4, 2, b"bb")
    assert receiver.taken() == []
    assert receiver.loose(0, 1, 2, 0, 4, 0, b"aa")
    assert [(event.packet, event.flags) for event in drain(receiver.engine)] == [(b"aabb", 8)]
    assert receiver.clean


class TestLimits:
    def test_a_full_budget_refuses_all_but_the_next_in_order(self) -> None:
        receiver = Receiver(maximum_waiting_data=100)
        assert receiver.reliable(2, bytes(100))
        for refused in (receiver.reliable(3), receiver.unsequenced(1), receiver.unreliable(0, 1)):
            assert not refused
        assert receiver.engine.drops[Drop.WAITING_DATA_FULL] == 3
        assert receiver.reliable(1, bytes(50))  # it lets the other one go
        assert len(receiver.taken()) == 2
        assert receiver.clean

    def test_the_next_in_order_waits_until_something_is_taken(self) -> None:
        receiver = Receiver(maximum_waiting_data=100)
        assert receiver.reliable(1, bytes(100))
        assert not receiver.reliable(2)
        assert len(receiver.taken()) == 1
        assert receiver.reliable(2)

    def test_an_announced_packet_is_charged_whole(self) -> None:
        receiver = Receiver(maximum_waiting_data=1000)
        assert receiver.fragment(2, 10, 0, 1000, 0, b"x")
        assert receiver.peer.waiting_data == 1000
        assert not receiver.reliable(13)

    def test_empty_commands_are_counted_too(self) -> None:
        receiver = Receiver()
        receiver.peer.held = MAX_HELD_COMMANDS
        assert not receiver.reliable(2, b"")
        assert not receiver.unreliable(1, 1, b"")
        assert receiver.engine.drops[Drop.WAITING_DATA_FULL] == 2


class TestDisconnectLater:
    @pytest.fixture
    def receiver(self) -> Receiver:
        receiver = Receiver()
        change_state(receiver.engine, receiver.peer, PeerState.DISCONNECT_LATER)
        return receiver

    def test_data_is_acknowledged_and_thrown_away(self, receiver: Receiver) -> None:
        assert receiver.reliable(1)
        assert receiver.unreliable(0, 1)
        assert receiver.unsequenced(1)
        assert receiver.taken() == []
        assert receiver.clean

    def test_new_fragments_are_not_acknowledged(self, receiver: Receiver) -> None:
        assert not receiver.fragment(1, 2, 0, 4, 0, b"aa")
        assert not receiver.loose(0, 1, 2, 0, 4, 0, b"aa")
        assert receiver.clean
