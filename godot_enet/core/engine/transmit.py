"""From queues to datagrams: the content of a peer's next datagram, and the send pass over all peers.

enet: protocol.c: enet_protocol_send_acknowledgements, enet_protocol_check_outgoing_commands,
enet_protocol_send_outgoing_commands.

A remote that asked for the connection stays unvalidated (:attr:`Peer.validation_credit`) until it acknowledges
something sent after the handshake: so far it has proved that it read one datagram, and the rest might flood a third
party. Until then it is sent no more bytes than its window, resends and unreliable packets included. If the first
datagram contains nothing that must be acknowledged, a PING is added, so that validation takes one round trip and no
honest peer reaches the limit.
"""

from __future__ import annotations

from operator import attrgetter

from godot_enet.core.engine.budget import is_stalled
from godot_enet.core.engine.commands import ReliableCommand, UnreliableCommand
from godot_enet.core.engine.framing import seal
from godot_enet.core.engine.lifecycle import become_zombie, begin_disconnect, evict
from godot_enet.core.engine.outgoing import queue_ping
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.redundancy import copy_gap, probe_due_at, redundancy_for
from godot_enet.core.engine.state import Draft, EngineState
from godot_enet.core.engine.throttle import measure_loss
from godot_enet.core.engine.timers import schedule
from godot_enet.core.protocol.constants import (
    MAXIMUM_PACKET_COMMANDS,
    PACKET_THROTTLE_COUNTER,
    PACKET_THROTTLE_SCALE,
    PeerState,
)
from godot_enet.core.protocol.events import DisconnectReason
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD, VALIDATION_RESERVE
from godot_enet.core.protocol.wire import ACKNOWLEDGE, PING

__all__ = ["build_datagram", "fill_outbox"]

_CONNECTED = PeerState.CONNECTED
_ACK_SIZE = ACKNOWLEDGE.size
_PING_SIZE = PING.size
_by_slot = attrgetter("slot")


def fill_outbox(engine: EngineState, now: int, *, urgent: bool) -> None:
    """Run a send pass: peers with data take turns by slot, one datagram each."""
    if not urgent:
        engine.flushed_up_to = engine.total_queued
        engine.dirty |= engine.held_back
        engine.held_back = set()
    latest = engine.flushed_up_to
    turn = sorted(engine.dirty, key=_by_slot) if len(engine.dirty) > 1 else list(engine.dirty)
    engine.dirty = set()
    while turn:
        again = []
        for peer in turn:
            if peer.state is PeerState.DISCONNECTED or peer.state is PeerState.ZOMBIE:
                continue
            build_datagram(engine, peer, now, latest)
            if peer.continue_sending:
                again.append(peer)
            else:
                engine.active.add(peer)
                schedule(engine, peer)
        turn = again


def build_datagram(engine: EngineState, peer: Peer, now: int, latest: int) -> None:
    """Post the peer's next datagram, if it has anything to send. Sets ``continue_sending`` if there is more.

    Packets queued after ``latest`` stay for a later pass.
    """
    peer.continue_sending = False
    if peer.refused and peer.state is _CONNECTED and is_stalled(peer, now):
        evict(engine, peer)
        return
    if peer.state is PeerState.CONNECTING and peer.control and peer.control[0].queue_time > latest:
        # The program may still be configuring its host: a CONNECT waits for the next full pass.
        engine.held_back.add(peer)
        return
    peer.datagrams += 1
    draft = engine.draft = Draft(peer, now, 8 if engine.checksum else 4)
    if peer.acks:
        _take_acks(engine, peer, draft)
    acks = draft.count
    can_ping = True
    if peer.is_queued():
        can_ping = _take_commands(engine, peer, draft, now, latest)
    if can_ping and not peer.sent:
        # A queued control command asks as well. It may be the DISCONNECT that begins when all else is sent.
        credit = peer.validation_credit
        asks = (
            credit is not None
            and not peer.control
            and (
                draft.count > acks
                or peer.validation_started is not None
                or 4 * (credit - draft.size) < 3 * peer.window_size
            )
        )
        if asks or (peer.state is _CONNECTED and now - peer.last_receive_time >= peer.timeouts.ping_interval):
            if peer.mtu - draft.size >= _PING_SIZE:
                queue_ping(engine, peer)
                engine.dirty.discard(peer)
                _take_commands(engine, peer, draft, now, latest)
            elif asks:
                peer.continue_sending = True
    wanted = redundancy_for(peer)
    if wanted:
        _add_copies(peer, draft, now, wanted)
    call = probe_due_at(peer)
    if call is not None and call <= now:
        _add_copy(peer, draft, next(iter(peer.sent.values())), now)
    if draft.count:
        measure_loss(peer, now)
        peer.last_send_time = now
        if peer.validation_credit is not None:
            peer.validation_credit = max(peer.validation_credit - draft.size, 0)
            if peer.validation_started is None and draft.count > acks:
                peer.validation_started = now
        engine.post(seal(engine, peer, draft.parts, now if draft.has_reliable else None))
    engine.draft = None
    if draft.has_unreliable_packet and peer.state is PeerState.DISCONNECT_LATER and not peer.has_outgoing():
        begin_disconnect(engine, peer, peer.event_data)


