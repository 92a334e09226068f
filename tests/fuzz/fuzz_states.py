"""Fuzzing of both engines in lock-step in each state of a peer, with the inputs of ``fuzz_states.c``; see README.md.

``python -m tests.fuzz.fuzz_states``; arguments go to libFuzzer.
"""

from __future__ import annotations

import importlib
import sys

from godot_enet.core.interface import Datagram
from godot_enet.core.protocol.constants import DisconnectMode
from godot_enet.core.protocol.events import PeerHandle
from tests.equivalence.lockstep import Lockstep
from tests.fuzz.fuzz_engine import ADDRESSES, BUDGET, HALF_OPEN, PACKET, Input
from tests.tight import TightConfig

__all__ = ["check", "main"]

HERE, THERE, STRANGER = range(3)
NOBODY, CONNECTING, HALF, CONNECTED, BUSY, LATER, DISCONNECTING, ACKNOWLEDGING, ZOMBIE = range(9)
TRIAL, UNACKED, FULL, UNTAKEN, STATES = range(9, 14)
DATAGRAMS, FORGOTTEN, ALL = 64, 400_000, 0xFF


class _Meeting:
    """A host in one of the states, and the other end that got it there."""

    def __init__(self, setting: int, state: int) -> None:
        self.now = 0x2340
        self.hosts = []
        for seed in range(2):
            config = TightConfig(
                peer_count=4,
                mtu=576,
                checksum=bool(setting & 1),
                maximum_packet_size=PACKET,
                maximum_waiting_data=BUDGET,
                early_retransmit=not setting & 2,
                half_open_limit=0 if setting & 2 else HALF_OPEN,
                maximum_buffered_data=0 if setting & 2 else 3 * BUDGET // 2,
                peer_command_budget=0 if setting & 2 else 8,
                peer_byte_budget=0 if setting & 2 else 2000,
                maximum_queued_data=0 if setting & 2 else BUDGET,
                maximum_queued_total=0 if setting & 2 else 3 * BUDGET // 2,
                half_open_per_prefix=HALF_OPEN,
                seed=seed,
            )
            self.hosts.append(Lockstep(config))
        self.peers = [PeerHandle(0), PeerHandle(0)]
        self.word = b"\x0f\xff"
        self.reach(state)

    def transmit(self, who: int, loss: int = 0) -> None:
        batch: list[Datagram] = self.hosts[who].call("poll_transmit", self.now, urgent=False)
        for index, (data, target) in enumerate(batch):
            if target != ADDRESSES[1 - who]:
                continue
            if who == THERE:
                self.word = data[:2]
            if not loss >> index % 8 & 1:
                self.hosts[1 - who].call("receive", [Datagram(data, ADDRESSES[who])], self.now)

    def events(self, limit: int) -> None:
        for _ in range(limit):
            event = self.hosts[HERE].call("poll_event")
            if event is None:
                break
            self.peers[HERE] = event.peer

    def connect(self, who: int, data: int) -> None:
        handle = self.hosts[who].call("connect", ADDRESSES[1 - who], 3, data)
        self.peers[who] = PeerHandle(handle)

    def disconnect(self, who: int, mode: DisconnectMode) -> None:
        self.hosts[who].call("disconnect", self.peers[who], 5, mode, self.now)

    def reach(self, state: int) -> None:
        """As in C."""
        if state == NOBODY:
            return
        if state == CONNECTING:
            self.connect(HERE, 0)
            self.transmit(HERE, ALL)
            return
        self.connect(THERE, 7)
        self.transmit(THERE)
        if state == HALF:
            self.transmit(HERE, ALL)
            return
        for _ in range(1 if state == TRIAL else 4):
            self.transmit(HERE)
            self.transmit(THERE)
        self.events(1)
        if state >= TRIAL:
            self.load(state)
            return
        if BUSY <= state <= DISCONNECTING:
            for flags in range(4):
                for who in (HERE, THERE):
                    kind = 8 if flags == 3 else flags
                    self.hosts[who].call("send", self.peers[who], flags % 3, bytes(3000), kind)
        if state == LATER:
            self.disconnect(HERE, DisconnectMode.LATER)
        if state == DISCONNECTING:
            self.disconnect(HERE, DisconnectMode.NORMAL)
        ending = state in (ACKNOWLEDGING, ZOMBIE)
        if ending:
            self.disconnect(THERE, DisconnectMode.NORMAL)
        self.transmit(THERE, 0 if ending else 0x55)
        if state != ACKNOWLEDGING:
            self.transmit(HERE, ALL)

    def load(self, state: int) -> None:
        """As in C."""
        host, peer = self.hosts[HERE], self.peers[HERE]
        if state == UNTAKEN:
            for _ in range(8):
                self.hosts[THERE].call("send", self.peers[THERE], 0, bytes(1500), 1)
            for _ in range(4):
                self.transmit(HERE)
                self.transmit(THERE)
            self.events(8)
            host.call("set_unread", self.peers[HERE], 8, 12_000)
            return
        for number in range({UNACKED: 40, FULL: 12}.get(state, 4)):
            host.call("send", peer, number % 3, bytes(20 if state == UNACKED else 3000), 1)
        self.transmit(HERE, ALL)
        if state == UNACKED:
            self.now += 1000
            host.call("handle_timeout", self.now)

    def inject(self, source: Input) -> None:
        how, length, flags = source.number(1), source.number(1), 0
        self.now += (how >> 1 & 7) * (400 if how & 16 else 1)
        flags, head = source.number(1), b""
        if how & 1:
            head = bytes((self.word[0] & 0x3F | flags & 0xC0, self.word[1]))
            if flags & 0x80:
                head += (self.now & 0xFFFF).to_bytes(2, "big")
        sender = ADDRESSES[STRANGER if how & 32 else THERE]
        host = self.hosts[HERE]
        host.call("receive", [Datagram(head + source.bytes(length), sender)], self.now)
        host.call("handle_timeout", self.now)
        self.transmit(HERE, ALL)
        if how & 64:
            self.events(1)

    def end(self) -> None:
        """Nothing more is heard: the peer is forgotten."""
        host = self.hosts[HERE]
        host.compare()
        self.events(10**9)
        ends = self.now + FORGOTTEN
        for _ in range(1000):
            due = host.call("poll_timeout")
            if due is None or due >= ends:
                break
            self.now = max(due, self.now)
            host.call("handle_timeout", self.now)
            self.transmit(HERE, ALL)
        self.now = ends
        host.call("handle_timeout", self.now)
        self.events(10**9)
        assert host.call("peers") == [], "a silent peer is still there"


def check(data: bytes) -> None:
    """One input.

    Raises:
        AssertionError: the engines did not answer the same, or a silent peer is kept.
    """
    source = Input(data)
    setting, state = source.number(1), source.number(1) % STATES
    meeting = _Meeting(setting, state)
    for _ in range(DATAGRAMS):
        if not source:
            break
        meeting.inject(source)
    meeting.end()


def main() -> None:
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
