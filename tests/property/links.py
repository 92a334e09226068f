"""Two engines exchanging numbered packets over a link that a seed chooses, and the laws that hold on any link."""

from __future__ import annotations

from random import Random

from godot_enet import available_engines
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import HOST_DEFAULT_MAXIMUM_WAITING_DATA, DisconnectMode, PacketFlag, PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import EventType, PeerHandle
from godot_enet.core.sim import LinkConfig, SimHost, World
from tests.conftest import ENGINES, EnginePair
from tests.scenario.engine_stage import CLIENT, SERVER, START, exact
from tests.tight import TightConfig

CHANNELS = 2
ROUNDS = 15
"""How often each side sends one packet of each kind on each channel."""
LONGEST = 6000
"""Bytes of the largest packet."""
GONE = 120_000
"""Milliseconds after which nobody still waits for anybody."""
HOSTILE = {Drop.SHORT, Drop.OVERSIZED, Drop.NO_COMPRESSOR, Drop.UNDECODABLE, Drop.MALFORMED, Drop.WRONG_CHANNEL} | {
    Drop.PACKET_TOO_LARGE,
    Drop.WRONG_ADDRESS,
    Drop.BAD_HANDSHAKE_TOKEN,
    Drop.HALF_OPEN_LIMIT,
}
"""What no honest end causes, whatever the link does."""
KINDS = (PacketFlag.RELIABLE, PacketFlag(0), PacketFlag.UNSEQUENCED, PacketFlag.UNRELIABLE_FRAGMENT)


def random_link(random: Random) -> LinkConfig:
    """A link between perfect and hopeless."""
    harsh = random.random() < 0.3
    return LinkConfig(
        loss=random.uniform(0.2, 0.7) if harsh else random.choice((0.0, 0.02, 0.1, 0.2)),
        burst=random.choice((0.0, 0.0, 0.01, 0.05)),
        burst_length=random.uniform(1, 12),
        delay=random.choice((0, 1, 20, 80, 300)),
        jitter=random.choice((0, 5, 50, 200)),
        reorder=random.choice((0.0, 0.3, 1.0)),
        duplicate=random.choice((0.0, 0.05, 0.5)),
        rate=random.choice((0, 0, 0, 20_000)),
    )


class Speaker:
    """One side of the conversation: what it sent, and what it heard."""

    def __init__(self, host: SimHost, config: HostConfig) -> None:
        self.host = host
        self.config = config
        self.asked = False
        """Whether it is the one that connected."""
        self.silent = False
        """Whether it left in the way of which it is not told."""
        self.peer: PeerHandle | None = None
        self.sent: list[tuple[int, PacketFlag, bytes]] = []
        """Channel, how it must arrive, and the packet, which begins with its place in this list."""

    def connected(self) -> bool:
        if self.peer is None:
            self.peer = next((timed.event.peer for timed in self.host.events_of(EventType.CONNECT)), None)
        return self.peer is not None and self.host.engine.peer_state(self.peer) == PeerState.CONNECTED

    def speak(self, random: Random) -> None:
        """Send one packet of each kind on each channel, of random sizes."""
        assert self.peer is not None
        for channel in range(CHANNELS):
            for flags in KINDS:
                size = random.randint(1400, LONGEST) if random.random() < 0.03 else random.choice((4, 4, 4, 30, 400))
                packet = len(self.sent).to_bytes(4, "big").ljust(size, b".")
                self.host.engine.send(self.peer, channel, packet, flags)
                self.sent.append((channel, arrives_as(flags, size), packet))

    def check_limits(self) -> None:
        """What is held stays within the limits of the config."""
        for handle in self.host.engine.peers():
            info = self.host.engine.peer_info(handle)
            assert 0 <= info.waiting_data <= self.config.maximum_waiting_data + LONGEST, "too much is waiting"
            assert 0 <= info.reliable_data_in_transit <= info.window_size + LONGEST, "too much is in flight"

    def check_counters(self) -> None:
        """Every drop is reported once, and none is an accusation: the other end is honest."""
        drops = self.host.engine.drops
        reported = dict.fromkeys(drops, 0)
        for report in self.host.engine.poll_drops():
            reported[report.cause] += report.times
        assert reported == dict(drops), "counters and reports differ"
        assert not [cause for cause in HOSTILE if drops[cause]], "an honest end was accused"

    def check_end(self) -> None:
        """Nobody is left, and whoever came has gone, once."""
        assert self.host.engine.peers() == [], "somebody is still there"
        came = [timed.event.peer for timed in self.host.events_of(EventType.CONNECT)]
        went = [timed.event.peer for timed in self.host.events_of(EventType.DISCONNECT)]
        assert len(came) <= 1, "a connection came about twice"
        expected = 0 if self.silent else 1 if self.asked else len(came)
        assert len(went) == expected, "not every end was told, once"

    def is_quiet(self) -> bool:
        """Whether nothing is left to do: everything was acknowledged, or the connection is gone."""
        if self.peer is None or not self.connected():
            return True
        info = self.host.engine.peer_info(self.peer)
        return info.reliable_data_in_transit == 0 and info.packets_queued == 0


