"""From packets to datagrams: numbering, fragments, and what goes into the next datagram of a peer.

enet: peer.c: enet_peer_send, enet_peer_setup_outgoing_command; protocol.c: enet_protocol_send_acknowledgements,
enet_protocol_check_outgoing_commands, enet_protocol_send_outgoing_commands.

A remote that asked for the connection is on trial (:attr:`Peer.trial`) until it has acknowledged anything sent since:
so far it has read one datagram, and all that follows may go to somebody else. Until then it is sent no more bytes than
its window has, with what is lost and unreliable. Where nothing in the first datagram must be acknowledged, a PING goes
with it, so that a trial lasts a round trip, and nobody whose connection is good ever waits for its end.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING
from zlib import crc32

from godot_enet.core.engine.budget import may_queue, takes_nothing
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.commands import ReliableCommand, UnreliableCommand
from godot_enet.core.engine.peer import NO_RELIABLE, NO_UNRELIABLE
from godot_enet.core.engine.recovery import call_due_at, spare_gap, spares_wanted
from godot_enet.core.engine.throttle import measure_loss
from godot_enet.core.errors import InvalidChannel, NotConnected, PacketTooLarge, SendQueueFull
from godot_enet.core.interface import Datagram
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_ACKNOWLEDGE,
    COMMAND_FLAG_UNSEQUENCED,
    CONTROL_CHANNEL,
    HEADER_COMPRESSED,
    HEADER_SENT_TIME,
    MAXIMUM_FRAGMENT_COUNT,
    MAXIMUM_PACKET_COMMANDS,
    MAXIMUM_PEER_ID,
    PACKET_THROTTLE_COUNTER,
    PACKET_THROTTLE_SCALE,
    Command,
    DisconnectMode,
    PacketFlag,
    PeerState,
)
from godot_enet.core.protocol.events import DisconnectReason
from godot_enet.core.protocol.tuning import KEPT_OVERHEAD, TRIAL_RESERVE
from godot_enet.core.protocol.wire import DISCONNECT, FRAGMENT, PING, SEND_RELIABLE, SEND_UNRELIABLE, pack_connect_id

if TYPE_CHECKING:
    from godot_enet.core.engine.engine import PythonEngine
    from godot_enet.core.engine.peer import Peer

__all__ = [
    "Draft",
    "build_datagram",
    "farewell",
    "queue_control",
    "queue_farewell",
    "queue_packet",
    "queue_ping",
    "seal",
]

_RELIABLE = int(PacketFlag.RELIABLE)
_UNSEQUENCED = int(PacketFlag.UNSEQUENCED)
_UNRELIABLE_FRAGMENT = int(PacketFlag.UNRELIABLE_FRAGMENT)
_SEND_RELIABLE = Command.SEND_RELIABLE | COMMAND_FLAG_ACKNOWLEDGE
_SEND_FRAGMENT = Command.SEND_FRAGMENT | COMMAND_FLAG_ACKNOWLEDGE
_SEND_UNSEQUENCED = Command.SEND_UNSEQUENCED | COMMAND_FLAG_UNSEQUENCED
_CONNECTED = PeerState.CONNECTED
_ACK_SIZE = 8
_PING_SIZE = PING.size

_pack_reliable = SEND_RELIABLE.pack
_pack_unreliable = SEND_UNRELIABLE.pack
_pack_fragment = FRAGMENT.pack


def queue_packet(engine: PythonEngine, peer: Peer, channel_id: int, packet: bytes, flags: int) -> None:
    """Number a packet and queue it as one command, or as fragments if it is longer than one datagram takes."""
    if peer.state is not _CONNECTED:
        raise NotConnected(f"the peer is in state {peer.state.name}")
    if not 0 <= channel_id < peer.channel_count:
        raise InvalidChannel(f"channel {channel_id} of {peer.channel_count}")
    length = len(packet)
    if length > engine.maximum_packet_size:
        raise PacketTooLarge(f"{length} bytes, maximum {engine.maximum_packet_size}")
    if length > peer.fragment_length * MAXIMUM_FRAGMENT_COUNT:
        raise PacketTooLarge(f"{length} bytes, maximum {MAXIMUM_FRAGMENT_COUNT} fragments")
    if not may_queue(engine, peer, length):
        raise SendQueueFull(f"{peer.queued_data} bytes wait to be sent or acknowledged")
    engine.busy = True
    channel = peer.channels.get(channel_id)
    if channel is None:
        channel = peer.channels[channel_id] = Channel()
    if length > peer.fragment_length:
        _queue_fragments(engine, peer, channel, channel_id, packet, flags)
    elif flags & (_RELIABLE | _UNSEQUENCED) == _UNSEQUENCED:
        group = peer.outgoing_unsequenced_group = (peer.outgoing_unsequenced_group + 1) & 0xFFFF
        wire = _pack_unreliable(_SEND_UNSEQUENCED, channel_id, 0, group, length) + packet
        engine.total_queued += 1
        # All unsequenced commands compare equal for the throttle (enet: numbers 0, 0).
        _unreliable_queue(peer).append(UnreliableCommand(wire, 0, True, True, engine.total_queued))
        _count(engine, peer, 1, len(wire))
    elif flags & _RELIABLE or channel.outgoing_unreliable >= 0xFFFF:
        # The second case keeps the unreliable number from wrapping: a reliable command restarts it.
        number = (channel.outgoing_reliable + 1) & 0xFFFF
        wire = _pack_reliable(_SEND_RELIABLE, channel_id, number, length) + packet
        engine.total_queued += 1
        if peer.reliable is NO_RELIABLE:
            peer.reliable = deque()
        peer.reliable.append(
            ReliableCommand(
                Command.SEND_RELIABLE, channel_id << 16 | number, channel, wire, length, engine.total_queued
            )
        )
        # After the command is there: the receiver would wait forever for a number that was never queued.
        channel.outgoing_reliable = number
        channel.outgoing_unreliable = 0
        _count(engine, peer, 1, len(wire))
    else:
        channel.outgoing_unreliable += 1
        wire = (
            _pack_unreliable(
                Command.SEND_UNRELIABLE, channel_id, channel.outgoing_reliable, channel.outgoing_unreliable, length
            )
            + packet
        )
        engine.total_queued += 1
        sequence = channel.outgoing_reliable << 16 | channel.outgoing_unreliable
        _unreliable_queue(peer).append(UnreliableCommand(wire, sequence, True, True, engine.total_queued))
        _count(engine, peer, 1, len(wire))
    engine.dirty.add(peer)
    engine.busy = False


def _count(engine: PythonEngine, peer: Peer, commands: int, size: int) -> None:
    """So many commands with packets were queued, of so many bytes."""
    peer.outgoing_data_total += size
    size += commands * KEPT_OVERHEAD
    peer.queued_data += size
    engine.queued_data += size


def _queue_fragments(
    engine: PythonEngine, peer: Peer, channel: Channel, channel_id: int, packet: bytes, flags: int
) -> None:
    """Fragments are reliable unless explicitly allowed to be lost, whatever the packet was meant to be."""
    total = len(packet)
    size = peer.fragment_length
    count = (total + size - 1) // size
    view = memoryview(packet)
    queued = engine.total_queued
    engine.total_queued += count
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
            commands.append(
                ReliableCommand(Command.SEND_FRAGMENT, channel_id << 16 | sequence, channel, wire, len(piece), queued)
            )
        if peer.reliable is NO_RELIABLE:
            peer.reliable = deque()
        peer.reliable.extend(commands)
        channel.outgoing_reliable = (start + count - 1) & 0xFFFF
        channel.outgoing_unreliable = 0
    _count(engine, peer, count, count * FRAGMENT.size + total)


def _unreliable_queue(peer: Peer) -> deque[UnreliableCommand]:
    if peer.unreliable is NO_UNRELIABLE:
        peer.unreliable = deque()
    return peer.unreliable


def queue_control(engine: PythonEngine, peer: Peer, number: int, body: bytes) -> None:
    """Queue a reliable control command; ``body`` is everything after its four-byte header."""
    sequence = peer.outgoing_reliable_sequence = (peer.outgoing_reliable_sequence + 1) & 0xFFFF
    wire = PING.pack(number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, sequence) + body
    engine.total_queued += 1
    peer.control.append(ReliableCommand(number, CONTROL_CHANNEL << 16 | sequence, None, wire, 0, engine.total_queued))
    peer.outgoing_data_total += len(wire)
    engine.dirty.add(peer)


def queue_ping(engine: PythonEngine, peer: Peer) -> None:
    """Queue a PING."""
    queue_control(engine, peer, Command.PING, b"")


def queue_farewell(engine: PythonEngine, peer: Peer, data: int) -> None:
    """Queue the DISCONNECT that nobody acknowledges."""
    sequence = peer.outgoing_reliable_sequence = (peer.outgoing_reliable_sequence + 1) & 0xFFFF
    wire = DISCONNECT.pack(Command.DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL, sequence, data)
    engine.total_queued += 1
    peer.control.append(UnreliableCommand(wire, sequence << 16, True, False, engine.total_queued))
    peer.outgoing_data_total += len(wire)
    engine.dirty.add(peer)


def farewell(engine: PythonEngine, peer: Peer) -> Datagram:
    """The DISCONNECT that nobody acknowledges, as a datagram of its own."""
    sequence = (peer.outgoing_reliable_sequence + 1) & 0xFFFF
    wire = DISCONNECT.pack(Command.DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL, sequence, 0)
    return seal(engine, peer, [wire], None)


class Draft:
    """A datagram being filled. ``size`` always counts a four-byte header, as in ENet, and the checksum, which ENet
    forgets: its datagrams may be four bytes over the MTU then, and over what any ENet reads.

    A command is in ``parts`` before it leaves its queue.
    """

    __slots__ = ("count", "has_reliable", "has_unreliable_packet", "now", "parts", "peer", "size")

    def __init__(self, peer: Peer, now: int, size: int) -> None:
        self.peer = peer
        self.now = now
        self.parts: list[bytes] = []
        self.size = size
        self.count = 0
        self.has_reliable = False
        self.has_unreliable_packet = False


def build_datagram(engine: PythonEngine, peer: Peer, now: int, latest: int) -> None:
    """Post the peer's next datagram, if it has anything to send. Sets ``continue_sending`` if there is more.

    Packets that were queued after ``latest`` are left for another time.
    """
    peer.continue_sending = False
    if peer.refused and peer.state is _CONNECTED and takes_nothing(peer, now):
        engine.evict(peer)
        return
    if peer.state is PeerState.CONNECTING and peer.control and peer.control[0].queue_time > latest:
        # The program may not have finished setting up its host: its first CONNECT waits for its first full pass.
        engine.held_back.add(peer)
        return
    peer.datagrams += 1
    draft = engine.draft = Draft(peer, now, 8 if engine.checksum else 4)
    if peer.acks:
        _take_acks(engine, peer, draft)
    can_ping = True
    if peer.is_queued():
        can_ping = _take_commands(engine, peer, draft, now, latest)
    if can_ping and not peer.sent:
        asks = peer.trial is not None and (draft.count > 0 or peer.tried_at is not None)
        if asks or (peer.state is _CONNECTED and now - peer.last_receive_time >= peer.ping_interval):
            if peer.mtu - draft.size >= _PING_SIZE:
                queue_ping(engine, peer)
                engine.dirty.discard(peer)
                _take_commands(engine, peer, draft, now, latest)
            elif asks:
                peer.continue_sending = True
    wanted = spares_wanted(peer)
    if wanted:
        _take_spares(peer, draft, now, wanted)
    call = call_due_at(peer)
    if call is not None and call <= now:
        _take_copy(peer, draft, next(iter(peer.sent.values())), now)
    if draft.count:
        measure_loss(peer, now)
        peer.last_send_time = now
        if peer.trial is not None:
            peer.trial = max(peer.trial - draft.size, 0)
            if peer.tried_at is None:
                peer.tried_at = now
        engine.post(seal(engine, peer, draft.parts, now if draft.has_reliable else None))
    engine.draft = None
    if draft.has_unreliable_packet and peer.state is PeerState.DISCONNECT_LATER and not peer.has_outgoing():
        engine.disconnect_peer(peer, peer.event_data, DisconnectMode.NORMAL, now)


def _take_acks(engine: PythonEngine, peer: Peer, draft: Draft) -> None:
    acks = peer.acks
    limit = peer.mtu
    if peer.trial is not None and peer.state is not PeerState.ACKNOWLEDGING_DISCONNECT:
        limit = max(min(limit, peer.trial - TRIAL_RESERVE // 2), draft.size)
    room = min(MAXIMUM_PACKET_COMMANDS, (limit - draft.size) // _ACK_SIZE)
    if len(acks) <= room:
        draft.parts = acks
        draft.count = len(acks)
        peer.acks = []
    else:
        draft.parts = acks[:room]
        draft.count = room
        del acks[:room]
        peer.continue_sending = room > 0
    draft.size += _ACK_SIZE * draft.count
    if peer.state is PeerState.ACKNOWLEDGING_DISCONNECT:
        # Only the DISCONNECT is acknowledged in this state, so this was its acknowledgement.
        engine.become_zombie(peer, DisconnectReason.REMOTE)


def _take_commands(engine: PythonEngine, peer: Peer, draft: Draft, now: int, latest: int) -> bool:
    """Fill the draft from the queues in the order of queueing. Returns whether a ping may be added.

    A closed window stops reliable data only; a command that does not fit stops everything, so that nothing overtakes.
    """
    control = peer.control
    unreliable = peer.unreliable
    reliable = peer.reliable
    overdue = peer.overdue
    sent = peer.sent
    parts = draft.parts
    size = draft.size
    count = draft.count
    limit = peer.mtu
    window = max(peer.packet_throttle * peer.window_size // PACKET_THROTTLE_SCALE, limit)
    in_transit = peer.reliable_data_in_transit
    trial = peer.trial
    open_window = open_unreliable = True
    can_ping = True
    taken = gone = 0
    while True:
        command: ReliableCommand | UnreliableCommand | None = control[0] if control else None
        if open_unreliable and unreliable:
            other = unreliable[0]
            if other.queue_time > latest:
                open_unreliable = False
                engine.held_back.add(peer)
            elif command is None or other.queue_time < command.queue_time:
                command = other
        if open_window and (overdue or reliable):
            data = next(iter(overdue.values())) if overdue else reliable[0]
            if data.queue_time > latest:
                open_window = False
                engine.held_back.add(peer)
            elif command is None or data.queue_time < command.queue_time:
                command = data
        if command is None:
            break
        wire = command.wire
        if trial is not None:
            is_data = command is not (control[0] if control else None)
            if size + len(wire) + (TRIAL_RESERVE if is_data else 0) > trial:
                if not is_data:
                    can_ping = False
                    break
                open_window = open_unreliable = False
                continue
        if isinstance(command, ReliableCommand):
            channel = command.channel
            if channel is not None:
                if command.attempts < 1 and channel.gate_closed(command.key & 0xFFFF):
                    open_window = False
                    continue
                if in_transit + command.length > window:
                    open_window = False
                    continue
            can_ping = False
            if count >= MAXIMUM_PACKET_COMMANDS or limit - size < len(wire):
                peer.continue_sending = True
                break
            draft.has_reliable = True
            parts.append(wire)
            if channel is not None:
                if command.attempts < 1:
                    number = (command.key & 0xFFFF) >> 12
                    channel.used_windows |= 1 << number
                    channel.reliable_windows[number] += 1
                in_transit += command.length
            command.leave(now)
            command.attempts += 1
            if command.timeout == 0:
                command.timeout = peer.rtt + 4 * peer.rtt_variance
            command.sent_time = now
            command.spares = 0
            command.datagram = peer.datagrams
            sent[command.key] = command
            if channel is None:
                control.popleft()
            elif overdue:
                del overdue[command.key]
            else:
                reliable.popleft()
        else:
            if count >= MAXIMUM_PACKET_COMMANDS or limit - size < len(wire):
                peer.continue_sending = True
                break
            if command.has_packet and command.starts:
                counter = (peer.packet_throttle_counter + PACKET_THROTTLE_COUNTER) % PACKET_THROTTLE_SCALE
                peer.packet_throttle_counter = counter
                if counter > peer.packet_throttle:
                    unreliable.popleft()
                    gone += len(wire) + KEPT_OVERHEAD + _drop_packet(peer, command.sequence)
                    continue
            parts.append(wire)
            if command.has_packet:
                draft.has_unreliable_packet = True
                unreliable.popleft()
                gone += len(wire) + KEPT_OVERHEAD
            else:
                control.popleft()
        size += len(wire)
        count += 1
        taken += 1
    draft.size = size
    draft.count = count
    peer.packets_sent += taken
    peer.queued_data -= gone
    engine.queued_data -= gone
    peer.reliable_data_in_transit = in_transit
    if peer.state is PeerState.DISCONNECT_LATER and not draft.has_unreliable_packet and not peer.has_outgoing():
        engine.disconnect_peer(peer, peer.event_data, DisconnectMode.NORMAL, now)
    return can_ping


def _take_spares(peer: Peer, draft: Draft, now: int, wanted: int) -> None:
    """Add spare copies that are due."""
    gap = spare_gap(peer.rtt)
    for command in peer.sent.values():
        if command.spares >= wanted or command.channel is None or now - command.spared_at < gap:
            continue
        if not _take_copy(peer, draft, command, now):
            break
        command.spares += 1


def _take_copy(peer: Peer, draft: Draft, command: ReliableCommand, now: int) -> bool:
    """Add a copy of a command that is under way, if it fits."""
    if draft.count >= MAXIMUM_PACKET_COMMANDS or peer.mtu - draft.size < len(command.wire):
        peer.continue_sending = True
        return False
    draft.has_reliable = True
    draft.parts.append(command.wire)
    draft.size += len(command.wire)
    draft.count += 1
    command.spared = True
    command.leave(now)
    return True


def _drop_packet(peer: Peer, sequence: int) -> int:
    """The throttle dropped the first piece of a packet: the rest of it must go too. Returns what keeping it has cost.

    As in the reference "the rest" is whatever follows directly with the same numbers, so a run of unsequenced
    packets is dropped as one, up to the next control command.
    """
    unreliable = peer.unreliable
    until = peer.control[0].queue_time if peer.control else None
    gone = 0
    while unreliable and unreliable[0].sequence == sequence and (until is None or unreliable[0].queue_time < until):
        gone += len(unreliable.popleft().wire) + KEPT_OVERHEAD
    return gone


def seal(engine: PythonEngine, peer: Peer, parts: list[bytes], sent_time: int | None) -> Datagram:
    """Header, compression and checksum, in this order: the checksum covers the plain commands.

    ``sent_time`` is there where something wants to be acknowledged; only its low 16 bits travel.
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
