"""A stage that reads along: it finds out how the remote compresses, and measures each ping.

Its host compresses nothing, which every ENet understands. What the remote has compressed is unpacked here, whatever the
codec, so the host gets it as if it had not been.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from godot_enet.core.compression import Codec
from godot_enet.core.forwarding import ForwardingTransport
from godot_enet.core.interface import Datagram, Transport
from godot_enet.core.protocol.constants import COMMAND_MASK, CONTROL_CHANNEL, Command
from godot_enet.core.protocol.wire import Acknowledge, Head, VerifyConnect
from godot_enet.recording.datagrams import Unpacker, header_size, split_commands

__all__ = ["WireTap"]


class WireTap(ForwardingTransport):
    """A :class:`~godot_enet.core.interface.Transport` around that of a client with one connection."""

    def __init__(self, inner: Transport) -> None:
        super().__init__(inner)
        self.reply: VerifyConnect | None = None
        """The remote's reply to our CONNECT."""
        self.round_trips: list[float] = []
        """Milliseconds from each sending of a ping to its acknowledgement."""
        self.sent = 0
        """How often pings were sent, resends included."""
        self._unpacker = Unpacker({})
        self._waiting: dict[tuple[int, int], float] = {}
        """When each ping was sent that is not acknowledged, by its number and the time in its datagram."""

    @property
    def codec(self) -> Codec | None:
        """What the remote compresses with; None while it has compressed nothing."""
        return self._unpacker.codec

    @property
    def undecodable(self) -> str:
        """Why compressed datagrams cannot be read; empty if they can."""
        return self._unpacker.undecodable

    def waits(self) -> bool:
        """Whether a ping has not been acknowledged."""
        return bool(self._waiting)

    def forget_pings(self) -> None:
        """Count from here on."""
        self.sent = 0
        self.round_trips.clear()
        self._waiting.clear()

    # Transport

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Send them all, and note when pings leave."""
        batch = list(batch)
        sent_at = time.perf_counter()
        for data, _ in batch:
            for head, _ in split_commands(data[header_size(data) :]):
                if head.command & COMMAND_MASK == Command.PING:
                    self.sent += 1
                    self._waiting[head.sequence, data[2] << 8 | data[3]] = sent_at
        return self._inner.send(batch, now)

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams that have arrived, unpacked."""
        arrived = self._inner.receive(limit, now)
        arrived_at = time.perf_counter()
        plain = [Datagram(data, address) for packed, address in arrived if (data := self._unpacker.unpack(packed))]
        for data, _ in plain:
            for head, command in split_commands(data[header_size(data) :]):
                self._read(head, command, arrived_at)
        return plain

    def _read(self, head: Head, command: bytes, arrived_at: float) -> None:
        number = head.command & COMMAND_MASK
        if number == Command.VERIFY_CONNECT:
            self.reply = VerifyConnect.parse(command)
        elif number == Command.ACKNOWLEDGE and head.channel == CONTROL_CHANNEL:
            sequence, sent_time = Acknowledge.parse(command)
            sent_at = self._waiting.pop((sequence, sent_time), None)
            if sent_at is not None:
                self.round_trips.append((arrived_at - sent_at) * 1000)


if TYPE_CHECKING:
    _check: type[Transport] = WireTap
