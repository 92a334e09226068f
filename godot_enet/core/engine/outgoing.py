"""From packets to queued commands: numbering and fragments.

enet: peer.c: enet_peer_send, enet_peer_setup_outgoing_command.
"""

from __future__ import annotations

from collections import deque

from godot_enet.core.engine.budget import can_queue
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.commands import ReliableCommand, UnreliableCommand
from godot_enet.core.engine.peer import NO_RELIABLE, NO_UNRELIABLE, Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.errors import InvalidChannel, NotConnected, PacketTooLarge, SendQueueFull
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_ACKNOWLEDGE,
    COMMAND_FLAG_UNSEQUENCED,
    CONTROL_CHANNEL,
    MAXIMUM_FRAGMENT_COUNT,
    Command,
    PacketFlag,
    PeerState,
)
from godot_enet.core.protocol.states import STATES
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD
from godot_enet.core.protocol.wire import DISCONNECT, FRAGMENT, HEAD, SEND_RELIABLE, SEND_UNRELIABLE

__all__ = ["queue_control", "queue_disconnect_now", "queue_packet", "queue_ping"]

_RELIABLE = int(PacketFlag.RELIABLE)
_UNSEQUENCED = int(PacketFlag.UNSEQUENCED)
_DELIVERY = _RELIABLE | _UNSEQUENCED
_UNRELIABLE_FRAGMENT = int(PacketFlag.UNRELIABLE_FRAGMENT)
# Up to Python 3.11 an attribute of an enum takes as long as a call.
_UNRELIABLE_COMMAND = Command.SEND_UNRELIABLE
_SEND_RELIABLE = Command.SEND_RELIABLE | COMMAND_FLAG_ACKNOWLEDGE
_SEND_FRAGMENT = Command.SEND_FRAGMENT | COMMAND_FLAG_ACKNOWLEDGE
_SEND_UNSEQUENCED = Command.SEND_UNSEQUENCED | COMMAND_FLAG_UNSEQUENCED
_CONNECTED = PeerState.CONNECTED

_pack_reliable = SEND_RELIABLE.pack
_pack_unreliable = SEND_UNRELIABLE.pack
_pack_fragment = FRAGMENT.pack


