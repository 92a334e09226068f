"""Hosts in lock-step on a network that loses, repeats, reorders and damages: what a program of calls is run on."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from zlib import crc32

from godot_enet.core.interface import Address, Compressor, Datagram
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import HEADER_COMPRESSED, MAXIMUM_DATAGRAM, Command
from godot_enet.core.protocol.events import Event, EventType, PeerHandle
from tests.equivalence.lockstep import Lockstep
from tests.scenario import raw

__all__ = ["EVERYBODY", "Net", "Node", "compressed"]

EVERYBODY = Address("255.255.255.255", 9)
"""What is sent there arrives at every other node."""


@dataclass(slots=True)
class Node:
    """One host: both engines, where it lives, and the connections it has seen."""

    engines: Lockstep
    address: Address
    handles: list[PeerHandle] = field(default_factory=list)
    """Every handle ever given out, stale ones included."""


@dataclass(slots=True)
class _Flight:
    due: int
    source: Address
    target: Address
    data: bytes


class Net:
    """Some nodes, the time, and what is under way between them."""

    def __init__(self, start: int, configs: list[tuple[HostConfig, Address]]) -> None:
        self.now = start
        self.nodes = [Node(Lockstep(config), address) for config, address in configs]
        self._flights: list[_Flight] = []
        self._words: dict[tuple[Address, Address], bytes] = {}
        """The first two bytes of the last datagram on each way: they name slot and session."""
        self._answers: dict[tuple[Address, Address], bytes] = {}
        """The last answer to a CONNECT on each way."""

    # The network

    def transmit(self, node: Node, *, urgent: bool = False, lag: int = 0, fate: Random | None = None) -> int:
        """One send pass; the datagrams arrive ``lag`` ms later, or as ``fate`` has it. Returns how many there were."""
        batch: list[Datagram] = node.engines.call("poll_transmit", self.now, urgent=urgent)
        for data, target in batch:
            self._words[node.address, target] = data[:2]
            self._remember_answer(node, target, data)
            delays = [lag] if fate is None else [fate.randrange(lag + 1) for _ in range(fate.choice((0, 1, 1, 1, 2)))]
            others = [other.address for other in self.nodes if other is not node]
            for there in others if target == EVERYBODY else [target]:
                self._flights += [_Flight(self.now + delay, node.address, there, data) for delay in delays]
        return len(batch)

    def _remember_answer(self, node: Node, target: Address, data: bytes) -> None:
        header = (4 if data[0] & 0x80 else 2) + 4 * node.engines.config.checksum
        body: bytes | None = data[header:]
        if data[0] & HEADER_COMPRESSED >> 8 and node.engines.compressor is not None and body is not None:
            body = node.engines.compressor.decompress(body, MAXIMUM_DATAGRAM)
        if body and body[0] & 15 == Command.VERIFY_CONNECT:
            self._answers[node.address, target] = data[:4] + body

    def deliver(self, node: Node, shuffle: Random | None = None) -> None:
        """Give a node what has arrived for it, in one batch."""
        due = [flight for flight in self._flights if flight.due <= self.now and flight.target == node.address]
        self._flights = [flight for flight in self._flights if flight.due > self.now or flight.target != node.address]
        if shuffle is not None:
            shuffle.shuffle(due)
        node.engines.call("receive", [Datagram(flight.data, flight.source) for flight in due], self.now)

    def lose_everything(self) -> None:
        """What is under way does not arrive."""
        self._flights.clear()

    def damage(self, random: Random) -> None:
        """A copy of something under way, with bytes changed or cut off."""
        if not self._flights:
            return
        flight = random.choice(self._flights)
        data = bytearray(flight.data)
        for _ in range(random.randrange(1, 4)):
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        if random.random() < 0.2:
            del data[random.randrange(1, len(data) + 1) :]
        self._flights.append(_Flight(self.now, flight.source, flight.target, bytes(data)))

    def inject(self, node: Node, source: Address, data: bytes) -> None:
        """Any bytes, from anybody, at once."""
        node.engines.call("receive", [Datagram(data, source)], self.now)

    def craft(self, node: Node, source: Address, commands: list[bytes], *, timed: bool, packed: bool) -> None:
        """A datagram with these commands as the remote at ``source`` could send it: right slot, session and checksum.

        Without such a remote it is one of a stranger, who can only connect.
        """
        word = self._words.get((source, node.address), b"\x0f\xff")
        peer, session = int.from_bytes(word, "big") & 0xFFF, word[0] >> 4 & 3
        key = None
        if node.engines.config.checksum:
            known = [h for h in node.engines.call("peers") if node.engines.call("peer_info", h).address == source]
            key = self._key(node, known[-1]) if known else bytes(4)
        time = self.now if timed else None
        data = raw.datagram(*commands, peer=peer, session=session, time=time, key=key)
        if packed and node.engines.compressor is not None:
            data = compressed(data, 2 + 2 * timed, node.engines.compressor, checksum=key is not None, key=key or b"")
        self.inject(node, source, data)

    def craft_stranger(self, node: Node, source: Address, commands: list[bytes], *, packed: bool) -> None:
        """A datagram with these commands from somebody without a connection."""
        key = bytes(4) if node.engines.config.checksum else None
        data = raw.datagram(*commands, peer=raw.UNKNOWN_PEER, time=self.now, key=key)
        if packed and node.engines.compressor is not None:
            data = compressed(data, 4, node.engines.compressor, checksum=key is not None, key=key or b"")
        self.inject(node, source, data)

    def prove(
        self,
        node: Node,
        source: Address,
        commands: list[bytes],
        *,
        off: int = 0,
        lost: bool = False,
        timed: bool = True,
    ) -> bool:
        """Answer the last VERIFY_CONNECT that went to ``source``, and send more behind that.

        ``off`` falsifies what the acknowledgement repeats; ``lost`` leaves it out. False where there was none.
        """
        answer = self._answers.get((node.address, source))
        if answer is None:
            return False
        nonce, sequence, slot = (int.from_bytes(answer[at : at + 2], "big") for at in (2, 6, 8))
        proof = [] if lost else [raw.acknowledge(raw.CONTROL, sequence, nonce + off & 0xFFFF)]
        key = answer[44:48] if node.engines.config.checksum else None
        time = self.now if timed else None
        self.inject(
            node, source, raw.datagram(*proof, *commands, peer=slot, session=answer[11] & 3, time=time, key=key)
        )
        return True

    @staticmethod
    def _key(node: Node, handle: PeerHandle) -> bytes:
        connect_id: int = node.engines.call("peer_info", handle).connect_id
        return connect_id.to_bytes(4, "little")

    # The hosts

    def timers(self, node: Node) -> None:
        """What is due."""
        node.engines.call("handle_timeout", self.now)

    def connect(self, node: Node, target: Address, channels: int, data: int) -> None:
        """Begin to connect; a refusal is an answer like any other."""
        handle = node.engines.call("connect", target, channels, data, any_source=target == EVERYBODY)
        if isinstance(handle, int):
            node.handles.append(PeerHandle(handle))

    def events(self, node: Node, limit: int = 10**9) -> list[Event]:
        """At most ``limit`` events; peers that connected are remembered."""
        taken: list[Event] = []
        while len(taken) < limit:
            event = node.engines.call("poll_event")
            if event is None:
                break
            taken.append(event)
            if event.type is EventType.CONNECT and event.peer not in node.handles:
                node.handles.append(event.peer)
        return taken

    def run(self, duration: int, step: int = 5) -> None:
        """Let all of them work in turns for so many milliseconds, without loss."""
        for _ in range(0, duration, step):
            self.now += step
            for node in self.nodes:
                self.deliver(node)
                self.timers(node)
                self.transmit(node)

    def compare(self) -> None:
        """Everything that can be looked at, on every node."""
        for node in self.nodes:
            node.engines.compare()


def compressed(data: bytes, header: int, compressor: Compressor, *, checksum: bool = False, key: bytes = b"") -> bytes:
    """The same datagram with its commands compressed, and with the flag and the checksum that go with that."""
    body = data[header + 4 * checksum :]
    packed = compressor.compress(body, 2 * len(body) + 64)
    if packed is None:
        return data
    head = bytes((data[0] | HEADER_COMPRESSED >> 8,)) + data[1:header]
    return head + (crc32(head + key + body).to_bytes(4, "big") if checksum else b"") + packed
