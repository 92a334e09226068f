"""ENet's numbers, as its headers have them."""

from __future__ import annotations

from enum import IntEnum, IntFlag

import pytest

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.core.protocol import constants
from tests.rows import each_row


@each_row(
    ("name", "value"),
    [
        ("MINIMUM_MTU", 576),
        ("MAXIMUM_MTU", 4096),
        ("HOST_DEFAULT_MTU", 1392),
        ("MAXIMUM_PACKET_COMMANDS", 32),
        ("MINIMUM_WINDOW_SIZE", 4096),
        ("MAXIMUM_WINDOW_SIZE", 65536),
        ("MAXIMUM_CHANNEL_COUNT", 255),
        ("MAXIMUM_PEER_ID", 0xFFF),
        ("MAXIMUM_FRAGMENT_COUNT", 1048576),
        ("COMMAND_FLAG_ACKNOWLEDGE", 1 << 7),
        ("COMMAND_FLAG_UNSEQUENCED", 1 << 6),
        ("HEADER_SENT_TIME", 1 << 15),
        ("HEADER_COMPRESSED", 1 << 14),
        ("HOST_BANDWIDTH_THROTTLE_INTERVAL", 1000),
        ("PACKET_THROTTLE_SCALE", 32),
        ("PACKET_THROTTLE_COUNTER", 7),
        ("PACKET_LOSS_SCALE", 1 << 16),
        ("PACKET_LOSS_INTERVAL", 10000),
        ("HOST_DEFAULT_MAXIMUM_PACKET_SIZE", 1 << 25),
        ("HOST_DEFAULT_MAXIMUM_WAITING_DATA", 1 << 25),
    ],
)
def test_value(name: str, value: int) -> None:
    assert getattr(constants, name) == value


@pytest.mark.parametrize(
    ("ours", "godots", "prefix"),
    [
        (constants.PeerState, ENetPacketPeer.PeerState, "STATE_"),
        (constants.PeerStatistic, ENetPacketPeer.PeerStatistic, "PEER_"),
        (constants.HostStatistic, ENetConnection.HostStatistic, "HOST_"),
    ],
)
def test_numbers_are_those_of_godots_classes(ours: type[IntEnum], godots: type[IntEnum], prefix: str) -> None:
    assert {prefix + member.name: int(member) for member in ours} == {member.name: int(member) for member in godots}


def test_flags_are_those_of_godots_classes() -> None:
    flags: type[IntFlag] = constants.PacketFlag
    assert {flag.name: int(flag) for flag in flags} == {
        "RELIABLE": ENetPacketPeer.FLAG_RELIABLE,
        "UNSEQUENCED": ENetPacketPeer.FLAG_UNSEQUENCED,
        "UNRELIABLE_FRAGMENT": ENetPacketPeer.FLAG_UNRELIABLE_FRAGMENT,
    }


def test_a_command_number_fits_its_mask() -> None:
    assert [int(command) for command in constants.Command] == list(range(13))
    assert max(constants.Command) <= constants.COMMAND_MASK
