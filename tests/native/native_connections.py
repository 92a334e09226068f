"""Small pieces that the tests of native connections share."""

from __future__ import annotations

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core.native import hot_types, why_no_hot_types
from tests.unit.compat.stage import Link

__all__ = ["HANDLES", "fill", "needs_hot", "same_host"]

needs_hot = pytest.mark.skipif(hot_types() is None, reason=f"no C methods: {why_no_hot_types()}")
"""For tests of what only the C methods of ``src/hot.c`` do, or have."""

HANDLES = [0, 1, 31, 32, 4094, 4095, 4096, 1 << 12, 1 << 31, 1 << 32, (1 << 64) - 1]
"""Numbers of peers that are at an end of what a number may be, or of a slot."""


def fill(link: Link, packets: list[bytes], flags: int = ENetPacketPeer.FLAG_RELIABLE) -> None:
    """Let these packets arrive at the server, and leave them in the peer's queue."""
    before = link.at_server.get_available_packet_count()
    for packet in packets:
        assert link.at_client.send(0, packet, flags) is Error.OK
    link.stage.run(lambda: link.at_server.get_available_packet_count() == before + len(packets))
    link.stage.events(link.server)


def same_host(connection: ENetConnection, *, native: bool) -> bool:
    """Whether the connection's host is the one in C (or is not)."""
    host = connection._host
    return host is not None and (type(host).__name__ == "NativeHost") is native
