"""Repairs an engine whose last call was interrupted: a signal handler may raise an exception at any step.

Ctrl-C, an alarm or a debugger can end a call at any point; everything must still arrive exactly once afterwards. Two
rules make that cheap, with no copies or locks in the normal case:

- State is primary or derived. Primary state (where a command or packet is, sequence numbers, a peer's slot and state)
  changes by one store or one C call at a time. A command that moves is briefly in both places, never in neither.
  Derived state (byte counts, windows, timers, peers with data or events) is recomputed here.
- The interrupted operation is repeated. A datagram may be read twice, as it may arrive twice. A disconnect starts by
  recording the request (``EngineState.ending``) or the new state, and its steps may be repeated.

``EngineState.busy`` is set while a call changes anything, so the next call sees that this one did not finish. The
repair may be interrupted, too: then the next call starts it again.
"""

from __future__ import annotations

from collections import deque

from godot_enet.core.engine.budget import begin_pass
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.commands import ReliableCommand, UnreliableCommand
from godot_enet.core.engine.delivery import advance, dispatch_unreliable, forget_within
from godot_enet.core.engine.disconnect import disconnect_peer
from godot_enet.core.engine.framing import seal
from godot_enet.core.engine.incoming import receive_datagram
from godot_enet.core.engine.lifecycle import (
    apply_pending_throttle,
    become_zombie,
    begin_disconnect,
    connected,
    lost,
    release,
    reset_queues,
)
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.engine.timers import schedule
from godot_enet.core.protocol.constants import Command, PacketFlag, PeerState
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType
from godot_enet.core.protocol.states import IN_SESSION
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD

__all__ = ["repair"]

MAXIMUM_TRIES = 100
"""How often one datagram is read before it counts as lost, so that it cannot block the host."""
_RELIABLE = int(PacketFlag.RELIABLE)
_UNSEQUENCED = int(PacketFlag.UNSEQUENCED)


def repair(engine: EngineState) -> None:
    """Finish the interrupted call."""
    _finish_draft(engine)
    engine.table.rebuild()
    engine.half_open.rebuild(engine.table.by_number)
    for peer in engine.table.in_order():
        if peer.state is PeerState.ZOMBIE:
            reset_queues(engine, peer)
        elif peer.state is not PeerState.DISCONNECTED:
            _repair_outgoing(peer)
            _repair_incoming(engine, peer)
    _rebuild_dispatch_queue(engine)
    for peer in engine.table.in_order():
        if peer.state is PeerState.DISCONNECTED:
            release(engine, peer)
        else:
            _count_buffered(peer)
            _count_queued(peer)
    peers = engine.table.in_order()
    in_session = [peer for peer in peers if peer.state in IN_SESSION]
    engine.buffered_bytes = sum(peer.buffered_bytes for peer in peers)
    engine.queued_data = sum(peer.queued_data for peer in peers)
    engine.connected_peers = len(in_session)
    engine.limited_peers = sum(bool(peer.incoming_bandwidth) for peer in in_session)
    _finish_endings(engine)
    engine.dirty = set(peers)
    engine.held_back = set()
    engine.draining = False
    waiting = {peer for peer in peers if peer.backlog or peer.releasing}
    engine.backlog = {peer: None for peer in dict.fromkeys((*engine.backlog, *peers)) if peer in waiting}
    engine.timers = []
    for peer in peers:
        peer.timer = None
        schedule(engine, peer)
    _resume_batch(engine)
    engine.busy = False


def _finish_draft(engine: EngineState) -> None:
    """Send the datagram that was being built: its commands are in no queue any more."""
    draft = engine.draft
    if draft is None:
        return
    peer, parts = draft.peer, draft.parts
    if parts:
        if parts is peer.acks:
            peer.acks = []
        queues: tuple[deque[ReliableCommand | UnreliableCommand] | deque[UnreliableCommand], ...]
        queues = (peer.control, peer.unreliable)
        for queue in queues:
            if queue and not queue[0].reliable and queue[0].wire is parts[-1]:
                queue.popleft()
        engine.post(seal(engine, peer, parts, draft.now if draft.has_reliable else None))
        if peer.state is PeerState.ACKNOWLEDGING_DISCONNECT:
            become_zombie(engine, peer, DisconnectReason.REMOTE)
    engine.draft = None


