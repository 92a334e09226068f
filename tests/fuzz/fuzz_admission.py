"""Fuzzing of the stage that asks about connect requests, with an engine behind it that nobody may reach unasked.

``python -m tests.fuzz.fuzz_admission``; arguments go to libFuzzer. See README.md.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from zlib import crc32

from godot_enet.core.compression import FastLz, RangeCoder
from godot_enet.core.engine.connect_rate import ConnectRate
from godot_enet.core.engine.engine import PythonEngine
from godot_enet.core.engine.half_open import prefix_of
from godot_enet.core.interface import Address, Compressor, Datagram
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import HEADER_COMPRESSED, HEADER_SENT_TIME, MAXIMUM_PEER_ID
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import PeerHandle
from godot_enet.core.transports.admission import Admission, AdmissionTransport, Verdict
from tests.fuzz.fuzz_engine import Input

__all__ = ["check", "main"]

HOSTS = ("10.0.0.1", "10.0.0.77", "127.0.0.1", "2001:db8:7::1")
CODECS: tuple[type[Compressor] | None, ...] = (None, RangeCoder, FastLz, None)
LIMITS = (0, 1, 3, 0)
VERDICTS: tuple[object, ...] = (Verdict.ACCEPT, Verdict.DENY, Verdict.IGNORE, ValueError, 0, 1, True, None)
"""What the hook does; an error is raised."""
ACCEPTS, DENIES, FAILS = (0, 4), (1, 5), (3, 6, 7)
LONGEST, DATAGRAMS, REFUSAL = 4200, 512, 10
WELL_FORMED = {Drop.CONNECT_REFUSED}
"""What an engine may still have against a request."""


class _Ends:
    """The transport in front of the stage, the host around it, and the program with its hook."""

    def __init__(self) -> None:
        self.arriving: list[Datagram] = []
        self.sent: list[Datagram] = []
        self.notes = 0
        self.complaints = 0
        """How often it was noted that the hook fails; the host limits the lines."""
        self.verdicts: dict[int, int] = {}
        """What the hook will say, by port: each datagram of a batch comes from another one."""
        self.asked: dict[int, int] = {}
        self.rate = ConnectRate()

    def receive(self, limit: int, now: int) -> list[Datagram]:
        return self.arriving[:limit]

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        self.sent += (made := list(batch))
        return sum(len(data) for data, _ in made)

    def decide(self, address: Address, data: int) -> Verdict:
        assert address.port not in self.asked, "asked twice"
        self.asked[address.port] = data
        verdict = VERDICTS[self.verdicts[address.port]]
        if verdict is ValueError:
            raise ValueError(data)
        return verdict  # type: ignore[return-value]

    def poll_timeout(self) -> int | None:
        return None

    def failed(self) -> bool:
        return False

    def fileno(self) -> int:
        return -1

    def local_address(self) -> Address | None:
        return None

    def close(self) -> None:
        pass

    def peers(self) -> dict[PeerHandle, Address]:
        return {}

    def has_peer(self, peer: PeerHandle) -> bool:
        return False

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """As if everybody proved its address at once."""
        self.rate.limit = per_second
        has_room = self.rate.has_room(address, now)
        if has_room:
            self.rate.count(address)
        return has_room

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        if error is None:
            self.notes += 1
        else:
            self.complaints += 1


class _Gate:
    """The stage, what is behind it, and what has passed so far."""

    def __init__(self, setting: int) -> None:
        codec = CODECS[setting >> 1 & 3]
        self.checksum = bool(setting & 1)
        self.compressor = None if codec is None else codec()
        self.limit = LIMITS[setting >> 3 & 3]
        self.asks = not setting & 32
        self.ends = _Ends()
        rules = Admission(self.ends.decide if self.asks else None, self.limit, self.compressor, self.checksum)
        self.stage = AdmissionTransport(self.ends, self.ends, rules)
        self.engine = self.behind()
        self.now = 5000
        self.taken: Counter[tuple[str | bytes | None, int]] = Counter()
        """Requests taken, by network and second."""
        self.failures = 0
        """How often the hook has failed."""

    def behind(self) -> PythonEngine:
        engine = PythonEngine(HostConfig(peer_count=2000, checksum=self.checksum, half_open_limit=100, seed=1))
        engine.set_compressor(self.compressor)
        return engine

    def frame(self, flags: int, payload: bytes) -> bytes:
        """A datagram of a stranger around these commands."""
        word = MAXIMUM_PEER_ID | (flags << 8 & 0xF000)
        head, body = word.to_bytes(2, "big"), payload
        if word & HEADER_SENT_TIME:
            head += self.now.to_bytes(2, "big")
        if self.checksum:
            head += crc32(payload, crc32(head + bytes(4)) ^ flags & 1).to_bytes(4, "big")
        if word & HEADER_COMPRESSED and self.compressor is not None:
            body = self.compressor.compress(payload, 2 * len(payload) + 64) or b""
        return head + body

    def play(self, batch: list[Datagram]) -> None:
        """Let these arrive at once."""
        ends = self.ends
        ends.asked, ends.sent, ends.arriving, ends.notes = {}, [], batch, 0
        passed = self.stage.receive(len(batch), self.now)
        behind = iter(batch)
        assert all(any(each is other for other in behind) for each in passed), "changed, or out of order"
        ports = {address.port for _, address in passed}
        refused = iter(ends.sent)
        over = 0
        for datagram in batch:
            over += self.judge(datagram, datagram.address.port in ports, refused)
        assert next(refused, None) is None, "sent without a reason"
        assert ends.notes == over
        for datagram in passed:
            self.deliver(datagram)

    def judge(self, datagram: Datagram, is_passed: bool, refused: Iterator[Datagram]) -> bool:
        """Whether what became of one datagram follows from what the hook said; whether it was over the limit."""
        data, address = datagram
        key = prefix_of(address), self.now // 1000
        if address.port not in self.ends.asked:
            if not is_passed:
                assert self.limit, "lost without a word of the hook"
                assert self.taken[key] == self.limit or not self.asks
            return not is_passed
        self.taken[key] += 1
        assert not self.limit or self.taken[key] <= self.limit
        verdict = self.ends.verdicts[address.port]
        assert is_passed == (verdict in ACCEPTS)
        refusal = REFUSAL + 4 * self.checksum
        if verdict in DENIES and refusal <= len(data):
            answer, target = next(refused)
            assert target is address
            assert len(answer) == refusal
        elif verdict in FAILS:
            self.failures += 1
        engine = self.behind()
        engine.receive([datagram], self.now)
        assert {cause for cause, times in engine.drops.items() if times} <= WELL_FORMED, "no request"
        return False

    def deliver(self, datagram: Datagram) -> None:
        """What has passed reaches the engine; whom it answers has been asked about, or counted."""
        address = datagram.address
        self.engine.receive([datagram], self.now)
        if self.engine.poll_transmit(self.now):
            assert address.port in self.ends.asked or not self.asks, "round the hook"
            if not self.asks:
                key = prefix_of(address), self.now // 1000
                self.taken[key] += 1
                assert not self.limit or self.taken[key] <= self.limit


def check(data: bytes) -> None:
    """One input: the rules, and datagrams in batches, each with what the hook says of it.

    Whatever they are, nothing is raised, what passes is what came, in order, the hook is asked about requests alone,
    once each and no more often than the limit allows, a refusal is not longer than what it refuses, nobody gets to the
    engine without having been asked about, and each failure of the hook is noted, for the host to log.
    """
    source = Input(data)
    gate, batch = _Gate(source.number(1)), list[Datagram]()
    for port in range(DATAGRAMS):
        if not source:
            break
        how = source.number(1)
        gate.ends.verdicts[port] = how & 7
        host = HOSTS[how >> 3 & 3]
        flags = source.number(1) if how & 32 else None
        payload = source.bytes(source.number(2) % LONGEST if how & 64 else min(source.number(1), 64))
        batch.append(Datagram(payload if flags is None else gate.frame(flags, payload), Address(host, port)))
        if how & 128:
            gate.now += source.number(1) * 20
            gate.play(batch)
            batch = []
    gate.play(batch)
    assert gate.ends.complaints == gate.failures


def main() -> None:
    logging.disable()  # the hook fails often
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