def queue_packet(engine: EngineState, peer: Peer, channel_id: int, packet: bytes, flags: int) -> None:
    """Number a packet and queue it as one command, or as fragments if it does not fit one datagram."""
    if peer.state is not _CONNECTED:
        raise NotConnected(f"the peer is in state {peer.state.name}")
    if not 0 <= channel_id < peer.channel_count:
        raise InvalidChannel(f"channel {channel_id} of {peer.channel_count}")
    length = len(packet)
    if length > engine.maximum_packet_size:
        raise PacketTooLarge(f"{length} bytes, maximum {engine.maximum_packet_size}")
    pieces = 1 if length <= peer.fragment_length else -(-length // peer.fragment_length)
    if pieces > MAXIMUM_FRAGMENT_COUNT:
        raise PacketTooLarge(f"{length} bytes, maximum {MAXIMUM_FRAGMENT_COUNT} fragments")
    if not can_queue(engine, peer, length + pieces * BUFFER_OVERHEAD):
        raise SendQueueFull(f"{peer.queued_data} bytes are queued or unacknowledged")
    engine.busy = True
    channel = peer.channels.get(channel_id)
    if channel is None:
        channel = peer.channels[channel_id] = Channel()
    position = engine.total_queued = engine.total_queued + pieces
    if pieces > 1:
        size = _queue_fragments(peer, channel, channel_id, packet, flags, pieces, position)
    elif flags & _DELIVERY == _UNSEQUENCED:
        group = peer.outgoing_unsequenced_group = (peer.outgoing_unsequenced_group + 1) & 0xFFFF
        wire = _pack_unreliable(_SEND_UNSEQUENCED, channel_id, 0, group, length) + packet
        size = len(wire)
        # All unsequenced commands compare equal for the throttle (enet: numbers 0, 0).
        _unreliable_queue(peer).append(UnreliableCommand(wire, 0, True, True, position))
    elif flags & _RELIABLE or channel.outgoing_unreliable >= 0xFFFF:
        # The second case keeps the unreliable number from wrapping: a reliable command restarts it.
        number = (channel.outgoing_reliable + 1) & 0xFFFF
        wire = _pack_reliable(_SEND_RELIABLE, channel_id, number, length) + packet
        size = len(wire)
        if peer.reliable is NO_RELIABLE:
            peer.reliable = deque()
        peer.reliable.append(ReliableCommand(channel_id << 16 | number, channel, wire, length, position))
        # Only after the command is queued: the receiver would wait forever for a number that was never sent.
        channel.outgoing_reliable = number
        channel.outgoing_unreliable = 0
    else:
        reliable = channel.outgoing_reliable
        unreliable = channel.outgoing_unreliable = channel.outgoing_unreliable + 1
        wire = _pack_unreliable(_UNRELIABLE_COMMAND, channel_id, reliable, unreliable, length) + packet
        size = len(wire)
        _unreliable_queue(peer).append(UnreliableCommand(wire, reliable << 16 | unreliable, True, True, position))
    peer.outgoing_data_total += size
    size += pieces * BUFFER_OVERHEAD
    peer.queued_data += size
    engine.queued_data += size
    engine.dirty.add(peer)
    engine.busy = False


def _queue_fragments(
    peer: Peer, channel: Channel, channel_id: int, packet: bytes, flags: int, count: int, last_position: int
) -> int:
    """Queue a packet as fragments, which are reliable unless UNRELIABLE_FRAGMENT allows losses. Returns their size."""
    total = len(packet)
    size = peer.fragment_length
    view = memoryview(packet)
    queued = last_position - count
    if flags & (_RELIABLE | _UNRELIABLE_FRAGMENT) == _UNRELIABLE_FRAGMENT and channel.outgoing_unreliable < 0xFFFF:
        channel.outgoing_unreliable += 1
        reliable, start = channel.outgoing_reliable, channel.outgoing_unreliable
        pieces: list[UnreliableCommand] = []
        for number in range(count):
            offset = number * size
            piece = view[offset : offset + size]
            head = _pack_fragment(
                Command.SEND_UNRELIABLE_FRAGMENT, channel_id, reliable, start, len(piece), count, number, total, offset
            )
            queued += 1
            wire = b"".join((head, piece))
            pieces.append(UnreliableCommand(wire, reliable << 16 | start, number == 0, True, queued))
        _unreliable_queue(peer).extend(pieces)
    else:
        commands: list[ReliableCommand] = []
        start = (channel.outgoing_reliable + 1) & 0xFFFF
        for number in range(count):
            offset = number * size
            piece = view[offset : offset + size]
            sequence = (start + number) & 0xFFFF
            head = _pack_fragment(_SEND_FRAGMENT, channel_id, sequence, start, len(piece), count, number, total, offset)
            queued += 1
            wire = b"".join((head, piece))
            commands.append(ReliableCommand(channel_id << 16 | sequence, channel, wire, len(piece), queued))
        if peer.reliable is NO_RELIABLE:
            peer.reliable = deque()
        peer.reliable.extend(commands)
        channel.outgoing_reliable = (start + count - 1) & 0xFFFF
        channel.outgoing_unreliable = 0
    return count * FRAGMENT.size + total


def _unreliable_queue(peer: Peer) -> deque[UnreliableCommand]:
    if peer.unreliable is NO_UNRELIABLE:
        peer.unreliable = deque()
    return peer.unreliable


def queue_control(engine: EngineState, peer: Peer, number: int, body: bytes) -> None:
    """Queue a reliable control command; ``body`` is everything after its four-byte header."""
    assert number in STATES[peer.state].sends, (number, peer.state)
    sequence = peer.outgoing_reliable_sequence = (peer.outgoing_reliable_sequence + 1) & 0xFFFF
    wire = HEAD.pack(number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, sequence) + body
    engine.total_queued += 1
    peer.control.append(ReliableCommand(CONTROL_CHANNEL << 16 | sequence, None, wire, 0, engine.total_queued))
    peer.outgoing_data_total += len(wire)
    engine.dirty.add(peer)


def queue_ping(engine: EngineState, peer: Peer) -> None:
    """Queue a PING."""
    queue_control(engine, peer, Command.PING, b"")


def queue_disconnect_now(engine: EngineState, peer: Peer, data: int) -> None:
    """Queue an unacknowledged DISCONNECT."""
    assert Command.DISCONNECT in STATES[peer.state].sends, peer.state
    sequence = peer.outgoing_reliable_sequence = (peer.outgoing_reliable_sequence + 1) & 0xFFFF
    wire = DISCONNECT.pack(Command.DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL, sequence, data)
    engine.total_queued += 1
    peer.control.append(UnreliableCommand(wire, sequence << 16, True, False, engine.total_queued))
    peer.outgoing_data_total += len(wire)
    engine.dirty.add(peer)
