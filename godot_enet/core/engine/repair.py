"""Puts an engine right whose last call was broken off: an exception may come out of a signal handler at any step.

Ctrl-C, an alarm or a debugger can end any call in the middle; the state must then be one from which everything still
arrives, once. Two rules make that cheap, since nothing is copied or locked while all goes well:

- State is primary or derived. Primary state (where a command or packet is, sequence numbers, a peer's slot and state)
  changes by one store or one C call at a time. A command that moves is in both places meanwhile, never in neither.
  Derived state (byte counts, windows, timers, who has something to send or to report) is computed anew here.
- What was being done is done again. A datagram may be read twice, as it may arrive twice. Ending a connection begins
  with a note of what is wanted (``PythonEngine.ending``) or with the new state, and its steps may be repeated.

``PythonEngine.busy`` is set while a call changes anything, and so tells the next call that this one did not end. The
repair may be broken off, too: then the next call begins it again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from godot_enet.core.engine.commands import ReliableCommand, UnreliableCommand
from godot_enet.core.engine.delivery import advance, dispatch_unreliable, forget_within
from godot_enet.core.engine.incoming import receive_datagram
from godot_enet.core.engine.outgoing import seal
from godot_enet.core.protocol.constants import Command, DisconnectMode, PacketFlag, PeerState
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType
from godot_enet.core.protocol.tuning import KEPT_OVERHEAD

if TYPE_CHECKING:
    from godot_enet.core.engine.channel import Channel
    from godot_enet.core.engine.engine import PythonEngine
    from godot_enet.core.engine.peer import Peer

__all__ = ["repair"]

MAXIMUM_TRIES = 100
"""Times that one datagram is read before it counts as lost: it must not keep a host from everything else."""
_IN_SESSION = (PeerState.CONNECTED, PeerState.DISCONNECT_LATER)
_RELIABLE = int(PacketFlag.RELIABLE)
_UNSEQUENCED = int(PacketFlag.UNSEQUENCED)


def repair(engine: PythonEngine) -> None:
    """Finish what the last call began."""
    _finish_draft(engine)
    engine.table.rebuild()
    engine.half_open.rebuild(engine.table.by_number)
    for peer in engine.table.in_order():
        if peer.state is PeerState.ZOMBIE:
            engine.reset_queues(peer)
        elif peer.state is not PeerState.DISCONNECTED:
            _mend_outgoing(peer)
            _mend_incoming(engine, peer)
    _rebuild_dispatch_queue(engine)
    for peer in engine.table.in_order():
        if peer.state is PeerState.DISCONNECTED:
            engine.release(peer)
        else:
            _count_kept(peer)
            _count_queued(peer)
    peers = engine.table.in_order()
    in_session = [peer for peer in peers if peer.state in _IN_SESSION]
    engine.kept = sum(peer.kept for peer in peers)
    engine.queued_data = sum(peer.queued_data for peer in peers)
    engine.connected_peers = len(in_session)
    engine.limited_peers = sum(bool(peer.incoming_bandwidth) for peer in in_session)
    _finish_endings(engine)
    engine.dirty = set(peers)
    engine.held_back = set()
    engine.draining = False
    engine.backlog = {peer for peer in peers if peer.backlog}
    engine.timers = []
    for peer in peers:
        peer.timer = None
        engine.schedule(peer)
    _read_on(engine)
    engine.busy = False


def _finish_draft(engine: PythonEngine) -> None:
    """Send what was being put together: it is in no queue any more."""
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
            engine.become_zombie(peer, DisconnectReason.REMOTE)
    engine.draft = None


def _mend_outgoing(peer: Peer) -> None:
    """Each reliable command is in one place; numbers and windows follow from them."""
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
        channel.used_windows = 0
        channel.reliable_windows = [0] * 16
    for command in _reliable(peer):
        if command.channel is not None and command.attempts:
            window = (command.key & 0xFFFF) >> 12
            command.channel.used_windows |= 1 << window
            command.channel.reliable_windows[window] += 1


def _mend_incoming(engine: PythonEngine, peer: Peer) -> None:
    """The numbers of what was delivered last count as received, and everything is delivered that can be."""
    if peer.dispatched:
        channel_id, flags, _, number = peer.dispatched[-1]
        channel = peer.channels.get(channel_id)
        if channel is not None:
            _note_delivered(peer, channel, flags, number)
    for channel_id, channel in peer.channels.items():
        for held in (*channel.reliable_queue.values(), *channel.unreliable_queue):
            held.remaining = held.fragment_count - len(held.fragments)
        _drop_delivered(engine, peer, channel)
        advance(engine, peer, channel, channel_id)
        ready = [held for held in channel.unreliable_queue if not held.remaining]
        if any(held.reliable == channel.incoming_reliable for held in ready):
            dispatch_unreliable(engine, peer, channel, channel_id, None)


def _note_delivered(peer: Peer, channel: Channel, flags: int, number: int) -> None:
    """What ``delivery`` does after it has delivered something with this number."""
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


def _drop_delivered(engine: PythonEngine, peer: Peer, channel: Channel) -> None:
    """Take out the reliable command that was delivered and is still held."""
    queue = channel.reliable_queue
    for number, held in list(queue.items()):
        count = max(held.fragment_count, 1)
        if not held.remaining and (number + count - 1) & 0xFFFF == channel.incoming_reliable:
            del queue[number]
            if count > 1:
                forget_within(engine, peer, queue, number, count)


def _count_kept(peer: Peer) -> None:
    """What the peer makes the host keep, see budget.py."""
    held_count, waiting = 0, peer.untaken_data
    kept = waiting + KEPT_OVERHEAD * peer.untaken
    for channel in peer.channels.values():
        for held in (*channel.reliable_queue.values(), *channel.unreliable_queue):
            pieces = sum(len(data) + KEPT_OVERHEAD for _, data in held.fragments.values())
            held.kept = len(held.packet) + KEPT_OVERHEAD + pieces
            kept += held.kept
            held_count += 1 + len(held.fragments)
            waiting += held.total_length
    kept += sum(len(data) + KEPT_OVERHEAD for data in peer.backlog or ())
    for _, _, packet, _ in peer.dispatched or ():
        kept += len(packet) + KEPT_OVERHEAD
        waiting += len(packet)
    peer.kept, peer.held, peer.waiting_data = kept, held_count, waiting


def _reliable(peer: Peer) -> list[ReliableCommand]:
    """What is in flight, and what waits to be sent, but for control commands that wait."""
    return [*peer.sent.values(), *peer.overdue.values(), *peer.reliable]


def _count_queued(peer: Peer) -> None:
    """What waits to be sent to the peer, see budget.py."""
    reliable = [command.wire for command in _reliable(peer) if command.channel is not None]
    wires = [*reliable, *(command.wire for command in peer.unreliable)]
    peer.queued_data = sum(map(len, wires)) + KEPT_OVERHEAD * len(wires)


def _rebuild_dispatch_queue(engine: PythonEngine) -> None:
    """Every peer with events is in it once; the order stays."""
    peers = {peer: _has_events(peer) for peer in engine.table.in_order()}
    order = [peer for peer in dict.fromkeys((*engine.dispatch_queue, *peers)) if peers.get(peer)]
    if engine.front is not None:
        event, peer, entry = engine.front
        if _waits(event, peer, entry):
            order.remove(peer)
            order.insert(0, peer)
        else:
            engine.front = None
    engine.dispatch_queue = deque(order)
    for peer, has_events in peers.items():
        peer.needs_dispatch = has_events


def _has_events(peer: Peer) -> bool:
    return peer.connect_pending is not None or bool(peer.dispatched) or peer.state is PeerState.ZOMBIE


def _waits(event: Event, peer: Peer, entry: tuple[int, int, bytes, int] | None) -> bool:
    """Whether the event that was given out last has not been taken."""
    if event.type is EventType.CONNECT:
        return peer.connect_pending is not None
    if event.type is EventType.DISCONNECT:
        return peer.state is PeerState.ZOMBIE
    return entry is not None and bool(peer.dispatched and peer.dispatched[0] is entry)


def _finish_endings(engine: PythonEngine) -> None:
    """Do what a call was about to do to a connection, or what followed from an acknowledgement that is gone by now."""
    if engine.ending is not None:
        peer, data, mode = engine.ending
        if engine.table.get(peer.handle) is peer:
            engine.disconnect_peer(peer, data, mode, engine.now)
        engine.ending = None
    for peer in engine.table.in_order():
        state = peer.state
        if state is PeerState.CONNECTED:
            engine.apply_pending_throttle(peer)
        elif state is PeerState.ACKNOWLEDGING_CONNECT:
            if not _is_outstanding(peer, Command.VERIFY_CONNECT):
                engine.connected(peer)
        elif state is PeerState.DISCONNECTING:
            if not _is_outstanding(peer, Command.DISCONNECT):
                engine.lost(peer)
        elif state is PeerState.DISCONNECT_LATER and not peer.has_outgoing():
            engine.disconnect_peer(peer, peer.event_data, DisconnectMode.NORMAL, engine.now)


def _is_outstanding(peer: Peer, number: int) -> bool:
    """Whether a control command waits to be sent or acknowledged."""
    waiting = (*peer.sent.values(), *peer.control)
    return any(isinstance(command, ReliableCommand) and command.number == number for command in waiting)


def _read_on(engine: PythonEngine) -> None:
    """Read the datagram again that was being read, and those behind it."""
    engine.pass_number += 1
    while engine.batch_done < len(engine.batch):
        data, address = engine.batch[engine.batch_done]
        engine.batch_tries += 1
        if engine.batch_tries <= MAXIMUM_TRIES:
            receive_datagram(engine, data, address, engine.now)
        engine.batch_done += 1
        engine.batch_tries = 0
    engine.batch = ()
