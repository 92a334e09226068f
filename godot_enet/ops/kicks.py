"""Kicks of a server: a number for the DISCONNECT event, and a text in a packet before it."""

from __future__ import annotations

from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["DisconnectCode", "kick_packet", "kick_text"]

_PREFIX = b"godot_enet:kick:"
_MAX_TEXT = 1000
"""Bytes: the packet fits one datagram."""


class DisconnectCode(NamedIntEnum):
    """The data of the DISCONNECT event of a peer that a :class:`Server` has ended."""

    KICKED = 1001
    """:meth:`Server.kick` was called."""
    SHUTTING_DOWN = 1002
    """The server drains: it has ended the peer, or refused its connection."""


def kick_packet(text: str) -> bytes:
    """Return the packet that carries this text; a text over 1,000 bytes is cut, and lone surrogates become ``?``."""
    return _PREFIX + text.encode(errors="replace")[:_MAX_TEXT].decode(errors="ignore").encode()


def kick_text(packet: bytes) -> str | None:
    """Return the text of a packet of :meth:`Server.kick`; None if it is another packet."""
    return packet[len(_PREFIX) :].decode(errors="replace") if packet.startswith(_PREFIX) else None
