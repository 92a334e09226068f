"""Fuzzing of both DTLS stages: a server, its clients, and somebody who changes, repeats and forges datagrams.

``python -m tests.fuzz.fuzz_dtls``; arguments go to libFuzzer. See README.md. Keys, cookies and the numbers of OpenSSL
are new each time, so an input says what to do with the datagrams and not what is in them, and one that broke a law may
need a few runs to do so again.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections import Counter, defaultdict, deque
from typing import Any

from godot_enet.core.dtls.client import ClientStage
from godot_enet.core.dtls.handshake_queue import MAX_WAITING
from godot_enet.core.dtls.server import HANDSHAKE_TIME, MAX_PENDING, SWEEP, ServerStage
from godot_enet.core.interface import Address, Datagram
from tests.dtls.certificates import identity, localhost
from tests.dtls.memory_net import SERVER, TRUSTED, End, Net
from tests.fuzz.fuzz_engine import Input

__all__ = ["check", "main"]

CLIENTS = (Address("10.0.0.2", 50000), Address("10.0.0.2", 50001), Address("10.0.0.3", 1), Address("2001:db8::3", 2))
NEWCOMER = Address("10.9.9.9", 9)
LIMITS = (1, 2, 20, 100)
NOTHING, ASKED, HALFWAY, CONNECTED = range(4)
OPERATIONS, STRANGERS, REMEMBERED, PATIENCE, BATCH = 80, 96, 64, 40, 256
HEADER, COOKIE, VERIFY_REQUEST = 13, 32, 3


@functools.cache
def _server(limit: int, *, is_impostor: bool) -> ServerStage:
    return ServerStage((identity() if is_impostor else localhost()).credentials, limit)


@functools.cache
def _client(number: int) -> ClientStage:
    return ClientStage(TRUSTED)


class _Meeting:
    """A server with clients, and a network where datagrams wait until they are told to arrive."""

    def __init__(self, setting: int) -> None:
        self.net = Net()
        self.net.tamper = self.notice
        self.limit = LIMITS[setting & 3]
        self.is_impostor = bool(setting & 16)
        """Whether the server has a certificate that nobody trusts."""
        self.server: End[Any] = End(self.net, SERVER, _server(self.limit, is_impostor=self.is_impostor))
        self.server.stage.gate.refusing = False
        self.waiting: dict[Address, list[Datagram]] = defaultdict(list)
        """By whom they are for."""
        self.seen: deque[bytes] = deque(maxlen=REMEMBERED)
        self.heard: Counter[Address] = Counter()
        """Bytes that reached the server, by where they seem to come from."""
        self.told: Counter[Address] = Counter()
        self.cookies: dict[Address, set[bytes]] = defaultdict(set)
        self.proven: set[Address] = set()
        """Who has told the server a cookie that it sent there."""
        self.sealed: dict[tuple[Address, Address], set[bytes]] = defaultdict(set)
        """Packets that were sent and did not arrive, by from where to where."""
        self.count = 0
        self.strangers = 0
        self.clients = [self.join(number) for number in range(len(CLIENTS))]
        self.reach(setting >> 2 & 3)

    # The network

    def notice(self, source: Address, target: Address, data: bytes) -> list[bytes]:
        """Something is sent: it waits."""
        self.seen.append(data)
        self.waiting[target].append(Datagram(data, source))
        if source == SERVER:
            self.told[target] += len(data)
            assert target in self.proven or self.told[target] <= self.heard[target], "more than came from there"
            if data[0] == 22 and data[HEADER] == VERIFY_REQUEST:
                self.cookies[target].add(data[-COOKIE:])
        return []

    def arrive(self, target: End[Any], source: Address, data: bytes, limit: int = BATCH) -> None:
        """Something reaches one of the ends."""
        if target is self.server:
            self.heard[source] += len(data)
            if any(cookie in data for cookie in self.cookies[source]):
                self.proven.add(source)
        target.port.inbox.append(Datagram(data, source))
        self.take(target, limit)

    def take(self, end: End[Any], limit: int = BATCH) -> None:
        """What comes out was sent, from there to there, and comes out once. Nothing is read before that is taken."""
        ready, arrived = len(end.transport._ready), len(end.port.inbox)
        packets = end.transport.receive(limit, self.net.now)
        assert len(packets) <= limit
        assert ready < limit or len(end.port.inbox) == arrived
        for packet, source in packets:
            assert packet in self.sealed[source, end.port.address], "not authentic, or twice"
            assert not self.is_impostor, "said to somebody who is not trusted"
            self.sealed[source, end.port.address].remove(packet)

    def settle(self) -> None:
        """Everything arrives that is on its way."""
        for _ in range(PATIENCE):
            ends = [end for end in (self.server, *self.clients) if self.waiting[end.port.address] or end.port.inbox]
            if not ends:
                return
            for end in ends:
                for data, source in self.waiting.pop(end.port.address, []):
                    self.arrive(end, source, data)
                self.take(end)
        raise AssertionError("they talk for ever")

    # The ends

    def join(self, number: int) -> End[Any]:
        return End(self.net, (*CLIENTS, NEWCOMER)[number], _client(number))

    def reach(self, state: int) -> None:
        """How far the first client gets in peace."""
        self.is_loyal = state == CONNECTED and not self.is_impostor
        first = self.clients[0]
        if state == NOTHING:
            return
        first.view.add(SERVER)
        self.send(first, SERVER, 20)
        for end in (self.server, first, self.server) if state == HALFWAY else ():
            for data, source in self.waiting.pop(end.port.address, []):
                self.arrive(end, source, data)
        if state == CONNECTED:
            self.settle()
            self.server.view.add(CLIENTS[0])
            self.net.now += SWEEP
            self.take(self.server)

    def send(self, end: End[Any], target: Address, size: int) -> bytes:
        """A packet like no other."""
        self.count += 1
        packet = (b"%d" % self.count).ljust(size, b".")
        self.sealed[end.port.address, target].add(packet)
        end.send(target, packet)
        return packet

    # What happens

    def play(self, source: Input) -> None:
        number = source.number
        choice = number(1)
        operation, who = choice & 15, choice >> 4 & 3
        client = self.clients[who]
        target, sender = (client, SERVER) if choice & 64 else (self.server, CLIENTS[who])
        if operation < 2:
            self.pass_on(target, sender, source if choice & 128 else None)
        elif operation == 2:
            self.settle()
        elif operation == 3:
            index = number(1)
            if index < len(self.seen):
                data = self.seen[-1 - index]
                self.arrive(target, sender, _changed(data, source) if choice & 128 else data)
        elif operation == 4:
            self.arrive(target, sender, source.bytes(number(1)))
        elif operation == 5:
            self.arrive(target, sender, _forged(source))
        elif operation == 6:
            self.arrive(target, sender, _forged(source) + (self.seen[-1] if self.seen else b""))
        elif operation == 7:
            client.view.present or client.view.add(SERVER)
            self.send(client, SERVER, number(2) % 4097)
        elif operation == 8:
            self.send(self.server, CLIENTS[who], number(2) % 4097)
        elif operation == 9:
            self.net.now += number(1) * (40 if choice & 128 else 1)
            for end in (self.server, *self.clients):
                self.take(end)
        elif operation == 10:
            self.server.stage.gate.refusing = bool(choice & 128)
        elif operation == 11:
            self.vanish(number(1) & 31)
        elif operation == 12:
            self.speak_at_once(target, number(1))
        elif who or not self.is_loyal:
            self.leave(operation, who, at_once=bool(choice & 128))

    def leave(self, operation: int, who: int, *, at_once: bool) -> None:
        """Peers that come and go, and clients that begin again."""
        view, address = self.server.view, CLIENTS[who]
        if operation == 13:
            present = [peer for peer, where in view.present.items() if where == address]
            if present:
                del view.present[present[0]]
            else:
                view.add(address)
        elif operation == 14:
            self.clients[who].view.present.clear()
        else:
            if not at_once:
                self.clients[who].transport.close()
            del self.net.ports[address]
            self.clients[who] = self.join(who)

    def pass_on(self, target: End[Any], sender: Address, changes: Input | None) -> None:
        """The next datagram arrives; with ``changes`` not as it was sent."""
        waiting = self.waiting[target.port.address]
        found = next((each for each in waiting if each.address == sender), None)
        if found is not None:
            waiting.remove(found)
            self.arrive(target, sender, found.data if changes is None else _changed(found.data, changes), limit=1)

    def vanish(self, count: int) -> None:
        """So many clients show that they are there, and are not heard of again."""
        for _ in range(min(count, STRANGERS - self.strangers)):
            self.strangers += 1
            end: End[Any] = End(self.net, Address(f"10.1.{self.strangers & 3}.1", self.strangers), _client(1))
            self.send(end, SERVER, 20)
            for each in (self.server, end, self.server):
                for data, source in self.waiting.pop(each.port.address, []):
                    self.arrive(each, source, data)
            self.waiting.pop(end.port.address, None)

    def speak_at_once(self, end: End[Any], count: int) -> None:
        """Who has a session sends many records in one datagram."""
        source, target = (SERVER, CLIENTS[0]) if end is self.server else (end.port.address, SERVER)
        before = len(self.waiting[target])
        for _ in range(count & 15):
            self.send(end, target, 8)
        sent = self.waiting[target][before:]
        if len(sent) > 1:
            self.waiting[target][before:] = [Datagram(b"".join(data for data, _ in sent), source)]

    # The laws

    def inspect(self) -> None:
        """What the stages keep is bounded, and they know when to be called."""
        server = self.server.transport
        pending, bound, waiting = server._pending, server._bound, server._queue
        assert {*pending, *bound, *waiting} <= self.proven, "remembered without a proof"
        assert len(pending) <= MAX_PENDING
        assert len({*pending, *bound}) <= self.limit
        assert len(waiting) <= MAX_WAITING
        assert not server._out
        assert all(not session.out for session in (*pending.values(), *bound.values()))
        for end in (self.server, *self.clients):
            due = end.transport.poll_timeout()
            assert due is None or isinstance(due, int)
            end.transport.failed()
        for client in self.clients:
            session = client.transport._session
            assert session is None or (session.address == SERVER and not session.out)

    def end(self) -> None:
        """Who was connected still is. Then all are gone: nothing of them is left, and somebody new is welcome."""
        server = self.server
        self.settle()
        if self.is_loyal:
            self.talk(self.clients[0])
        server.view.present.clear()
        server.stage.gate.refusing = False
        self.net.now += HANDSHAKE_TIME + SWEEP
        self.take(server)
        assert (server.transport.session_count, len(server.transport._queue)) == (0, 0)
        assert server.transport.poll_timeout() is None
        self.waiting.clear()
        self.clients.append(self.join(len(CLIENTS)))
        self.clients[-1].view.add(SERVER)
        self.talk(self.clients[-1])
        for end in (*self.clients, server):
            end.transport.close()
            assert end.port.closed

    def talk(self, client: End[Any]) -> None:
        """One packet there and one back; none to an impostor."""
        address = client.port.address
        for end, target in ((client, SERVER), (self.server, address)):
            packet = self.send(end, target, 100)
            self.settle()
            is_lost = packet in self.sealed[end.port.address, target]
            assert is_lost == self.is_impostor, "it does not get through"


def _changed(data: bytes, source: Input) -> bytes:
    """A datagram with something wrong."""
    how, at, value = source.number(1), source.number(1), source.number(1)
    where = (at | (how & 0xF0) << 4) % max(len(data), 1)
    kind = how & 7
    if kind == 0:
        return data[:where] + bytes([data[where] ^ value]) + data[where + 1 :] if data else b""
    if kind == 1:
        return data[:where]
    if kind == 2:
        return data + source.bytes(value)
    if kind == 3:
        return data[:where] + source.bytes(value) + data[where + value :]
    if kind == 4:
        return data[:3] + source.bytes(8) + data[11:]
    if kind == 5:
        return data[:11] + source.bytes(2) + data[HEADER:]
    if kind == 6:
        # The first message of a handshake in two pieces, of which one has another length, number or kind.
        head = bytearray(data[:25])
        if len(head) == 25:
            head[HEADER + at % 12] ^= value
        return bytes(head) + data[25:]
    return data + data


def _forged(source: Input) -> bytes:
    """One record, of a length that fits."""
    kind, how, length = source.number(1), source.number(1), source.number(1)
    body = source.bytes(length)
    if how & 1:
        size = length.to_bytes(3, "big")
        body = bytes([how >> 4]) + size + bytes([0, how >> 1 & 7]) + bytes(3) + size + body
    version = b"\xfe\xff" if how & 64 else b"\xfe\xfd"
    number = bytes([0, kind >> 7]) + bytes(5) + bytes([how])
    return bytes([20 + (kind & 3)]) + version + number + len(body).to_bytes(2, "big") + body


def check(data: bytes) -> None:
    """One input: how far a client has come, and what happens then.

    Whatever it is, nothing is raised, packets come out that were sent and once, an address is sent no more than came
    from it until it has proved itself by a cookie, nothing is kept of it before, the tables stay as small as they
    should, an impostor is told nothing, nobody from outside ends a session that stands, and in the end there is room
    for somebody new.
    """
    source = Input(data)
    meeting = _Meeting(source.number(1))
    meeting.inspect()
    for _ in range(OPERATIONS):
        if not source:
            break
        meeting.play(source)
        meeting.inspect()
    meeting.end()


def main() -> None:
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
