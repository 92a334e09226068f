"""The frame around the commands of a datagram: header, compression, checksum."""

from __future__ import annotations

from zlib import crc32

from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.interface import Datagram
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_UNSEQUENCED,
    CONTROL_CHANNEL,
    HEADER_COMPRESSED,
    HEADER_SENT_TIME,
    MAXIMUM_PEER_ID,
    Command,
)
from godot_enet.core.protocol.wire import DISCONNECT, pack_connect_id

__all__ = ["disconnect_datagram", "seal"]


def seal(engine: EngineState, peer: Peer, parts: list[bytes], sent_time: int | None) -> Datagram:
    """Add header, compression and checksum, in this order: the checksum covers the uncompressed commands.

    ``sent_time`` is given if a command asks for acknowledgement; only its low 16 bits are sent.
    """
    body = b"".join(parts)
    word = peer.outgoing_peer_id
    if word < MAXIMUM_PEER_ID:
        word |= peer.outgoing_session << 12
    compressed: bytes | None = None
    if engine.compressor is not None:
        compressed = engine.compressor.compress(body, len(body))
        if compressed is not None and 0 < len(compressed) < len(body):
            word |= HEADER_COMPRESSED
        else:
            compressed = None
    if sent_time is not None:
        header = ((word | HEADER_SENT_TIME) << 16 | sent_time & 0xFFFF).to_bytes(4, "big")
    else:
        header = word.to_bytes(2, "big")
    if engine.checksum:
        key = pack_connect_id(peer.connect_id) if peer.outgoing_peer_id < MAXIMUM_PEER_ID else bytes(4)
        header += crc32(body, crc32(header + key)).to_bytes(4, "big")
    return Datagram(header + (body if compressed is None else compressed), peer.address)


def disconnect_datagram(engine: EngineState, peer: Peer, data: int = 0) -> Datagram:
    """A datagram with one unacknowledged DISCONNECT."""
    sequence = (peer.outgoing_reliable_sequence + 1) & 0xFFFF
    wire = DISCONNECT.pack(Command.DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL, sequence, data)
    return seal(engine, peer, [wire], None)