def _repair_outgoing(peer: Peer) -> None:
    """Leave each reliable command in one place, and recompute numbers and windows."""
    sent = peer.sent
    control = [
        command for command in peer.control if not isinstance(command, ReliableCommand) or command.key not in sent
    ]
    if len(control) != len(peer.control):
        peer.control = deque(control)
    if any(command.key in sent for command in peer.reliable):
        peer.reliable = deque(command for command in peer.reliable if command.key not in sent)
    for key in [key for key in peer.overdue if key in sent]:
        del peer.overdue[key]
    last = peer.reliable[-1] if peer.reliable else None
    if last is not None and last.attempts == 0 and last.channel is not None:
        number = last.key & 0xFFFF
        if last.channel.outgoing_reliable != number:
            last.channel.outgoing_reliable = number
            last.channel.outgoing_unreliable = 0
    peer.reliable_data_in_transit = sum(command.length for command in sent.values())
    for channel in peer.channels.values():
        channel.reliable_windows = [0] * 16
    for command in _reliable(peer):
        if command.channel is not None and command.attempts:
            command.channel.reliable_windows[(command.key & 0xFFFF) >> 12] += 1


def _repair_incoming(engine: EngineState, peer: Peer) -> None:
    """Record the last delivered packet as received, and deliver everything deliverable."""
    if peer.dispatched:
        event, number = peer.dispatched[-1]
        channel = peer.channels.get(event.channel)
        if channel is not None:
            _note_delivered(peer, channel, event.flags, number)
    peer.releasing = 0
    for channel_id, channel in peer.channels.items():
        for held in (*channel.reliable_queue.values(), *channel.unreliable_queue):
            held.remaining = held.fragment_count - len(held.fragments)
        _drop_delivered(engine, peer, channel)
        advance(engine, peer, channel, channel_id)
        ready = [held for held in channel.unreliable_queue if not held.remaining]
        if any(held.reliable == channel.incoming_reliable for held in ready):
            dispatch_unreliable(engine, peer, channel, channel_id, None)


def _note_delivered(peer: Peer, channel: Channel, flags: int, number: int) -> None:
    """Set the numbers of the channel as ``delivery`` does after delivering this number."""
    if flags & _RELIABLE:
        if channel.incoming_reliable != number:
            channel.incoming_reliable = number
            channel.incoming_unreliable = 0
    elif flags & _UNSEQUENCED:
        if number & ~1023 == peer.incoming_unsequenced_group:
            peer.unsequenced_map |= 1 << (number & 1023)
    else:
        channel.incoming_unreliable = max(channel.incoming_unreliable, number)
        channel.unreliable_queue = [
            held
            for held in channel.unreliable_queue
            if held.remaining or held.reliable != channel.incoming_reliable or held.unreliable > number
        ]


def _drop_delivered(engine: EngineState, peer: Peer, channel: Channel) -> None:
    """Remove the reliable command that was delivered but is still held."""
    queue = channel.reliable_queue
    for number, held in list(queue.items()):
        count = max(held.fragment_count, 1)
        if not held.remaining and (number + count - 1) & 0xFFFF == channel.incoming_reliable:
            del queue[number]
            if count > 1:
                forget_within(engine, peer, queue, number, count)


