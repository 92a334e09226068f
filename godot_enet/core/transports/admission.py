"""Filter connection requests before any state is allocated.

A stage around a transport, like DTLS: it sees the CONNECTs of unknown senders and withholds those that are
not wanted. Everything else passes. A withheld request costs nothing further. A denied client gets a reply of ten bytes,
never longer than its request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING
from zlib import crc32

from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.interface import Address, Compressor, Datagram, HostView, Transport, TransportStage
from godot_enet.core.interrupts import raised_by_signal_handler
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_UNSEQUENCED,
    COMMAND_MASK,
    CONTROL_CHANNEL,
    HEADER_COMPRESSED,
    HEADER_SENT_TIME,
    MAXIMUM_DATAGRAM,
    MAXIMUM_PEER_ID,
    Command,
)
from godot_enet.core.protocol.enums import NamedIntEnum
from godot_enet.core.protocol.tuning import UNVALIDATED_BODY_LIMIT
from godot_enet.core.protocol.wire import CONNECT, DISCONNECT, Connect, pack_connect_id

__all__ = ["Admission", "AdmissionTransport", "Verdict", "admission"]

_LOOK = 200
"""Milliseconds between checks of the connected peers."""


class Verdict(NamedIntEnum):
    """What to do with a connection request."""

    ACCEPT = 0
    """Process it normally."""
    DENY = 1
    """Refuse it: the client gets its DISCONNECT event at once."""
    IGNORE = 2
    """Ignore it: the client times out."""


class Admission:
    """The rules of a host; may be changed at any time.

    Args:
        decide: called with the address and the number that came with the CONNECT, for each copy that arrives. It runs
            where the network is served, perhaps in another thread, with the host locked: its calls of the host are
            nested ones (see :class:`~godot_enet.core.host.Host`).
        per_second: connections of one network (/24 of IPv4, /48 of IPv6) each second; 0 is unlimited. Only clients with
            a proved address count. Once the limit is reached, no CONNECT of the network passes for the rest of the
            second, and connections in progress are accepted later.
        per_address: peers of one IP address beyond which none of its CONNECTs is taken; 0 is unlimited. CONNECTs that
            arrive while others are not proved yet pass: for an exact limit, check again at the CONNECT event, or set
            ``HostConfig.duplicate_peers``.
        compressor: the compressor of the host.
        checksum: whether its datagrams carry checksums.
    """

    def __init__(
        self,
        decide: Callable[[Address, int], Verdict | int] | None = None,
        per_second: int = 0,
        compressor: Compressor | None = None,
        checksum: bool = False,
        per_address: int = 0,
    ) -> None:
        self.decide = decide
        self.per_second = per_second
        self.per_address = per_address
        self.compressor = compressor
        self.checksum = checksum


def admission(rules: Admission) -> TransportStage:
    """The stage that enforces these rules."""
    return lambda inner, host: AdmissionTransport(inner, host, rules)


class AdmissionTransport(ForwardingTransport):
    """A :class:`~godot_enet.core.interface.Transport` around another one."""

    def __init__(self, inner: Transport, host: HostView, rules: Admission) -> None:
        super().__init__(inner)
        self._host = host
        self._rules = rules
        self._crowds: Counter[str] = Counter()
        """Peers by IP address at the last check."""
        self._looked: int | None = None
        self._traffic = [0, 0, 0, 0]

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """Received datagrams that may pass."""
        passed = []
        for datagram in self._inner.receive(limit, now):
            if self._may_pass(datagram, now):
                passed.append(datagram)
            else:
                self._traffic[0] += 1
                self._traffic[1] += len(datagram.data)
        return passed

    def pop_traffic(self) -> tuple[int, int, int, int]:
        """Datagrams withheld and replies sent; see :class:`~godot_enet.core.pump.CountsTraffic`."""
        received_packets, received_data, sent_packets, sent_data = self._traffic
        self._traffic = [0, 0, 0, 0]
        return received_packets, received_data, sent_packets, sent_data

    def _may_pass(self, datagram: Datagram, now: int) -> bool:
        data, address = datagram
        if len(data) < 2 or (data[0] & MAXIMUM_PEER_ID >> 8, data[1]) != (MAXIMUM_PEER_ID >> 8, MAXIMUM_PEER_ID & 0xFF):
            return True
        command = self._connect_in(data)
        if command is None:
            return True  # The engine handles and logs it.
        if not self._host.may_connect(address, self._rules.per_second, now):
            self._host.note(
                "connects_per_second", f"Too many connections per second from the network of {address}.", now
            )
            return False
        if self._is_crowded(address, now):
            self._host.note("peers_per_address", f"Too many peers from the IP address of {address}.", now)
            return False
        verdict = self._decide(address, Connect.parse(command).data, now)
        if verdict is Verdict.DENY:
            refusal = self._refusal(command)
            # A CONNECT can be compressed to three bytes: forged addresses must not cause amplification.
            if len(refusal) <= len(data):
                self._traffic[2] += 1
                self._traffic[3] += self._inner.send([Datagram(refusal, address)], now)
        return verdict is Verdict.ACCEPT

    def _connect_in(self, data: bytes) -> bytes | None:
        """The CONNECT in a datagram of an unknown sender, if there is one."""
        header = (4 if data[0] & HEADER_SENT_TIME >> 8 else 2) + 4 * self._rules.checksum
        coded = data[header:]
        body: bytes | None = coded
        if data[0] & HEADER_COMPRESSED >> 8:
            compressor = self._rules.compressor
            if compressor is None or len(coded) > UNVALIDATED_BODY_LIMIT:
                return None
            body = compressor.decompress(coded, UNVALIDATED_BODY_LIMIT)
        if not body or len(body) < CONNECT.size or body[0] & COMMAND_MASK != Command.CONNECT:
            return None
        # A datagram that the engine would not read is no request: no hook call, no reply.
        if len(data) > MAXIMUM_DATAGRAM or (self._rules.checksum and not _is_intact(data, header, body)):
            return None
        return body[: CONNECT.size]

    def _is_crowded(self, address: Address, now: int) -> bool:
        """Whether the limit of peers of this IP address is reached."""
        limit = self._rules.per_address
        if not limit:
            return False
        if self._looked is None or now - self._looked >= _LOOK:
            self._looked = now
            self._crowds = Counter(peer.host for peer in self._host.peers().values())
        return self._crowds[address.host] >= limit

    def _decide(self, address: Address, data: int, now: int) -> Verdict:
        if self._rules.decide is None:
            return Verdict.ACCEPT
        try:
            verdict = self._rules.decide(address, data)
            if isinstance(verdict, bool):
                raise TypeError("it must return a Verdict, not a bool")  # True would be DENY
            return Verdict(verdict)
        except Exception as error:
            if raised_by_signal_handler(error):
                raise
            # An error in the hook must not end the network. It is logged, rate-limited, once the host is unlocked,
            # since log handlers may do anything.
            text = f"The hook for connect requests failed; the request of {address} is ignored."
            self._host.note("connect hook", text, now, error=error)
            return Verdict.IGNORE

    def _refusal(self, command: bytes) -> bytes:
        """A DISCONNECT for the requesting peer."""
        connect = Connect.parse(command)
        body = DISCONNECT.pack(Command.DISCONNECT | COMMAND_FLAG_UNSEQUENCED, CONTROL_CHANNEL, 1, 0)
        header: bytes = (connect.peer_id & MAXIMUM_PEER_ID).to_bytes(2, "big")
        if self._rules.checksum:
            header += crc32(body, crc32(header + pack_connect_id(connect.connect_id))).to_bytes(4, "big")
        return header + body


def _is_intact(data: bytes, header: int, body: bytes) -> bool:
    """Whether the checksum of a datagram of an unknown sender is correct."""
    expected: bytes = crc32(body, crc32(data[: header - 4] + bytes(4))).to_bytes(4, "big")
    return data[header - 4 : header] == expected


if TYPE_CHECKING:
    _check: type[Transport] = AdmissionTransport
