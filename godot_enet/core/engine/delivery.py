"""From received data commands to packets in order: windows, duplicates, gaps, fragments.

Every function returns whether the command succeeded. A discarded duplicate counts as success, because it must be
acknowledged again; False leaves a command unacknowledged, so that the sender resends it.
enet: peer.c: enet_peer_queue_incoming_command, enet_peer_dispatch_incoming_*_commands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from functools import partial

from godot_enet.core.engine.budget import can_buffer, charge, is_exhausted
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.reassembly import Held
from godot_enet.core.engine.state import EngineState
from godot_enet.core.protocol.constants import MAXIMUM_WINDOW_SIZE, PacketFlag, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD, MAX_EARLY_UNRELIABLE, MAX_HELD_COMMANDS
from godot_enet.core.protocol.wire import Fragment

__all__ = [
    "advance",
    "dispatch_unreliable",
    "forget_within",
    "receive_fragment",
    "receive_reliable",
    "receive_unreliable",
    "receive_unreliable_fragment",
    "receive_unsequenced",
]

_RELIABLE = int(PacketFlag.RELIABLE)
_UNSEQUENCED = int(PacketFlag.UNSEQUENCED)
_UNRELIABLE_FRAGMENT = int(PacketFlag.UNRELIABLE_FRAGMENT)
_CONNECTED = PeerState.CONNECTED
_RECEIVE, _NO_REASON = EventType.RECEIVE, DisconnectReason.NONE
_event = partial(tuple.__new__, Event)
"""Makes an Event of a tuple in a third of the time that ``Event`` itself takes."""
_DISCONNECT_LATER = PeerState.DISCONNECT_LATER


def receive_reliable(
    engine: EngineState, peer: Peer, channel: Channel, channel_id: int, number: int, packet: bytes
) -> bool:
    """A SEND_RELIABLE."""
    if peer.state is _DISCONNECT_LATER:
        return True
    incoming = channel.incoming_reliable
    queue = channel.reliable_queue
    if number == (incoming + 1) & 0xFFFF and number not in queue:
        if not _has_room_for_next(engine, peer, len(packet)):
            return False
        peer.waiting_data += len(packet)
        _deliver(engine, peer, channel_id, _RELIABLE, packet, number)
        channel.incoming_reliable = number
        channel.incoming_unreliable = 0
        if queue or channel.unreliable_queue:
            advance(engine, peer, channel, channel_id, moved=True)
        return True
    if not channel.accepts(number) or number == incoming or number in queue:
        return True
    if not _has_room(engine, peer):
        return False
    queue[number] = _hold(engine, peer, Held(number, 0, _RELIABLE, packet, 0, len(packet)))
    return True


def receive_unreliable(
    engine: EngineState, peer: Peer, channel: Channel, channel_id: int, reliable: int, unreliable: int, packet: bytes
) -> bool:
    """A SEND_UNRELIABLE: delivered if nothing newer was, once the reliable command before it has been."""
    if peer.state is _DISCONNECT_LATER:
        return True
    if reliable == channel.incoming_reliable and not channel.unreliable_queue:
        if unreliable <= channel.incoming_unreliable:
            return True
        if not _has_room(engine, peer, reliable=False):
            return False
        peer.waiting_data += len(packet)
        _deliver(engine, peer, channel_id, 0, packet, unreliable)
        channel.incoming_unreliable = unreliable
        return True
    if not channel.accepts(reliable):
        return True
    if _is_crowded(engine, peer, channel):
        return True
    if reliable == channel.incoming_reliable and unreliable <= channel.incoming_unreliable:
        return True
    place = _unreliable_place(channel, reliable, unreliable)
    if _at_place(channel, place, reliable, unreliable) is not None:
        return True
    if not _has_room(engine, peer, reliable=False):
        return False
    held = _hold(engine, peer, Held(reliable, unreliable, 0, packet, 0, len(packet)))
    channel.unreliable_queue.insert(place, held)
    dispatch_unreliable(engine, peer, channel, channel_id, held)
    return True


def receive_unsequenced(engine: EngineState, peer: Peer, channel_id: int, group: int, packet: bytes) -> bool:
    """A SEND_UNSEQUENCED: delivered at once, at most once.

    Groups are remembered in blocks of 1024; moving into the next block forgets the one before.
    enet: protocol.c: enet_protocol_handle_send_unsequenced.
    """
    index = group & 1023
    if group < peer.incoming_unsequenced_group:
        group += 65536
    if group >= peer.incoming_unsequenced_group + 32768:
        return True
    base = (group & 0xFFFF) - index
    if base != peer.incoming_unsequenced_group:
        peer.unsequenced_map = 0
        peer.incoming_unsequenced_group = base
    elif peer.unsequenced_map >> index & 1:
        return True
    if peer.state is not _DISCONNECT_LATER:
        if not _has_room(engine, peer, reliable=False):
            return False
        peer.waiting_data += len(packet)
        _deliver(engine, peer, channel_id, _UNSEQUENCED, packet, group & 0xFFFF)
    peer.unsequenced_map |= 1 << index
    return True


def receive_fragment(
    engine: EngineState, peer: Peer, channel: Channel, channel_id: int, fragment: Fragment, data: bytes
) -> bool:
    """A SEND_FRAGMENT whose numbers make sense and whose start is in the window."""
    start, total_length = fragment.start_sequence, fragment.total_length
    held = channel.reliable_queue.get(start)
    if held is None:
        # Not "discard": a fragment must not be acknowledged when its group cannot be kept.
        if peer.state is _DISCONNECT_LATER or start == channel.incoming_reliable:
            return False
        if start == (channel.incoming_reliable + 1) & 0xFFFF:
            has_room = _has_room_for_next(engine, peer, total_length)
        else:
            has_room = _has_room(engine, peer)
        if not has_room:
            return False
        held = _hold(engine, peer, Held(start, 0, _RELIABLE, b"", fragment.fragment_count, total_length))
        channel.reliable_queue[start] = held
    elif held.fragment_count != fragment.fragment_count or held.total_length != total_length:
        return False
    completes_next = start == (channel.incoming_reliable + 1) & 0xFFFF and not peer.dispatched and not peer.unread
    if not _add_fragment(engine, peer, held, fragment, data, completes_next=completes_next):
        return False
    if held.remaining == 0:
        advance(engine, peer, channel, channel_id)
    return True


def receive_unreliable_fragment(
    engine: EngineState, peer: Peer, channel: Channel, channel_id: int, reliable: int, fragment: Fragment, data: bytes
) -> bool:
    """A SEND_UNRELIABLE_FRAGMENT whose numbers make sense and which is not stale."""
    start, count, total_length = fragment.start_sequence, fragment.fragment_count, fragment.total_length
    place = _unreliable_place(channel, reliable, start)
    held = _at_place(channel, place, reliable, start)
    if held is None:
        if peer.state is _DISCONNECT_LATER:
            return False
        if _is_crowded(engine, peer, channel):
            return True
        if not _has_room(engine, peer, reliable=False):
            return False
        held = _hold(engine, peer, Held(reliable, start, _UNRELIABLE_FRAGMENT, b"", count, total_length))
        channel.unreliable_queue.insert(place, held)
        dispatch_unreliable(engine, peer, channel, channel_id, held)
    if held.fragment_count != count or held.total_length != total_length:
        return False
    if not _add_fragment(engine, peer, held, fragment, data):
        return False
    if held.remaining == 0:
        dispatch_unreliable(engine, peer, channel, channel_id, None)
    return True


def _add_fragment(
    engine: EngineState, peer: Peer, held: Held, fragment: Fragment, data: bytes, *, completes_next: bool = False
) -> bool:
    if fragment.fragment_number in held.fragments:
        return True
    # As many may already wait for this packet.
    if peer.held >= MAX_HELD_COMMANDS * (1 + completes_next):
        engine.drop(Drop.WAITING_DATA_FULL, peer.address)
        return False
    growth = len(data) + BUFFER_OVERHEAD
    # The last one completes the packet, which may be longer than the fragments received: a crafted group has gaps.
    size = growth if held.remaining > 1 else max(growth, held.total_length - held.buffered_bytes)
    if not can_buffer(engine, peer, size, completes_next=completes_next):
        return False
    held.add(fragment.fragment_number, fragment.fragment_offset, data)
    peer.held += 1
    held.buffered_bytes += growth
    peer.buffered_bytes += growth
    engine.buffered_bytes += growth
    return True


def _has_room_for_next(engine: EngineState, peer: Peer, length: int) -> bool:
    """Whether the reliable packet of this length that is the next of its channel may wait here.

    A full budget must not refuse the packet that the others wait for, which would stall until the timeout. So when the
    program has nothing left to read, the next in order is admitted over budget:

    - one that fits a window, in each channel: it may be the oldest that its sender has in flight;
    - a longer one beside one other. Never more than a window is in flight, so everything older than such a packet has
      arrived, or the packet was begun before anything newer arrived.
    """
    if peer.dispatched or peer.unread:
        return _has_room(engine, peer)
    if length <= MAXIMUM_WINDOW_SIZE or peer.waiting_data < engine.maximum_waiting_data + engine.maximum_packet_size:
        return True
    engine.drop(Drop.WAITING_DATA_FULL, peer.address)
    return False


def _has_room(engine: EngineState, peer: Peer, *, reliable: bool = True) -> bool:
    """Whether one more packet may wait here. Half of the budget is reserved for reliable ones."""
    waiting = peer.dispatched
    budget = engine.maximum_waiting_data
    if (
        peer.waiting_data < (budget if reliable else (budget + 1) // 2)
        and peer.held < MAX_HELD_COMMANDS
        and peer.unread + (0 if waiting is None else len(waiting)) < MAX_HELD_COMMANDS
    ):
        return can_buffer(engine, peer, BUFFER_OVERHEAD)
    engine.drop(Drop.WAITING_DATA_FULL, peer.address)
    return False


def _is_crowded(engine: EngineState, peer: Peer, channel: Channel) -> bool:
    """Whether the channel already holds the maximum of early unreliable commands. The rest of the datagram is still
    read: it may contain the command that they wait for."""
    if len(channel.unreliable_queue) < MAX_EARLY_UNRELIABLE:
        return False
    engine.drop(Drop.WAITING_DATA_FULL, peer.address)
    return True


def _hold(engine: EngineState, peer: Peer, held: Held) -> Held:
    peer.waiting_data += held.total_length
    peer.held += 1
    held.buffered_bytes = len(held.packet) + BUFFER_OVERHEAD
    peer.buffered_bytes += held.buffered_bytes
    engine.buffered_bytes += held.buffered_bytes
    return held


def _unhold(engine: EngineState, peer: Peer, held: Held) -> None:
    """Undo the accounting of :func:`_hold` and of fragments, except for the waiting data."""
    peer.held -= 1 + len(held.fragments)
    peer.buffered_bytes -= held.buffered_bytes
    engine.buffered_bytes -= held.buffered_bytes


def _deliver(engine: EngineState, peer: Peer, channel_id: int, flags: int, packet: bytes, number: int) -> None:
    """Hand a packet, already charged to the waiting data, to the event queue.

    The caller sets the channel's numbers afterwards: ``number`` tells :mod:`~godot_enet.core.engine.repair` which.
    """
    if peer.state is not _CONNECTED:
        # A group was completed while the peer is being flushed: the program will not receive it.
        peer.waiting_data -= len(packet)
        return
    if peer.dispatched is None:
        peer.dispatched = deque()
    event = _event((_RECEIVE, peer.handle, channel_id, 0, packet, flags, _NO_REASON, 0))
    peer.dispatched.append((event, number))
    size = len(packet) + BUFFER_OVERHEAD
    peer.buffered_bytes += size
    engine.buffered_bytes += size
    if not peer.needs_dispatch:
        peer.needs_dispatch = True
        engine.dispatch_queue.append(peer)


def _release(engine: EngineState, peer: Peer, channel_id: int, held: Held, number: int) -> None:
    """Deliver a held packet; the caller removes it from its queue afterwards."""
    _unhold(engine, peer, held)
    packet = held.join() if held.fragment_count else held.packet
    _deliver(engine, peer, channel_id, held.flags, packet, number)


def advance(engine: EngineState, peer: Peer, channel: Channel, channel_id: int, *, moved: bool = False) -> None:
    """Deliver every reliable command that is next, then unreliable ones that waited for it (or for one just ``moved``).

    There may be many, so each counts as work of the pass. The rest waits for the next pass once the budget is used up.
    """
    queue = channel.reliable_queue
    while True:
        number = (channel.incoming_reliable + 1) & 0xFFFF
        held = queue.get(number)
        if held is None or held.remaining > 0:
            break
        if is_exhausted(engine, peer):
            _defer_release(engine, peer, channel_id)
            return
        moved = True
        charge(engine, peer, max(held.fragment_count, 1))
        last = (number + max(held.fragment_count, 1) - 1) & 0xFFFF
        _release(engine, peer, channel_id, held, last)
        channel.incoming_reliable = last
        channel.incoming_unreliable = 0
        del queue[number]
        if held.fragment_count > 1 and queue:
            forget_within(engine, peer, queue, number, held.fragment_count)
    if moved and channel.unreliable_queue:
        if is_exhausted(engine, peer):
            _defer_release(engine, peer, channel_id)
        else:
            dispatch_unreliable(engine, peer, channel, channel_id, None)


def _defer_release(engine: EngineState, peer: Peer, channel_id: int) -> None:
    """Deliver the rest of the channel in the next pass."""
    peer.releasing |= 1 << channel_id
    engine.backlog.setdefault(peer)


def forget_within(engine: EngineState, peer: Peer, queue: dict[int, Held], start: int, count: int) -> None:
    """Drop commands numbered inside a delivered group: only a broken sender makes them, and they would stay until the
    numbers wrap around (in the reference they block the channel)."""
    if count <= len(queue):
        within = [number for number in ((start + ahead) & 0xFFFF for ahead in range(1, count)) if number in queue]
    else:
        within = [number for number in queue if 0 < (number - start) & 0xFFFF < count]
    for number in within:
        _discard(engine, peer, queue.pop(number))


def _discard(engine: EngineState, peer: Peer, held: Held) -> None:
    peer.waiting_data -= held.total_length
    _unhold(engine, peer, held)


def _unreliable_place(channel: Channel, reliable: int, unreliable: int) -> int:
    """The index of a command in the unreliable queue, or where to insert it: ordered by distance from the last reliable
    number."""
    incoming = channel.incoming_reliable
    queue = channel.unreliable_queue
    rank = (reliable - incoming & 0xFFFF) << 16 | unreliable
    return bisect_left(queue, rank, key=lambda held: (held.reliable - incoming & 0xFFFF) << 16 | held.unreliable)


def _at_place(channel: Channel, place: int, reliable: int, unreliable: int) -> Held | None:
    """The command with these numbers, if it is there."""
    queue = channel.unreliable_queue
    held = queue[place] if place < len(queue) else None
    return held if held is not None and held.reliable == reliable and held.unreliable == unreliable else None


def dispatch_unreliable(
    engine: EngineState, peer: Peer, channel: Channel, channel_id: int, protected: Held | None
) -> None:
    """Deliver ready commands, leave waiting ones, drop stale ones (except ``protected``, which has just arrived).

    The bookkeeping with ``start`` and ``drop`` decides which incomplete groups survive; it follows the reference
    step by step, since both ends' views of "stale" must agree.
    enet: peer.c: enet_peer_dispatch_incoming_unreliable_commands.
    """
    queue = channel.unreliable_queue
    incoming = channel.incoming_reliable
    ready: list[Held] = []
    start = drop = current = 0
    while current < len(queue):
        held = queue[current]
        if held.reliable == incoming:
            if held.remaining <= 0:
                channel.incoming_unreliable = held.unreliable
                current += 1
                continue
            if start != current:
                ready += queue[start:current]
                drop = current
            elif drop != current:
                drop = current - 1
        else:
            if channel.accepts(held.reliable):
                break
            drop = current + 1
            if start != current:
                ready += queue[start:current]
        start = current = current + 1
    if start != current:
        ready += queue[start:current]
        drop = current
    if current == 0:
        return  # The first one waits, so all of them do.
    charge(engine, peer, current)
    for held in ready:
        _release(engine, peer, channel_id, held, held.unreliable)
    moved = set(map(id, ready))
    keep: list[Held] = []
    for index, held in enumerate(queue[:current]):
        if id(held) in moved:
            continue
        if index >= drop or held is protected:
            keep.append(held)
        else:
            _discard(engine, peer, held)
    channel.unreliable_queue = keep + queue[current:]