def _take_acks(engine: EngineState, peer: Peer, draft: Draft) -> None:
    acks = peer.acks
    limit = peer.mtu
    if peer.validation_credit is not None and peer.state is not PeerState.ACKNOWLEDGING_DISCONNECT:
        limit = max(min(limit, peer.validation_credit - VALIDATION_RESERVE // 2), draft.size)
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
        become_zombie(engine, peer, DisconnectReason.REMOTE)


def _take_commands(engine: EngineState, peer: Peer, draft: Draft, now: int, latest: int) -> bool:
    """Fill the draft from the queues in queueing order. Returns whether a ping may be added.

    A closed window stops reliable data only; a command that does not fit stops everything, to preserve the order.
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
    datagram = peer.datagrams
    first_time = (now & 0xFFFF,)
    first_timeout = peer.rtt + 4 * peer.rtt_variance
    credit = peer.validation_credit
    open_window = open_unreliable = True
    can_ping = True
    gone = 0
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
        length = len(wire)
        if credit is not None:
            is_data = command is not (control[0] if control else None)
            if size + length + (VALIDATION_RESERVE if is_data else 0) > credit:
                if not is_data:
                    can_ping = False
                    break
                open_window = open_unreliable = False
                continue
        if isinstance(command, ReliableCommand):
            channel = command.channel
            is_new = not command.attempts
            if channel is not None:
                number = command.key & 0xFFFF
                if in_transit + command.length > window or (
                    # Checked at the start of each window of numbers.
                    is_new and not number & 0xFFF and channel.gate_closed(number >> 12)
                ):
                    open_window = False
                    continue
            can_ping = False
            if count >= MAXIMUM_PACKET_COMMANDS or limit - size < length:
                peer.continue_sending = True
                break
            draft.has_reliable = True
            parts.append(wire)
            if is_new:
                if channel is not None:
                    channel.reliable_windows[number >> 12] += 1
                command.sent_times = first_time
                command.last_copy_time = now
                command.timeout = first_timeout
            else:
                command.on_copied(now)
            command.attempts += 1
            command.sent_time = now
            command.copies = 0
            command.datagram = datagram
            in_transit += command.length
            sent[command.key] = command
            if channel is None:
                control.popleft()
            elif overdue:
                del overdue[command.key]
            else:
                reliable.popleft()
        else:
            if count >= MAXIMUM_PACKET_COMMANDS or limit - size < length:
                peer.continue_sending = True
                break
            if command.has_packet and command.starts:
                counter = (peer.packet_throttle_counter + PACKET_THROTTLE_COUNTER) % PACKET_THROTTLE_SCALE
                peer.packet_throttle_counter = counter
                if counter > peer.packet_throttle:
                    unreliable.popleft()
                    gone += length + BUFFER_OVERHEAD + _drop_packet(peer, command.sequence)
                    continue
            parts.append(wire)
            if command.has_packet:
                draft.has_unreliable_packet = True
                unreliable.popleft()
                gone += length + BUFFER_OVERHEAD
            else:
                control.popleft()
        size += length
        count += 1
    draft.size = size
    peer.loss.sent += count - draft.count
    draft.count = count
    peer.queued_data -= gone
    engine.queued_data -= gone
    peer.reliable_data_in_transit = in_transit
    if peer.state is PeerState.DISCONNECT_LATER and not draft.has_unreliable_packet and not peer.has_outgoing():
        begin_disconnect(engine, peer, peer.event_data)
    return can_ping


def _add_copies(peer: Peer, draft: Draft, now: int, wanted: int) -> None:
    """Add the redundant copies that are due."""
    gap = copy_gap(peer.rtt)
    for command in peer.sent.values():
        if command.copies >= wanted or command.channel is None or now - command.last_copy_time < gap:
            continue
        if not _add_copy(peer, draft, command, now):
            break
        command.copies += 1


def _add_copy(peer: Peer, draft: Draft, command: ReliableCommand, now: int) -> bool:
    """Add a copy of a command in flight, if it fits."""
    if draft.count >= MAXIMUM_PACKET_COMMANDS or peer.mtu - draft.size < len(command.wire):
        peer.continue_sending = True
        return False
    draft.has_reliable = True
    draft.parts.append(command.wire)
    draft.size += len(command.wire)
    draft.count += 1
    command.has_copies = True
    command.on_copied(now)
    return True


def _drop_packet(peer: Peer, sequence: int) -> int:
    """Drop the rest of a packet whose first piece the throttle dropped. Returns its size in the queue.

    As in the reference, the rest is everything that follows directly with the same numbers, so a run of unsequenced
    packets is dropped together, up to the next control command.
    """
    unreliable = peer.unreliable
    until = peer.control[0].queue_time if peer.control else None
    gone = 0
    while unreliable and unreliable[0].sequence == sequence and (until is None or unreliable[0].queue_time < until):
        gone += len(unreliable.popleft().wire) + BUFFER_OVERHEAD
    return gone