def arrives_as(flags: PacketFlag, size: int) -> PacketFlag:
    """The flags of the RECEIVE event: what does not fit a datagram goes reliably unless it may be fragmented."""
    if size > 1390:
        return flags if flags == PacketFlag.UNRELIABLE_FRAGMENT else PacketFlag.RELIABLE
    return PacketFlag(0) if flags == PacketFlag.UNRELIABLE_FRAGMENT else flags


def check_laws(speaker: Speaker, listener: Speaker, complete: bool) -> None:
    """What one side heard, against what the other sent."""
    kinds = [timed.event.type for timed in listener.host.events]
    assert EventType.DISCONNECT not in kinds[:-1], "something came after the DISCONNECT"
    heard: list[int] = []
    for timed in listener.host.events_of(EventType.RECEIVE):
        event = timed.event
        place = int.from_bytes(event.packet[:4], "big")
        assert (event.channel, event.flags, event.packet) == speaker.sent[place], "a packet changed on its way"
        heard.append(place)
    assert len(set(heard)) == len(heard), "a packet was repeated"
    for channel in range(CHANNELS):
        ordered = [
            place
            for place in heard
            if speaker.sent[place][0] == channel and speaker.sent[place][1] != PacketFlag.UNSEQUENCED
        ]
        assert ordered == sorted(ordered), "packets were swapped"
        reliable = [place for place in ordered if speaker.sent[place][1] == PacketFlag.RELIABLE]
        should = [
            place
            for place, (sent_channel, flags, _) in enumerate(speaker.sent)
            if sent_channel == channel and flags == PacketFlag.RELIABLE
        ]
        assert reliable == should[: len(reliable)], "a reliable packet was left out"
        assert not complete or reliable == should, "reliable packets did not arrive"


def converse(
    engines: EnginePair,
    links: tuple[LinkConfig, LinkConfig],
    random: Random,
    rounds: int,
    seed: int,
    *,
    modern: bool = True,
) -> bool:
    """Let both sides speak over the links there and back, and one end it; whether the connection lived until then.

    Args:
        modern: whether both hosts resend early and keep half-open connections apart, as hosts do unless they are told
            to do exactly what ENet does.

    Raises:
        AssertionError: a law was broken.
    """
    world = World(seed=seed, start=START, capture=False)
    world.set_link(CLIENT, SERVER, links[0])
    world.set_link(SERVER, CLIENT, links[1])
    waiting = random.choice((HOST_DEFAULT_MAXIMUM_WAITING_DATA, 4 * LONGEST))
    config: HostConfig = TightConfig(seed=seed, checksum=random.random() < 0.5, maximum_waiting_data=waiting)
    config = config if modern else exact(config)
    one = Speaker(world.add_host(engines.client(config), CLIENT), config)
    two = Speaker(world.add_host(engines.server(config), SERVER), config)
    one.host.engine.connect(SERVER, CHANNELS, 0)
    one.asked = True
    try:
        world.run_until(lambda: one.connected() and two.connected(), limit=40_000)
    except TimeoutError:
        end(world, one, two)
        return False
    pause = random.choice((0, 1, 16, 100))
    for _ in range(rounds):
        for speaker in (one, two):
            if speaker.connected():
                speaker.speak(random)
        world.run_for(pause)
        one.check_limits()
        two.check_limits()
    world.run_until(lambda: one.is_quiet() and two.is_quiet())
    alive = one.connected() and two.connected()
    check_laws(one, two, complete=alive)
    check_laws(two, one, complete=alive)
    leaver = random.choice((one, two))
    if leaver.connected():
        assert leaver.peer is not None
        mode = random.choice((DisconnectMode.NORMAL, DisconnectMode.LATER, DisconnectMode.NOW))
        leaver.host.engine.disconnect(leaver.peer, 5, mode, world.now)
        leaver.silent = mode is DisconnectMode.NOW
    end(world, one, two)
    check_laws(one, two, complete=alive)
    check_laws(two, one, complete=alive)
    return alive


def end(world: World, one: Speaker, two: Speaker) -> None:
    """Let time pass until nobody waits any more; both ends must be of one mind then."""
    world.run_for(GONE)
    for speaker in (one, two):
        speaker.check_end()
        speaker.check_counters()


def run_seed(seed: int) -> bool:
    """One conversation that follows from the seed alone: links, engines, settings, packets and pauses."""
    random = Random(seed)
    engines = [make for name, make in ENGINES.items() if name in available_engines()]
    pairs = [EnginePair(client, server) for client in engines for server in engines]
    links = (random_link(random), random_link(random))
    modern = seed // len(pairs) % 2 == 0
    return converse(pairs[seed % len(pairs)], links, random, ROUNDS, seed, modern=modern)


def play(seed: int) -> bool:
    """Run one seed; a failure names the line that repeats it.

    Raises:
        AssertionError: a law was broken, or something was raised that should not have been.
    """
    try:
        return run_seed(seed)
    except Exception as error:
        line = f"python -m tests.property --seeds {seed} {seed + 1}"
        text = str(error).partition("\n")[0]
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {text}; to reproduce: {line}") from error
