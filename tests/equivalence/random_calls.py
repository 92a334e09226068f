"""A program of calls made from one number: what it does, and what happens to its datagrams, all follow from that."""

from __future__ import annotations

from random import Random

from godot_enet.core.protocol.constants import DisconnectMode
from tests.equivalence.choices import (
    CODECS,
    STARTS,
    a_command,
    a_forged_connect,
    a_node,
    a_packet,
    a_stranger,
    an_option,
    flags,
)
from tests.equivalence.lockstep_net import EVERYBODY, Net, Node

__all__ = ["run"]


class _Weather:
    """What one network does to what passes."""

    def __init__(self, random: Random) -> None:
        self.loss = random.choice((0.0, 0.0, 0.1, 0.4))
        self.garbage = random.choice((0.0, 0.0, 0.05, 0.3))
        self.crafted = random.choice((0.0, 0.0, 0.05, 0.5))
        self.forged = random.choice((0.0, 0.0, 0.1, 1.0))
        self.lag = random.choice((1, 20, 150))


def run(seed: int, *, longest: int = 500) -> None:
    """Play the program of this number, or its first ``longest`` steps.

    Raises:
        Divergence: the engines did not answer the same.
    """
    random = Random(seed)
    checksum = random.random() < 0.3
    net = Net(random.choice(STARTS), [a_node(random, index, checksum) for index in range(3)])
    codec = random.choice(CODECS)
    if codec is not None:
        for node in net.nodes:
            node.engines.set_compressor(codec())
    weather = _Weather(random)
    for _ in range(min(longest, random.choice((60, 200, 500)))):
        net.now += random.choice((0, 1, 1, 3, 10, 10, 50, 200, 600, 3000 if random.random() < 0.1 else 1))
        for node in net.nodes:
            _work(net, node, weather, random)
            _use(net, node, random)
        net.compare()


def _work(net: Net, node: Node, weather: _Weather, random: Random) -> None:
    """What a host does between the program's calls."""
    net.timers(node)
    fate = random if random.random() < weather.loss * 2 else None
    net.transmit(node, urgent=random.random() < 0.3, lag=random.randrange(weather.lag), fate=fate)
    if random.random() < weather.garbage:
        net.damage(random)
    if random.random() < weather.crafted:
        _craft(net, node, random)
    if random.random() < weather.forged:
        _forge(net, node, random)
    net.deliver(node, random if random.random() < 0.3 else None)
    net.timers(node)
    net.transmit(node, urgent=random.random() < 0.3, lag=1)
    if random.random() < 0.7:
        net.events(node, 10**9 if random.random() < 0.9 else random.randrange(5))


def _craft(net: Net, node: Node, random: Random) -> None:
    source = random.choice(net.nodes).address
    commands = [a_command(random, net.now) for _ in range(random.choice((1, 1, 2, 5, 40)))]
    net.craft(node, source, commands, timed=random.random() < 0.9, packed=random.random() < 0.5)


def _forge(net: Net, node: Node, random: Random) -> None:
    """Somebody asks for connections from addresses that are his and that are not, and may answer the answers."""
    for _ in range(random.choice((1, 2, 6))):
        source = a_stranger(random)
        if random.random() < 0.5:
            commands = [a_forged_connect(random)] + [a_command(random, net.now)] * (random.random() < 0.1)
            net.craft_stranger(node, source, commands, packed=random.random() < 0.3)
        else:
            commands = [a_command(random, net.now) for _ in range(random.choice((0, 0, 1, 3)))]
            off, lost = random.choice((0, 0, 0, 1, 0x8000)), random.random() < 0.3
            net.prove(node, source, commands, off=off, lost=lost, timed=random.random() < 0.9)


def _use(net: Net, node: Node, random: Random) -> None:
    """What a program does with a host."""
    call = node.engines.call
    if random.random() < 0.12:
        channels = random.choice((-1, 0, 1, 2, 5, 255, 300))
        target = EVERYBODY if random.random() < 0.15 else random.choice(net.nodes).address
        net.connect(node, target, channels, random.getrandbits(32))
    if random.random() < 0.02:
        call("bandwidth_limit", random.choice((0, 40_000)), random.choice((0, 60_000)))
    if random.random() < 0.02:
        call("set_channel_limit", random.choice((-1, 0, 1, 7, 256)))
    if random.random() < 0.02:
        call("refuse_connects", random.random() < 0.3, random.getrandbits(33))
    if random.random() < 0.05:
        call("may_connect", a_stranger(random), random.choice((0, 0, 1, 2, 1000)), net.now)
    if random.random() < 0.05:
        call("broadcast", random.choice((-1, 0, 1, 9, 256)), a_packet(random), flags(random))
    if random.random() < 0.003:
        codec = random.choice(CODECS)
        node.engines.set_compressor(None if codec is None else codec())
    if not node.handles:
        return
    for _ in range(random.choice((0, 1, 3, 10, 40))):
        call("send", random.choice(node.handles[-4:]), _channel(random), a_packet(random), flags(random))
    chance, peer = random.random(), random.choice(node.handles[-4:])
    if chance < 0.03:
        call("disconnect", peer, random.getrandbits(32), random.choice(list(DisconnectMode)), net.now)
    elif chance < 0.09:
        option, values = an_option(random)
        call("configure", peer, option, *values)
    elif chance < 0.12:
        call("ping", peer)
    elif chance < 0.2:
        call("set_unread", peer, *random.choice(((0, 0), (0, 0), (1, 10), (3, 4000), (131_072, 0), (9, 1 << 25))))


def _channel(random: Random) -> int:
    return random.choice((0, 0, 0, 1, 1, 2, 254, -1, 300))