def _count_buffered(peer: Peer) -> None:
    """Recompute the buffered bytes of the peer, see budget.py."""
    held_count, waiting = 0, peer.unread_data
    buffered = waiting + BUFFER_OVERHEAD * peer.unread
    for channel in peer.channels.values():
        for held in (*channel.reliable_queue.values(), *channel.unreliable_queue):
            pieces = sum(len(data) + BUFFER_OVERHEAD for _, data in held.fragments.values())
            held.buffered_bytes = len(held.packet) + BUFFER_OVERHEAD + pieces
            buffered += held.buffered_bytes
            held_count += 1 + len(held.fragments)
            waiting += held.total_length
    buffered += sum(len(data) + BUFFER_OVERHEAD for data in peer.backlog or ())
    for event, _ in peer.dispatched or ():
        buffered += len(event.packet) + BUFFER_OVERHEAD
        waiting += len(event.packet)
    peer.buffered_bytes, peer.held, peer.waiting_data = buffered, held_count, waiting


def _reliable(peer: Peer) -> list[ReliableCommand]:
    """Commands in flight and waiting to be sent, except waiting control commands."""
    return [*peer.sent.values(), *peer.overdue.values(), *peer.reliable]


def _count_queued(peer: Peer) -> None:
    """Recompute the queued bytes of the peer, see budget.py."""
    reliable = [command.wire for command in _reliable(peer) if command.channel is not None]
    wires = [*reliable, *(command.wire for command in peer.unreliable)]
    peer.queued_data = sum(map(len, wires)) + BUFFER_OVERHEAD * len(wires)


def _rebuild_dispatch_queue(engine: EngineState) -> None:
    """Put every peer with events into the queue once, keeping the order."""
    peers = {peer: _has_events(peer) for peer in engine.table.in_order()}
    order = [peer for peer in dict.fromkeys((*engine.dispatch_queue, *peers)) if peers.get(peer)]
    if engine.front is not None:
        event, peer = engine.front
        if _waits(event, peer):
            order.remove(peer)
            order.insert(0, peer)
        else:
            engine.front = None
    engine.dispatch_queue = deque(order)
    for peer, has_events in peers.items():
        peer.needs_dispatch = has_events


def _has_events(peer: Peer) -> bool:
    return peer.connect_pending is not None or bool(peer.dispatched) or peer.state is PeerState.ZOMBIE


def _waits(event: Event, peer: Peer) -> bool:
    """Whether the event last returned by ``peek_event`` is still pending."""
    if event.type is EventType.CONNECT:
        return peer.connect_pending is not None
    if event.type is EventType.DISCONNECT:
        return peer.state is PeerState.ZOMBIE
    return bool(peer.dispatched and peer.dispatched[0][0] is event)


def _finish_endings(engine: EngineState) -> None:
    """Complete a requested disconnect, and state changes after an acknowledgement that was already removed."""
    if engine.ending is not None:
        peer, data, mode = engine.ending
        if engine.table.get(peer.handle) is peer:
            disconnect_peer(engine, peer, data, mode, engine.now)
        engine.ending = None
    for peer in engine.table.in_order():
        state = peer.state
        if state is PeerState.CONNECTED:
            apply_pending_throttle(engine, peer)
        elif state is PeerState.ACKNOWLEDGING_CONNECT:
            if not _is_outstanding(peer, Command.VERIFY_CONNECT):
                connected(engine, peer)
        elif state is PeerState.DISCONNECTING:
            if not _is_outstanding(peer, Command.DISCONNECT):
                lost(engine, peer)
        elif state is PeerState.DISCONNECT_LATER and not peer.has_outgoing():
            begin_disconnect(engine, peer, peer.event_data)


def _is_outstanding(peer: Peer, number: int) -> bool:
    """Whether a control command waits to be sent or acknowledged."""
    waiting = (*peer.sent.values(), *peer.control)
    return any(isinstance(command, ReliableCommand) and command.number == number for command in waiting)


def _resume_batch(engine: EngineState) -> None:
    """Read the interrupted datagram again, and those after it."""
    begin_pass(engine)
    while engine.batch_done < len(engine.batch):
        data, address = engine.batch[engine.batch_done]
        engine.batch_tries += 1
        if engine.batch_tries <= MAXIMUM_TRIES:
            receive_datagram(engine, data, address, engine.now)
        engine.batch_done += 1
        engine.batch_tries = 0
    engine.batch = ()
