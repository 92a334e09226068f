"""What a program of calls chooses from: mostly the values where something happens, and any others now and then."""

from __future__ import annotations

from dataclasses import Field, fields
from random import Random
from typing import Any

from godot_enet.core.compression import FastLz, RangeCoder, Zlib
from godot_enet.core.interface import Address, Compressor
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import PeerOption
from tests.scenario import raw
from tests.tight import TightConfig

__all__ = [
    "CODECS",
    "ODD",
    "STARTS",
    "VALUES",
    "a_command",
    "a_config",
    "a_forged_connect",
    "a_node",
    "a_packet",
    "a_stranger",
    "an_option",
    "flags",
]

CODECS: tuple[type[Compressor] | None, ...] = (None, None, RangeCoder, FastLz, Zlib)
STARTS = (0, 5, 0x7FF0, 0xFFF0, 123456, 1 << 33)
"""Clock readings to begin at: near each wrap-around of the 16 bits that travel, and beyond 32 bits."""

_U8 = (0, 1, 2, 3, 254, 255)
_U16 = (0, 1, 2, 3, 4, 5, 6, 31, 32, 0x0FFE, 0x0FFF, 0x1000, 0x6FFF, 0x7000, 0x8000, 0x9000, 0xFFFE, 0xFFFF)
_U32 = (0, 1, 2, 3, 4, 5, 6, 575, 576, 1392, 4096, 65536, 1 << 20, 1 << 25, 1 << 31, 0xFFFFFFFF)


_TRIED: dict[str, tuple[int, ...]] = {
    "peer_count": (1, 2, 4, 32),
    "channel_limit": (0, 0, 1, 3),
    "incoming_bandwidth": (0, 0, 0, 50_000, 200_000),
    "outgoing_bandwidth": (0, 0, 0, 30_000, 300_000),
    "mtu": (576, 1392, 1392, 4096),
    "checksum": (False, False, True),
    "duplicate_peers": (4095, 4095, 2),
    "maximum_packet_size": (1 << 25, 1 << 25, 5000),
    "maximum_waiting_data": (1 << 25, 1 << 25, 3000),
    "early_retransmit": (True, True, False),
    "redundant_copies": (2, 2, 1, 0),
    "half_open_limit": (0, 1, 2, 3, 2048),
    "half_open_per_prefix": (0, 1, 2, 256),
    "maximum_buffered_data": (0, 1 << 28, 1 << 28, 5000),
    "peer_command_budget": (0, 4096, 4096, 4),
    "peer_byte_budget": (0, 1 << 18, 1 << 18, 2000),
    "maximum_queued_data": (0, 1 << 26, 1 << 26, 3000),
    "maximum_queued_total": (0, 1 << 30, 1 << 30, 5000),
    "seed": tuple(range(1, 1000)),
}
"""What finds mistakes, where that is not the default and the ends of a setting's range."""


def _values(setting: Field[Any]) -> tuple[int, ...]:
    if setting.name in _TRIED:
        return _TRIED[setting.name]
    default: Any = setting.default
    return default, default, *setting.metadata.get("range", (False, True))


VALUES: dict[str, tuple[Any, ...]] = {setting.name: _values(setting) for setting in fields(HostConfig)}
"""What each setting of a host is tried with: limits that are reached, and none."""


ODD: dict[str, dict[str, tuple[Any, ...]]] = {
    "budgets": {
        "peer_command_budget": (1, 2, 3, 4),
        "peer_byte_budget": (100, 1000, 2000, 4096),
        "maximum_buffered_data": (100, 5000, 20_000),
        "maximum_waiting_data": (1000, 3000),
        "maximum_queued_data": (3000, 10_000),
        "maximum_queued_total": (5000, 20_000),
        "peer_count": (1, 2, 4),
    },
    "one": {
        "peer_count": (1,),
        "channel_limit": (1, 255),
        "half_open_limit": (0, 1),
        "half_open_per_prefix": (0, 1),
        "duplicate_peers": (1, 4095),
    },
    "sizes": {"mtu": (576, 577, 600, 4095, 4096), "maximum_packet_size": (1, 575, 576, 577, 5000)},
    "checksum": {"checksum": (True,), "mtu": (576, 1392)},
    "bandwidth": {
        "incoming_bandwidth": (1, 100, 1000, 30_000),
        "outgoing_bandwidth": (1, 100, 1000, 30_000),
    },
}
"""Values that seldom come together in the programs of the tests, for runs by hand."""


def a_config(random: Random) -> HostConfig:
    """Any settings."""
    return TightConfig(**{name: random.choice(values) for name, values in VALUES.items()})


def a_node(random: Random, index: int, checksum: bool) -> tuple[HostConfig, Address]:
    """A host of a net whose members agree about the checksum, and where it lives."""
    config = a_config(random)
    while config.checksum is not checksum:
        config = a_config(random)
    host = f"10.0.0.{index + 1}" if random.random() < 0.8 else f"fe80::{index + 1}"
    return config, Address(host, 1000 + index)


