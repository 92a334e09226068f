"""One round of the network for one host: time out, transmit, receive, transmit again.

The only such loop; every driver calls it. Sees Protocols only. Also keeps the traffic totals, since only here both
what the engine wanted and what the socket took are known, and speaks up about what was dropped.
"""

from __future__ import annotations

import logging

from godot_enet.core.constants import RECEIVE_BATCH, Drop
from godot_enet.core.interface import Address, DropReport, Engine, Transport

__all__ = ["Pump"]

_log = logging.getLogger("godot_enet.network")
_REPORT_INTERVAL = 10_000

_EXPLANATIONS = {
    Drop.SHORT: "too short to be ENet",
    Drop.OVERSIZED: "longer than 4096 bytes, which ENet never sends",
    Drop.UNKNOWN_PEER: "not from a connected peer; usually one that has not noticed that its connection is over",
    Drop.WRONG_ADDRESS: "from another address than the peer it names; forged, or its network changed",
    Drop.WRONG_SESSION: "left over from an earlier connection in the same slot",
    Drop.NO_COMPRESSOR: "compressed, but no compression is set here; both ends must use the same mode",
    Drop.UNDECODABLE: "compressed in a way that does not decode; the other end probably uses another compression mode",
    Drop.CHECKSUM: "with a wrong checksum; damaged, or the other end does not use checksums",
    Drop.MALFORMED: "with a malformed command; not ENet, or the other end uses checksums or DTLS",
    Drop.WRONG_STATE: "with a command that does not fit the state of the connection",
    Drop.WRONG_CHANNEL: "for a channel that was not negotiated; raise the channel limit at both ends",
    Drop.PACKET_TOO_LARGE: "with a packet over the maximum packet size",
    Drop.WAITING_DATA_FULL: "refused because too much already waits to be taken; call service() more often",
    Drop.CONNECT_REFUSED: "a handshake that cannot be accepted; all peers in use, or a repeated or invalid request",
}


class Pump:
    """Joins an engine and a transport."""

    def __init__(self, engine: Engine, transport: Transport) -> None:
        self.engine = engine
        self.transport = transport
        self.sent_data = 0
        self.sent_packets = 0
        self.received_data = 0
        self.received_packets = 0
        self.lines: list[tuple[int, Address, Drop]] = []
        """What :meth:`speak` will say."""
        self._reported: dict[Drop, int] = {}
        self._withheld: dict[Drop, int] = {}

    def step(self, now: int) -> None:
        """Everything that can happen now without waiting. enet: protocol.c: enet_host_service."""
        engine = self.engine
        engine.handle_timeout(now)
        self.transmit(now)
        batch = self.transport.receive(RECEIVE_BATCH, now)
        if batch:
            self.received_packets += len(batch)
            self.received_data += sum([len(datagram.data) for datagram in batch])
            engine.receive(batch, now)
            engine.handle_timeout(now)
            self.transmit(now)
            reports = engine.poll_drops()
            if reports:
                self._report(reports, now)

    def transmit(self, now: int) -> None:
        """Send what is queued and may leave."""
        batch = self.engine.poll_transmit(now)
        if batch:
            self.sent_packets += len(batch)
            self.sent_data += self.transport.send(batch, now)

    def poll_timeout(self) -> int | None:
        """When :meth:`step` is next needed without anything arriving; None if never."""
        due = self.engine.poll_timeout()
        other = self.transport.poll_timeout()
        if due is None or other is None:
            return other if due is None else due
        return min(due, other)

    def speak(self) -> None:
        """Log what was dropped. For the driver, outside its lock: a log handler may do anything."""
        lines, self.lines = self.lines, []
        for times, address, cause in lines:
            _log.warning(
                "Received %d datagram%s that could not be used, the last from %s: %s.",
                times,
                "" if times == 1 else "s",
                address,
                _EXPLANATIONS[cause],
            )

    def _report(self, reports: list[DropReport], now: int) -> None:
        """One line per cause and ten seconds: silence is what makes a wrong setting hard to find."""
        for cause, address, times in reports:
            times += self._withheld.pop(cause, 0)
            last = self._reported.get(cause)
            if last is not None and now - last < _REPORT_INTERVAL:
                self._withheld[cause] = times
            else:
                self._reported[cause] = now
                self.lines.append((times, address, cause))
