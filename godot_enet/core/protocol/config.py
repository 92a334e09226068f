"""The settings of a host, validated once."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from godot_enet.core.protocol.constants import (
    HOST_DEFAULT_MAXIMUM_KEPT_DATA,
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
    MAXIMUM_WINDOW_SIZE,
    MINIMUM_MTU,
)
from godot_enet.core.protocol.tuning import MAXIMUM_HELD_COMMANDS, MAXIMUM_SPARE_COPIES, RECEIVE_BATCH

__all__ = ["HostConfig"]

GREATEST_PACKET_SIZE = MAXIMUM_HELD_COMMANDS * 512
"""As much as the fragments that one peer may have waiting can carry, with the smallest datagrams."""
LEAST_WAITING_DATA = 32 * MAXIMUM_WINDOW_SIZE
"""Where a packet is lost, a fast ENet sends so much more before it tries that one again. With less it would be refused
what it has under way once and again, wait twice as long each time, and give up at the seventh."""
LEAST_KEPT_DATA = 256 * MAXIMUM_WINDOW_SIZE
"""What keeping a window of the shortest packets costs."""
_U32 = 0xFFFFFFFF


def _setting(default: int, lowest: int = 0, greatest: int = _U32, *, limits: str = "") -> Any:
    """A number in a range. ``limits``: where it is one of the limits that SECURITY.md lists, what it limits."""
    return field(default=default, metadata={"range": (lowest, greatest), "limits": limits})


@dataclass(frozen=True, slots=True)
class HostConfig:
    """Everything an engine needs to know before its first datagram.

    Raises:
        ValueError: a value is out of ENet's range; the message names it.
    """

    peer_count: int = _setting(32, 1, MAXIMUM_PEER_ID, limits="connected peers; `create_host` has it as an argument")
    """Peer slots, 1..4095."""
    channel_limit: int = _setting(0, 0, MAXIMUM_CHANNEL_COUNT)
    """Channels granted to those who connect; 0 means 255."""
    incoming_bandwidth: int = _setting(0)
    """Bytes per second this host can take; 0 is unlimited."""
    outgoing_bandwidth: int = _setting(0)
    """Bytes per second this host can send; 0 is unlimited."""
    mtu: int = _setting(HOST_DEFAULT_MTU, MINIMUM_MTU, MAXIMUM_MTU)
    """Largest datagram in bytes, checksum included, 576..4096. It is the UDP payload, to which DTLS adds 37 bytes."""
    checksum: bool = False
    """CRC-32 in every datagram; both ends must agree, nothing negotiates it."""
    duplicate_peers: int = _setting(MAXIMUM_PEER_ID, limits="peers of one IP address")
    """Peers accepted from one IP address."""
    maximum_packet_size: int = _setting(
        HOST_DEFAULT_MAXIMUM_PACKET_SIZE, 0, GREATEST_PACKET_SIZE, limits="a packet, both ways; up to 64 MiB"
    )
    """Bytes, at most 64 MiB; larger packets are refused both ways."""
    maximum_waiting_data: int = _setting(
        HOST_DEFAULT_MAXIMUM_WAITING_DATA,
        LEAST_WAITING_DATA,
        limits="received data of one peer that your program has not taken with `get_packet()`; 2 MiB or more",
    )
    """Bytes one peer may have waiting here before its data is refused (and so resent later), half of them for reliable
    packets: at least 2 MiB. A packet waits until the program takes it from the peer's object, if it has one, else until
    ``service`` gives it. The next packet of a channel is let in beyond it as soon as the program has nothing left to
    take: up to two of the maximum size, or one of at most 64 KiB in each channel."""
    maximum_kept_data: int = _setting(
        HOST_DEFAULT_MAXIMUM_KEPT_DATA,
        limits="the same for all peers together; beyond that each slot has an equal share",
    )
    """Bytes all peers together may have waiting here, fragments and what keeping them costs included; beyond that each
    may have its share. At least 16 MiB, and 64 KiB for each slot; 0 is unlimited."""
    maximum_queued_data: int = _setting(
        HOST_DEFAULT_MAXIMUM_QUEUED_DATA,
        limits=("data queued for one peer or not acknowledged by it, plus 256 bytes for each packet or fragment"),
    )
    """Bytes that may wait to be sent to one peer or to be acknowledged by it, with 256 more for each packet or
    fragment. Beyond it packets are refused, and a peer that acknowledges none for its shortest time-out (5 seconds
    unless set) while they are is disconnected. One packet may be larger, if nothing else waits. 0 is unlimited."""
    maximum_queued_total: int = _setting(
        HOST_DEFAULT_MAXIMUM_QUEUED_TOTAL,
        limits="the same for all peers together; beyond that each slot has an equal share",
    )
    """The same for all peers together; beyond that each may have its share. 0 is unlimited."""
    peer_command_budget: int = _setting(
        RECEIVE_BATCH * MAXIMUM_PACKET_COMMANDS,
        limits=(
            "commands of one peer in one receive pass of 256 datagrams, where two bytes out of the range coder also "
            "count as a command, and so do 32 bytes into or out of another codec; and those of all peers together in "
            "datagrams that do not decode, have a wrong checksum, or were compressed and belong to half-open "
            "connections, where a useless datagram counts as 256 or more"
        ),
    )
    """Commands taken from one peer in a receive pass of 256 datagrams; two bytes out of the range coder count as one,
    too, and so do 32 bytes into or out of another codec. Further datagrams of it wait for the next pass, 256 at most;
    those beyond are dropped, and a peer that sends so much for five seconds on end is disconnected. The default is what
    an ENet can get into a pass. As many are allowed to all together in datagrams that do not decode, which may be
    forged: each counts for 256 or more. 0: no limit."""
    peer_byte_budget: int = _setting(RECEIVE_BATCH * MAXIMUM_DATAGRAM, limits="bytes of one peer in one receive pass")
    """The same for bytes, decompressed."""
    early_retransmit: bool = True
    """Send a reliable command again as soon as later ones are acknowledged, and time out each one by itself; False
    waits exactly as ENet does. The bytes on the wire are the same kind either way."""
    spare_copies: int = _setting(2, 0, MAXIMUM_SPARE_COPIES)
    """How many copies may follow a reliable command before anybody knows whether it is lost, 0..2: only where losses
    were seen, only while little is under way, and only with ``early_retransmit``."""
    half_open_limit: int = _setting(
        32768,
        limits=(
            "half-open connections in all; the oldest is dropped first; by default they take 14 MB (42 MB in Python); "
            "0 is ENet's own handshake"
        ),
    )
    """Connections being made that are remembered until the other side proves its address by an acknowledgement. Only
    then one takes a peer slot, so forged addresses take none. Each takes about 400 bytes (1.3 KB in Python). 0 gives
    each a slot at once, and outgoing ones the number of theirs, as ENet does."""
    half_open_per_prefix: int = _setting(8192, limits="half-open connections of one /24 of IPv4 or /48 of IPv6")
    """Those of them from one network (/24 of IPv4, /48 of IPv6; this machine excepted); 0 is unlimited."""
    seed: int | None = None
    """For tests: what connect ids, proofs and other secrets are drawn from, up to 256 bits. Equal seeds give equal
    datagrams. 0 or None takes the operating system's randomness, afresh for each host."""

    def __post_init__(self) -> None:
        for setting in fields(self):
            if "range" not in setting.metadata:
                continue
            value, (lowest, greatest) = getattr(self, setting.name), setting.metadata["range"]
            if not lowest <= value <= greatest:
                wanted = f"{lowest}..{greatest}" if lowest or greatest < _U32 else "an unsigned 32-bit number"
                raise ValueError(f"{setting.name} must be {wanted}, not {value}")
        least = max(LEAST_KEPT_DATA, self.peer_count * MAXIMUM_WINDOW_SIZE)
        if 0 < self.maximum_kept_data < least:
            raise ValueError(f"maximum_kept_data must be 0 or at least {least}, not {self.maximum_kept_data}")
        if self.seed is not None and not 0 <= self.seed < 1 << 256:
            raise ValueError(f"seed must be an unsigned 256-bit number, not {self.seed}")
