"""Hypothesis looks for a program of calls that the engines do not answer alike, and makes it as short as it can."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import DisconnectMode, PeerOption
from tests.equivalence.choices import CODECS, STARTS, VALUES, a_command, a_forged_connect, a_stranger
from tests.equivalence.lockstep_net import EVERYBODY, Net, Node
from tests.tight import TightConfig

ADDRESSES = (Address("10.0.0.1", 1000), Address("10.0.0.2", 1001), Address("fe80::3", 1002))
STRANGER = Address("192.0.2.9", 9)
WHO = st.integers(0, len(ADDRESSES) - 1)
CONFIGS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {name: st.sampled_from(list(dict.fromkeys(values))) for name, values in VALUES.items() if name != "checksum"}
)
CHANNELS = st.one_of(st.integers(0, 2), st.sampled_from([-1, 254, 255, 256]))
PACKETS = st.one_of(
    st.binary(max_size=60), st.builds(bytes, st.sampled_from([600, 1364, 1400, 3000, 9000])), st.just(b"")
)
FLAGS = st.sampled_from([0, 1, 2, 3, 8, 9, 10, 11])
U32 = st.one_of(st.integers(0, 40), st.sampled_from([1000, 5000, 60_000, 0xFFFFFFFF]))


class Engines(RuleBasedStateMachine):
    """Three hosts, each of both engines, and everything that a program or a network can do to them."""

    @initialize(
        start=st.sampled_from(STARTS),
        configs=st.lists(CONFIGS, min_size=len(ADDRESSES), max_size=len(ADDRESSES)),
        checksum=st.booleans(),
        codec=st.sampled_from(CODECS),
        connected=st.booleans(),
    )
    def begin(
        self,
        start: int,
        configs: list[dict[str, Any]],
        checksum: bool,
        codec: type | None,
        connected: bool,
    ) -> None:
        made = [TightConfig(checksum=checksum, **config) for config in configs]
        self.net = Net(start, list(zip(made, ADDRESSES, strict=True)))
        for node in self.net.nodes:
            if codec is not None:
                node.engines.set_compressor(codec())
        if connected:
            self.net.connect(self.net.nodes[0], ADDRESSES[1], 3, 7)
            self.net.run(50)
            for node in self.net.nodes:
                self.net.events(node)

    def node(self, who: int) -> Node:
        return self.net.nodes[who]

    # Time and the network

    @rule(duration=st.one_of(st.integers(0, 20), st.sampled_from([100, 500, 1000, 5000, 31_000])))
    def wait(self, duration: int) -> None:
        self.net.now += duration

    @rule(who=WHO)
    def time_out(self, who: int) -> None:
        self.net.timers(self.node(who))

    @rule(who=WHO, urgent=st.booleans(), lag=st.sampled_from([0, 0, 1, 30, 700]))
    def transmit(self, who: int, urgent: bool, lag: int) -> None:
        self.net.transmit(self.node(who), urgent=urgent, lag=lag)

    @rule(who=WHO, random=st.randoms(use_true_random=False))
    def transmit_badly(self, who: int, random: Random) -> None:
        self.net.transmit(self.node(who), lag=100, fate=random)

    @rule(who=WHO)
    def deliver(self, who: int) -> None:
        self.net.deliver(self.node(who))

    @rule(who=WHO, random=st.randoms(use_true_random=False))
    def deliver_in_any_order(self, who: int, random: Random) -> None:
        self.net.deliver(self.node(who), random)

    @rule(duration=st.sampled_from([5, 50, 500]))
    def all_work(self, duration: int) -> None:
        self.net.run(duration, step=max(5, duration // 10))

    @rule()
    def lose_everything(self) -> None:
        self.net.lose_everything()

    @rule(random=st.randoms(use_true_random=False))
    def damage(self, random: Random) -> None:
        self.net.damage(random)

    @rule(who=WHO, source=st.sampled_from([*ADDRESSES, STRANGER]), data=st.binary(max_size=80))
    def noise(self, who: int, source: Address, data: bytes) -> None:
        self.net.inject(self.node(who), source, data)

    @rule(
        who=WHO,
        source=st.sampled_from([*ADDRESSES, STRANGER]),
        count=st.sampled_from([1, 1, 2, 5, 40]),
        timed=st.sampled_from([True, True, True, False]),
        packed=st.booleans(),
        random=st.randoms(use_true_random=False),
    )
    def craft(self, who: int, source: Address, count: int, timed: bool, packed: bool, random: Random) -> None:
        commands = [a_command(random, self.net.now) for _ in range(count)]
        self.net.craft(self.node(who), source, commands, timed=timed, packed=packed)

    @rule(who=WHO, packed=st.booleans(), random=st.randoms(use_true_random=False))
    def forge(self, who: int, packed: bool, random: Random) -> None:
        self.net.craft_stranger(self.node(who), a_stranger(random), [a_forged_connect(random)], packed=packed)
        self.net.transmit(self.node(who))

    @rule(
        who=WHO,
        off=st.sampled_from([0, 0, 1]),
        lost=st.booleans(),
        count=st.sampled_from([0, 1, 5]),
        random=st.randoms(use_true_random=False),
    )
    def prove(self, who: int, off: int, lost: bool, count: int, random: Random) -> None:
        commands = [a_command(random, self.net.now) for _ in range(count)]
        self.net.prove(self.node(who), a_stranger(random), commands, off=off, lost=lost)

    # The program

    @rule(who=WHO, limit=st.sampled_from([1, 3, 1000]))
    def take_events(self, who: int, limit: int) -> None:
        self.net.events(self.node(who), limit)

    @rule(who=WHO, data=st.integers(0, 0xFFFFFFFF))
    def connect_to_anybody(self, who: int, data: int) -> None:
        self.net.connect(self.node(who), EVERYBODY, 3, data)

    @rule(who=WHO, whom=WHO, channels=st.sampled_from([-1, 0, 1, 3, 255, 300]), data=st.integers(0, 0xFFFFFFFF))
    def connect(self, who: int, whom: int, channels: int, data: int) -> None:
        self.net.connect(self.node(who), ADDRESSES[whom], channels, data)

    @precondition(lambda self: any(node.handles for node in self.net.nodes))
    @rule(data=st.data(), channel=CHANNELS, packet=PACKETS, flags=FLAGS, times=st.sampled_from([1, 1, 2, 40]))
    def send(self, data: st.DataObject, channel: int, packet: bytes, flags: int, times: int) -> None:
        node, peer = self.some_peer(data)
        for _ in range(times):
            node.engines.call("send", peer, channel, packet, flags)

    @rule(who=WHO, channel=CHANNELS, packet=PACKETS, flags=FLAGS)
    def broadcast(self, who: int, channel: int, packet: bytes, flags: int) -> None:
        self.node(who).engines.call("broadcast", channel, packet, flags)

    @precondition(lambda self: any(node.handles for node in self.net.nodes))
    @rule(data=st.data(), number=st.integers(0, 0xFFFFFFFF), mode=st.sampled_from(DisconnectMode))
    def disconnect(self, data: st.DataObject, number: int, mode: DisconnectMode) -> None:
        node, peer = self.some_peer(data)
        node.engines.call("disconnect", peer, number, mode, self.net.now)

    @precondition(lambda self: any(node.handles for node in self.net.nodes))
    @rule(data=st.data())
    def ping(self, data: st.DataObject) -> None:
        node, peer = self.some_peer(data)
        node.engines.call("ping", peer)

    @precondition(lambda self: any(node.handles for node in self.net.nodes))
    @rule(data=st.data(), packets=st.sampled_from([0, 1, 40, 131_072]), size=st.sampled_from([0, 100, 5000, 1 << 25]))
    def set_unread(self, data: st.DataObject, packets: int, size: int) -> None:
        node, peer = self.some_peer(data)
        node.engines.call("set_unread", peer, packets, size)

    @precondition(lambda self: any(node.handles for node in self.net.nodes))
    @rule(data=st.data(), option=st.sampled_from(PeerOption), values=st.tuples(U32, U32, U32))
    def configure(self, data: st.DataObject, option: PeerOption, values: tuple[int, int, int]) -> None:
        node, peer = self.some_peer(data)
        count = 1 if option is PeerOption.PING_INTERVAL else 3
        node.engines.call("configure", peer, option, *values[:count])

    @rule(who=WHO, incoming=st.sampled_from([0, 40_000]), outgoing=st.sampled_from([0, 60_000]))
    def bandwidth_limit(self, who: int, incoming: int, outgoing: int) -> None:
        self.node(who).engines.call("bandwidth_limit", incoming, outgoing)

    @rule(who=WHO, limit=st.sampled_from([-1, 0, 1, 7, 255, 256]))
    def channel_limit(self, who: int, limit: int) -> None:
        self.node(who).engines.call("set_channel_limit", limit)

    @rule(who=WHO, refuse=st.booleans(), number=st.sampled_from([0, 7, 1 << 32]))
    def refuse_connects(self, who: int, refuse: bool, number: int) -> None:
        self.node(who).engines.call("refuse_connects", refuse, number)

    @rule(who=WHO, codec=st.sampled_from(CODECS))
    def compress(self, who: int, codec: type | None) -> None:
        self.node(who).engines.set_compressor(None if codec is None else codec())

    @invariant()
    def all_alike(self) -> None:
        self.net.compare()

    def some_peer(self, data: st.DataObject) -> tuple[Node, int]:
        """A node that has seen a connection, and one of those, perhaps over."""
        nodes = [node for node in self.net.nodes if node.handles]
        node = nodes[data.draw(st.integers(0, len(nodes) - 1))]
        return node, data.draw(st.sampled_from(node.handles[-4:]))


Engines.TestCase.settings = settings(settings.default, stateful_step_count=40)
TestEngines = Engines.TestCase
