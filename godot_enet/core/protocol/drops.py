"""Causes of drops: why a datagram was not used, a packet not queued, or a server not reached, with explanations.

One entry here defines a cause: its counter, log line, number in C and row in the documentation follow from it.
"""

from __future__ import annotations

from godot_enet.core.protocol.enums import NamedIntEnum

__all__ = ["Drop"]

_EXPECTED = "expected"
_OUTGOING = "outgoing"
_CONNECTING = "connecting"


class Drop(NamedIntEnum):
    """Why a received datagram was not used, an outgoing packet not queued, or a server not reached yet. Each cause has
    one counter and one rate-limited log line."""

    explanation: str
    """The end of its log line."""
    expected: bool
    """Whether it happens at the end of normal connections, so that it is logged as information."""
    outgoing: bool
    """Whether it concerns packets that the program sends."""
    connecting: bool
    """Whether it concerns an attempt to connect. All other causes concern received datagrams."""

    def __new__(cls, number: int, explanation: str = "", kind: str = "") -> Drop:
        """Make a cause; ``kind`` is one of the words above, or empty."""
        self = int.__new__(cls, number)
        self._value_ = number
        self.explanation = explanation
        self.expected, self.outgoing, self.connecting = kind == _EXPECTED, kind == _OUTGOING, kind == _CONNECTING
        return self

    SHORT = 0, "too short to be ENet"
    OVERSIZED = 1, "longer than 4096 bytes, the maximum of ENet"
    UNKNOWN_PEER = (
        2,
        "not from a connected peer; usually one that has not noticed its disconnect, or one that uses DTLS",
        _EXPECTED,
    )
    WRONG_ADDRESS = (
        3,
        "from another address than the peer it names; forged, an address that changed, or a late broadcast reply",
    )
    WRONG_SESSION = 4, "left over from an earlier connection in the same slot, or forged", _EXPECTED
    NO_COMPRESSOR = 5, "compressed, but this host has no compression set; both ends must use the same mode"
    UNDECODABLE = 6, "not decodable; the other end probably uses another compression mode"
    CHECKSUM = 7, "with a wrong checksum; corrupted, or the other end does not use checksums"
    MALFORMED = 8, "with a malformed command; not ENet, or the other end uses checksums or DTLS"
    WRONG_STATE = 9, "with a command that is not valid in the state of the connection", _EXPECTED
    WRONG_CHANNEL = 10, "for a channel that was not negotiated; raise the channel limit at both ends"
    PACKET_TOO_LARGE = 11, "with a packet over the maximum packet size"
    WAITING_DATA_FULL = 12, "over the limit of received data that the program has not read; read packets more often"
    CONNECT_REFUSED = (
        13,
        "a connection request that was refused; all peer slots in use, connect rate exceeded, or an invalid request",
    )
    CONNECT_REPEATED = 14, "a repeated connection request; the reply to the first was lost or late", _EXPECTED
    HALF_OPEN_LIMIT = 15, "a half-open connection evicted because too many others arrived; possibly an attack"
    BAD_HANDSHAKE_TOKEN = 16, "a handshake with a wrong token; addresses are being forged"
    OVER_BUDGET = 17, "over its receive budget; excess dropped, disconnected after 5 s"
    HOST_DATA_FULL = 18, "over the limit of received data buffered for all peers; read packets more often"
    QUEUED_DATA_FULL = 19, "the send queue of the peer is full; it acknowledges too little", _OUTGOING
    HOST_QUEUED_FULL = 20, "the send queues of all peers together are full; they acknowledge too little", _OUTGOING
    DTLS_RECORD = 21, "encrypted with DTLS, but this host is not; set up DTLS at both ends or at neither"
    NO_ANSWER = (
        22,
        "no answer for 3 s; check its address and UDP port, firewalls on the way, and that both ends use the same "
        "compression, checksum and DTLS settings; a full server of Godot does not answer either",
        _CONNECTING,
    )
    PORT_UNREACHABLE = (
        23,
        "the system reports that no program there receives on this UDP port; the attempt goes on, since the report may "
        "be forged",
        _CONNECTING,
    )
    ADDRESS_UNREACHABLE = 24, "the system reports that this address cannot be reached; the attempt goes on", _CONNECTING
