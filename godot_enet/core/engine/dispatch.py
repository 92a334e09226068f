"""Which event is reported next: peers with events take turns.

enet: protocol.c: enet_protocol_dispatch_incoming_commands.
"""

from __future__ import annotations

from godot_enet.core.engine.lifecycle import release
from godot_enet.core.engine.state import EngineState
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD

__all__ = ["peek_event", "pop_event"]

_ZOMBIE = PeerState.ZOMBIE


def peek_event(engine: EngineState) -> Event | None:
    """The next event, without removing it."""
    if engine.front is not None:
        return engine.front[0]
    queue = engine.dispatch_queue
    while queue:
        peer = queue[0]
        if peer.connect_pending is not None:
            event = Event(EventType.CONNECT, peer.handle, 0, peer.connect_pending)
        elif peer.dispatched:
            event = peer.dispatched[0][0]
        elif peer.state is _ZOMBIE:
            command = peer.timed_out if peer.reason is DisconnectReason.TIMEOUT else 0
            event = Event(EventType.DISCONNECT, peer.handle, 0, peer.event_data, b"", 0, peer.reason, command)
        else:
            engine.busy = True
            peer.needs_dispatch = False
            queue.popleft()
            engine.busy = False
            continue
        engine.front = (event, peer)
        return event
    return None


def pop_event(engine: EngineState, event: Event) -> None:
    """Remove an event. No-op if it is not the one that :func:`peek_event` last returned."""
    front = engine.front
    if front is None or front[0] is not event:
        return
    peer = front[1]
    engine.busy = True
    dispatched = peer.dispatched
    if dispatched and dispatched[0][0] is event:
        dispatched.popleft()
        size = len(event.packet)
        peer.waiting_data -= size
        size += BUFFER_OVERHEAD
        peer.buffered_bytes -= size
        engine.buffered_bytes -= size
    elif event.type is EventType.CONNECT:
        peer.connect_pending = None
    elif event.type is EventType.DISCONNECT:
        if peer.recalculates:
            engine.recalculate = True
        release(engine, peer)
    queue = engine.dispatch_queue
    if peer.needs_dispatch:
        if dispatched or peer.state is _ZOMBIE:
            if len(queue) > 1:
                queue.rotate(-1)
        else:
            peer.needs_dispatch = False
            queue.popleft()
    engine.front = None
    engine.busy = False
