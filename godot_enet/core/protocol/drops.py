"""Why something received was not used, or something to be sent was not queued: every cause with its explanation.

A cause is one entry here. Its counter, its log line, its number in C and its row in the documentation follow from it.
"""

from __future__ import annotations

from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["Drop"]

_EXPECTED = "expected"
_OUTGOING = "outgoing"


class Drop(NamedIntEnum):
    """Why something received was not used, or something to be sent was not queued. One counter and one rate-limited
    log line per cause."""

    explanation: str
    """The end of its log line."""
    expected: bool
    """It comes with the end of any connection, and is no reason to warn."""
    outgoing: bool
    """It is about what the program wants to send; all others are about what was received."""

    def __new__(cls, number: int, explanation: str = "", kind: str = "") -> Drop:
        """A cause; ``kind`` is one of the words above, if any."""
        self = int.__new__(cls, number)
        self._value_ = number
        self.explanation = explanation
        self.expected, self.outgoing = kind == _EXPECTED, kind == _OUTGOING
        return self

    SHORT = 0, "too short to be ENet"
    OVERSIZED = 1, "longer than 4096 bytes, which ENet never sends"
    UNKNOWN_PEER = (
        2,
        "not from a connected peer; usually one that has not noticed its connection's end, or uses DTLS",
        _EXPECTED,
    )
    WRONG_ADDRESS = 3, "from another address than the peer it names; forged, moved, or a late answer to a broadcast"
    WRONG_SESSION = 4, "left over from an earlier connection in the same slot, or forged", _EXPECTED
    NO_COMPRESSOR = 5, "compressed, but no compression is set here; both ends must use the same mode"
    UNDECODABLE = 6, "compressed in a way that does not decode; the other end probably uses another compression mode"
    CHECKSUM = 7, "with a wrong checksum; damaged, or the other end does not use checksums"
    MALFORMED = 8, "with a malformed command; not ENet, or the other end uses checksums or DTLS"
    WRONG_STATE = 9, "with a command that does not fit the state of the connection", _EXPECTED
    WRONG_CHANNEL = 10, "for a channel that was not negotiated; raise the channel limit at both ends"
    PACKET_TOO_LARGE = 11, "with a packet over the maximum packet size"
    WAITING_DATA_FULL = 12, "refused because too much already waits to be taken; take packets more often"
    CONNECT_REFUSED = (
        13,
        "a handshake that cannot be accepted; all peers in use, too many at a time, or an invalid request",
    )
    CONNECT_REPEATED = 14, "a handshake that was accepted before; its answer was lost or late", _EXPECTED
    HALF_OPEN_LIMIT = 15, "a handshake that was forgotten because too many others came meanwhile; perhaps an attack"
    WRONG_PROOF = 16, "a handshake with the wrong answer; somebody forges addresses"
    OVER_BUDGET = 17, "more at a time than one peer may send; it is slowed down, and in the end disconnected"
    HOST_DATA_FULL = 18, "refused because all peers together have too much waiting; take packets more often"
    QUEUED_DATA_FULL = 19, "too much waits for this peer already; it takes less than it is sent", _OUTGOING
    HOST_QUEUED_FULL = 20, "too much waits for all peers together; they take less than they are sent", _OUTGOING
