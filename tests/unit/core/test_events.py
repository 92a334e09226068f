"""What a host reports."""

from __future__ import annotations

from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle


def test_numbers_are_enets() -> None:
    assert [int(kind) for kind in EventType] == [-1, 0, 1, 2, 3]
    assert [kind.name for kind in EventType] == ["ERROR", "NONE", "CONNECT", "DISCONNECT", "RECEIVE"]


def test_what_is_not_said_is_nothing() -> None:
    event = Event(EventType.CONNECT, PeerHandle(5))
    assert event == (EventType.CONNECT, 5, 0, 0, b"", 0, DisconnectReason.NONE, 0)
    assert (event.channel, event.data, event.packet, event.flags) == (0, 0, b"", 0)
    assert (event.reason, event.command) == (DisconnectReason.NONE, 0)
