"""The settings of a host, validated once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from godot_enet.core.protocol.constants import (
    HOST_DEFAULT_MAXIMUM_BUFFERED_DATA,
    HOST_DEFAULT_MAXIMUM_PACKET_SIZE,
    HOST_DEFAULT_MAXIMUM_QUEUED_DATA,
    HOST_DEFAULT_MAXIMUM_QUEUED_TOTAL,
    HOST_DEFAULT_MAXIMUM_WAITING_DATA,
    HOST_DEFAULT_MTU,
    MAXIMUM_CHANNEL_COUNT,
    MAXIMUM_DATAGRAM,
    MAXIMUM_MTU,
    MAXIMUM_PACKET_COMMANDS,
    MAXIMUM_PEER_ID,
    MAXIMUM_SHARDS,
    MAXIMUM_WINDOW_SIZE,
    MINIMUM_MTU,
)
from godot_enet.core.protocol.tuning import MAX_HELD_COMMANDS, MAX_REDUNDANT_COPIES, RECEIVE_BATCH

__all__ = ["HostConfig"]

MAX_PACKET_SIZE = MAX_HELD_COMMANDS * 512
"""What the maximum of held fragments can carry with the smallest MTU."""
MIN_WAITING_DATA = 32 * MAXIMUM_WINDOW_SIZE
"""What a fast ENet sends after a lost packet before it resends that packet. With less, the data in flight would be
refused repeatedly, with doubling timeouts, and the seventh would end the connection."""
MIN_BUFFERED_DATA = 256 * MAXIMUM_WINDOW_SIZE
"""The cost of buffering a window of the shortest packets."""
_U32 = 0xFFFFFFFF


def _setting(default: int, minimum: int = 0, maximum: int = _U32, *, limits: str = "") -> Any:
    """A number in a range. ``limits``: what it limits, if SECURITY.md lists it as a limit."""
    return field(default=default, metadata={"range": (minimum, maximum), "limits": limits})


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Everything an engine needs to know before its first datagram.

    Raises:
        ValueError: a value is out of ENet's range; the message names it.
    """

    peer_count: int = _setting(32, 1, MAXIMUM_PEER_ID, limits="connected peers; `create_host` has it as an argument")
    """Peer slots, 1..4095, or that many in each shard."""
    shards: int = _setting(1, 1, MAXIMUM_SHARDS)
    """Sockets that share the port, each with its own peers and network thread, 1..64. Limits count over all of them.
    A host that cannot have several has one, and a log line says why."""
    channel_limit: int = _setting(0, 0, MAXIMUM_CHANNEL_COUNT)
    """Channels granted to clients; 0 means 255."""
    incoming_bandwidth: int = _setting(0)
    """Bytes per second that this host can receive; 0 is unlimited."""
    outgoing_bandwidth: int = _setting(0)
    """Bytes per second that this host can send; 0 is unlimited."""
    mtu: int = _setting(HOST_DEFAULT_MTU, MINIMUM_MTU, MAXIMUM_MTU)
    """Largest datagram in bytes, checksum included, 576..4096. It is the UDP payload, to which DTLS adds 37 bytes."""
    checksum: bool = False
    """CRC-32 in every datagram; both ends must agree, since it is not negotiated."""
    duplicate_peers: int = _setting(MAXIMUM_PEER_ID, limits="peers of one IP address")
    """Peers accepted from one IP address."""
    maximum_packet_size: int = _setting(
        HOST_DEFAULT_MAXIMUM_PACKET_SIZE, 0, MAX_PACKET_SIZE, limits="the size of a packet, both ways; up to 64 MiB"
    )
    """Bytes, at most 64 MiB; larger packets are refused in both directions."""
    maximum_waiting_data: int = _setting(
        HOST_DEFAULT_MAXIMUM_WAITING_DATA,
        MIN_WAITING_DATA,
        limits="received data of one peer that your program has not read with `get_packet()`; 2 MiB or more",
    )
    """Received bytes of one peer that may wait here before more is refused (and so resent later), half of them reserved
    for reliable packets; at least 2 MiB. A packet waits until the program reads it from the peer's object, if there is
    one, else until ``service`` returns it. Once the program has nothing left to read, the next packet of a channel is
    accepted over the limit: up to two of the maximum size, or one of at most 64 KiB in each channel."""
    maximum_buffered_data: int = _setting(
        HOST_DEFAULT_MAXIMUM_BUFFERED_DATA,
        limits="the same for all peers together; beyond that each slot has an equal share",
    )
    """Received bytes of all peers that may be buffered, fragments and overhead included; beyond that each peer may have
    its share. At least 16 MiB, and 64 KiB for each slot (which raises it for more than 4095 slots); 0 is unlimited."""
    maximum_queued_data: int = _setting(
        HOST_DEFAULT_MAXIMUM_QUEUED_DATA,
        limits=("data queued for one peer or not acknowledged by it, plus 256 bytes for each packet or fragment"),
    )
    """Bytes queued for one peer or not acknowledged by it, plus 256 for each packet or fragment. Beyond that, packets
    are refused, and a peer that acknowledges nothing for its minimum timeout (5 seconds by default) meanwhile is
    disconnected. One packet may be larger, if nothing else is queued. 0 is unlimited."""
    maximum_queued_total: int = _setting(
        HOST_DEFAULT_MAXIMUM_QUEUED_TOTAL,
        limits="the same for all peers together; beyond that each slot has an equal share",
    )
    """The same for all peers together; beyond that each peer may have its share. 0 is unlimited."""
    peer_command_budget: int = _setting(
        RECEIVE_BATCH * MAXIMUM_PACKET_COMMANDS,
        limits=(
            "commands of one peer in one receive pass of 256 datagrams. Two bytes of range coder output also count as "
            "one, and so do 32 bytes of input or output of another codec, and each packet or fragment that a "
            "command releases. The limit of all peers together is four times as high. The same number again limits "
            "unverified work: datagrams that do not decode or have a wrong checksum, which count as 256 commands or "
            "more, and compressed ones of half-open connections"
        ),
    )
    """Commands handled for one peer in a receive pass of 256 datagrams; two bytes of range coder output also count as
    one, and so do 32 bytes of input or output of another codec, and each packet that a command releases. Further
    datagrams of the peer wait for the next pass, 256 at most; more are dropped, and a peer that keeps sending that
    much for five seconds is disconnected. The default is the most that ENet can send in a pass. All peers together may
    use four times as many in a pass; beyond that they take turns. The same number limits datagrams that do not decode
    and may be forged, for all peers together: each counts as 256 or more. 0 is unlimited."""
    peer_byte_budget: int = _setting(RECEIVE_BATCH * MAXIMUM_DATAGRAM, limits="bytes of one peer in one receive pass")
    """The same for decompressed bytes."""
    early_retransmit: bool = True
    """Whether a reliable command is resent as soon as later ones are acknowledged; False waits exactly as ENet does.
    The wire format is the same either way."""
    redundant_copies: int = _setting(2, 0, MAX_REDUNDANT_COPIES)
    """Redundant copies of a reliable command that are sent before its loss is known, 0..2: only after recent losses,
    while little data is in flight, and with ``early_retransmit``."""
    half_open_limit: int = _setting(
        32768,
        limits=(
            "half-open connections in total; the oldest is dropped first; the default takes 14 MB (42 MB in Python); "
            "0 is ENet's own handshake"
        ),
    )
    """Half-open connections that are remembered until the client verifies its address by an acknowledgement. Only then
    a connection takes a peer slot, so forged addresses take none. Each takes about 400 bytes (1.3 KB in Python). 0
    gives each a slot at once, and outgoing connections the number of their slot, as ENet does."""
    half_open_per_prefix: int = _setting(8192, limits="half-open connections of one /24 of IPv4 or /48 of IPv6")
    """Half-open connections from one network (/24 of IPv4, /48 of IPv6; except this machine); 0 is unlimited."""
    refuse_when_full: bool = True
    """Whether clients get their DISCONNECT event at once when all slots are in use, or as many peers of their address
    as ``duplicate_peers`` allows. Only verified addresses are answered, so it needs ``half_open_limit``. False ignores
    such clients, as ENet does: they time out."""
    seed: int | None = None
    """For tests: the seed of connect ids, address proofs and other secrets, up to 256 bits. Equal seeds give equal
    datagrams. 0 or None uses the operating system's randomness for each host."""

    def __post_init__(self) -> None:
        for setting in fields(self):
            if "range" not in setting.metadata:
                continue
            value, (minimum, maximum) = getattr(self, setting.name), setting.metadata["range"]
            if setting.name == "peer_count" and 1 <= self.shards <= MAXIMUM_SHARDS:
                maximum *= self.shards
            if not minimum <= value <= maximum:
                wanted = f"{minimum}..{maximum}" if minimum or maximum < _U32 else "an unsigned 32-bit number"
                raise ValueError(f"{setting.name} must be {wanted}, not {value}")
        minimum = max(MIN_BUFFERED_DATA, min(self.peer_count, MAXIMUM_PEER_ID) * MAXIMUM_WINDOW_SIZE)
        if 0 < self.maximum_buffered_data < minimum:
            raise ValueError(f"maximum_buffered_data must be 0 or at least {minimum}, not {self.maximum_buffered_data}")
        if self.seed is not None and not 0 <= self.seed < 1 << 256:
            raise ValueError(f"seed must be an unsigned 256-bit number, not {self.seed}")
