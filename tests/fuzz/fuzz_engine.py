"""Fuzzing of both engines in lock-step, with the programs of ``fuzz_engine.c``; see README.md.

``python -m tests.fuzz.fuzz_engine``; arguments go to libFuzzer. The C program finds wild memory, and quickly; this one
finds where the engines part.
"""

from __future__ import annotations

import importlib
import sys

from godot_enet.core.compression import FastLz, RangeCoder
from godot_enet.core.interface import Address, Compressor, Datagram
from godot_enet.core.protocol.constants import DisconnectMode, PeerOption
from godot_enet.core.protocol.events import PeerHandle
from tests.equivalence.lockstep import Lockstep
from tests.tight import TightConfig

__all__ = ["Input", "check", "main"]

ADDRESSES = (Address("10.0.0.1", 7), Address("10.0.0.2", 7), Address("10.0.0.3", 7))
MTUS = (576, 1392, 4096, 1400)
BUDGET, PACKET, OPERATIONS, BUFFER, HALF_OPEN = 20_000, 8000, 400, 4104, 3
CODECS: tuple[type[Compressor] | None, ...] = (None, RangeCoder, FastLz) + (None,) * 13


class Input:
    """The bytes of a program; behind their end everything is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def number(self, size: int) -> int:
        return int.from_bytes(self.bytes(size), "big")

    def bytes(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        self._at += len(taken)
        return taken.ljust(size, b"\0")


class _Program:
    """Two hosts in lock-step, and the operations of a program on them."""

    def __init__(self, source: Input) -> None:
        setting, codec = source.number(1), CODECS[source.number(1) % 16]
        self.source = source
        self.hosts = []
        for seed in range(2):
            config = TightConfig(
                peer_count=4,
                channel_limit=2 if setting & 4 else 0,
                mtu=MTUS[setting & 3],
                incoming_bandwidth=50_000 if setting & 8 else 0,
                outgoing_bandwidth=30_000 if setting & 16 else 0,
                checksum=bool(setting & 128),
                duplicate_peers=1 if setting & 32 else 4095,
                maximum_packet_size=PACKET,
                maximum_waiting_data=BUDGET,
                early_retransmit=not setting & 64,
                half_open_limit=0 if setting & 64 else HALF_OPEN,
                maximum_buffered_data=0 if setting & 64 else 3 * BUDGET // 2,
                peer_command_budget=0 if setting & 64 else 8,
                peer_byte_budget=0 if setting & 64 else 2000,
                maximum_queued_data=0 if setting & 64 else BUDGET,
                maximum_queued_total=0 if setting & 64 else 3 * BUDGET // 2,
                half_open_per_prefix=HALF_OPEN - 1,
                seed=seed,
            )
            self.hosts.append(Lockstep(config))
            self.hosts[-1].set_compressor(None if codec is None else codec())
        self.peers = [PeerHandle(0), PeerHandle(0)]
        self.words = [b"\x0f\xff", b"\x0f\xff"]
        self.content = bytes(PACKET + 100)
        self.now = source.number(2)

    def run(self) -> None:
        for _ in range(OPERATIONS):
            if not self.source:
                break
            operation = self.source.number(1)
            self.play(operation >> 1 & 15, operation & 1)
        for who, host in enumerate(self.hosts):
            self.transmit(who)
            host.compare()
            self.events(who, 10**9)

    def play(self, operation: int, who: int) -> None:
        """One operation; the arguments are in the order in which the C program takes them."""
        call, number, peer = self.hosts[who].call, self.source.number, self.peers[who]
        if operation == 0:
            self.now += number(1)
        elif operation == 1:
            self.now += number(2)
            call("handle_timeout", self.now)
        elif operation == 2:
            self.transmit(who, urgent=bool(number(1) & 1))
        elif operation == 3:
            self.transmit(who, loss=number(1))
        elif operation == 4:
            handle = call("connect", ADDRESSES[1 - who], number(1), number(1))
            if isinstance(handle, int):
                self.peers[who] = PeerHandle(handle)
        elif operation == 5:
            mode = number(1)
            call("disconnect", peer, mode, DisconnectMode(mode & 3), self.now)
        elif operation == 6:
            channel, flags, length = number(1), number(1) & 11, number(2)
            self.content = bytes((length & 255,)) * len(self.content)
            call("send", peer, channel, self.content[: length % len(self.content)], flags)
        elif operation == 7:
            count, flags = number(1), number(1)
            for _ in range(count):
                call("send", peer, flags >> 4 & 1, self.content[: flags >> 5], flags & 11)
        elif operation == 8:
            channel, flags = number(1), number(1) & 11
            call("broadcast", channel, self.content[: number(2) % len(self.content)], flags)
        elif operation == 9:
            self.events(who, 1 + number(1))
        elif operation == 10:
            option, values = number(1) & 3, (number(2), number(2), number(2))
            if option < len(PeerOption):
                used = 1 if option == PeerOption.PING_INTERVAL else 3
                call("configure", peer, PeerOption(option), *values[:used])
        elif operation == 11:
            call("bandwidth_limit", number(2), number(2))
            call("set_channel_limit", number(1))
            call("ping", peer)
            untaken = number(1)
            call("set_unread", peer, untaken, 100 * untaken)
        elif operation == 12:
            codec = CODECS[number(1) % 16]
            self.hosts[who].set_compressor(None if codec is None else codec())
        elif operation == 13:
            self.inject(who, number(1), 1 - who, known=True)
        elif operation == 14:
            length = number(2) % BUFFER
            self.inject(who, length, number(1) % 3, known=False)
        else:
            self.hosts[who].compare()

    def transmit(self, who: int, *, urgent: bool = False, loss: int = 0) -> None:
        batch: list[Datagram] = self.hosts[who].call("poll_transmit", self.now, urgent=urgent)
        arriving = []
        for index, (data, target) in enumerate(batch):
            if target != ADDRESSES[1 - who]:
                continue
            self.words[1 - who] = data[:2]
            if not loss >> index % 8 & 1:
                arriving.append(Datagram(data, ADDRESSES[who]))
        self.hosts[1 - who].call("receive", arriving, self.now)

    def events(self, who: int, limit: int) -> None:
        for _ in range(limit):
            event = self.hosts[who].call("poll_event")
            if event is None:
                break
            self.peers[who] = event.peer

    def inject(self, who: int, length: int, source: int, *, known: bool) -> None:
        flags, head = self.source.number(1), b""
        if known:
            word = self.words[who]
            head = bytes((word[0] & 0x3F | flags & 0xC0, word[1]))
            if flags & 0x80:
                head += (self.now & 0xFFFF).to_bytes(2, "big")
        data = head + self.source.bytes(length)
        self.hosts[who].call("receive", [Datagram(data, ADDRESSES[source])], self.now)


def check(data: bytes) -> None:
    """One program.

    Raises:
        Divergence: the engines did not answer the same.
    """
    _Program(Input(data)).run()


def main() -> None:
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