def a_stranger(random: Random) -> Address:
    """Nobody of the net: from several networks of both families, and from this machine."""
    host = random.choice(("192.0.2.{}", "192.0.2.{}", "198.51.100.{}", "127.0.0.{}", "2001:db8::{}", "2001:db8:1::{}"))
    return Address(host.format(random.randrange(1, 6)), random.choice((9, 9, 10)))


def a_forged_connect(random: Random) -> bytes:
    """A CONNECT that is good but for its source, or almost."""
    return raw.connect(
        peer=random.choice((0, 3, 4094)),
        sessions=(random.choice(_U8), random.choice(_U8)),
        mtu=random.choice((0, 576, 1392, 1 << 20)),
        channels=random.choice((1, 2, 255, 0)),
        connect_id=bytes((0, 0, 0, random.randrange(3))),
        command=random.choice((0x82, 0x82, 0x02)),
    )


def a_packet(random: Random) -> bytes:
    """Of one byte repeated or of noise; from nothing to seven fragments."""
    size = random.choice((0, 1, 5, 30, 300, 600, 1400, 3000, 9000))
    return random.randbytes(size) if random.random() < 0.2 else bytes((random.getrandbits(8),)) * size


def flags(random: Random) -> int:
    """Any sum of the three flags, the plain kinds more often."""
    return random.choice((0, 1, 1, 2, 8, 3, 9, 10, 11))


def an_option(random: Random) -> tuple[PeerOption, tuple[int, ...]]:
    """A setting of a peer with its values."""
    option = random.choice(list(PeerOption))
    if option is PeerOption.PING_INTERVAL:
        return option, (random.choice((0, 1, 100, 1000, 0xFFFFFFFF)),)
    if option is PeerOption.TIMEOUT:
        return option, random.choice(((0, 0, 0), (2, 100, 1000), (32, 500, 3000), (1, 0, 5), (0xFFFFFFFF, 7, 0)))
    return option, (random.choice((0, 100, 1000, 5000)), random.choice((0, 2, 31, 32)), random.choice((0, 2, 5)))


def a_command(random: Random, now: int) -> bytes:
    """A command in the right layout with nearly any numbers in it."""

    def u8() -> int:
        return random.choice(_U8) if random.random() < 0.9 else random.getrandbits(8)

    def u16() -> int:
        return random.choice(_U16) if random.random() < 0.8 else random.getrandbits(16)

    def u32() -> int:
        return random.choice(_U32) if random.random() < 0.9 else random.getrandbits(32)

    def channel() -> int:
        return random.choice((0, 0, 1, 2)) if random.random() < 0.8 else u8()

    def pair() -> tuple[int, int]:
        return u32(), u32()

    data = random.randbytes(random.choice((0, 1, 4, 40)))
    kind = random.randrange(13)
    if kind == 1:
        return raw.acknowledge(channel(), u16(), now - random.choice((0, 1, 30, 2000)) & 0xFFFF)
    if kind == 2:
        return raw.connect(
            number=u16(),
            peer=random.choice((0, 1, 4094, 4095, u16())),
            sessions=(u8(), u8()),
            mtu=u32(),
            window=u32(),
            channels=random.choice((1, 2, 255, u32())),
            bandwidths=pair(),
            throttle=(u32(), u32(), u32()),
            connect_id=bytes((0, 0, 0, random.randrange(4))),
            data=u32(),
            command=random.choice((0x82, 0x02)),
        )
    if kind == 3:
        return raw.verify(number=u16(), peer=u16(), sessions=(u8(), u8()), mtu=u32(), window=u32(), channels=u32())
    if kind == 4:
        return raw.disconnect(u16(), u32(), random.choice((0x84, 0x44, 0x04)))
    if kind == 5:
        return raw.ping(u16())
    if kind == 6:
        length = u16() if random.random() < 0.1 else None
        return raw.reliable(channel(), u16(), data, random.choice((0x86, 0x86, 0x06)), length)
    if kind == 7:
        return raw.unreliable(channel(), u16(), u16(), data, random.choice((0x07, 0x07, 0x87)))
    if kind == 9:
        return raw.unsequenced(channel(), u16(), data)
    if kind in (8, 12):
        count = random.choice((1, 2, 3, u32()))
        index = random.choice((0, 1, 2, u32()))
        cut = index * len(data) & 0xFFFFFFFF, count * len(data) & 0xFFFFFFFF  # as ENet does
        offset, total = random.choice((cut, cut, cut, (0, len(data)), (0, 100), (40, 80), pair()))
        if kind == 8:
            return raw.fragment(channel(), u16(), index & 0xFFFFFFFF, count, total, offset, data)
        return raw.unreliable_fragment(channel(), u16(), u16(), index, count, total, offset, data)
    if kind == 10:
        return raw.bandwidth_limit(u16(), *pair())
    if kind == 11:
        return raw.throttle_configure(u16(), u32(), u32(), u32())
    return random.randbytes(random.randrange(1, 30))
