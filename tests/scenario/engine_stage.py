"""Stages for scenarios: an engine facing hand-driven peers, or two engines facing each other, on virtual time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from godot_enet.core.interface import Address, Datagram, PeerInfo
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import Command, DisconnectMode, PeerOption, PeerState, PeerStatistic
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle
from godot_enet.core.sim import LinkConfig, SimHost, World
from tests.conftest import EngineFactory, EnginePair
from tests.scenario import raw
from tests.tight import TightConfig

START = 0x2340
"""The clock at the start: over 500, so that the first ping of a fresh connection is due, as with any real clock."""
HOST = Address("10.0.0.1", 5000)
RAW = Address("10.0.0.2", 6000)
CLIENT = Address("10.0.1.1", 7000)
SERVER = Address("10.0.1.2", 8000)
NEVER = 10**9
"""Milliseconds beyond any test."""


EXACT: dict[str, Any] = {
    "early_retransmit": False,
    "half_open_limit": 0,
    "maximum_buffered_data": 0,
    "maximum_queued_data": 0,
    "maximum_queued_total": 0,
    "peer_command_budget": 0,
    "peer_byte_budget": 0,
}
"""ENet's own timing, to the millisecond, its own handshake, and none of our budgets."""


def exact(config: HostConfig) -> HostConfig:
    """The config with ENet's own timing and handshake."""
    return replace(config, **EXACT)


def _seeded(config: HostConfig, seed: int) -> HostConfig:
    """The config with a seed, so that a run can be repeated."""
    return config if config.seed else replace(config, seed=seed + 1)


def ended(reason: DisconnectReason, peer: PeerHandle, data: int = 0) -> Event:
    """A DISCONNECT event."""
    return Event(EventType.DISCONNECT, peer, data=data, reason=reason)


def timed_out(peer: PeerHandle, command: Command) -> Event:
    """The DISCONNECT event of a peer that did not acknowledge a command in time."""
    return Event(EventType.DISCONNECT, peer, reason=DisconnectReason.TIMEOUT, command=command)


class Stage:
    """One engine at ``HOST``; links take no time, so whatever is answered at all is answered in the same moment.

    It keeps ENet's own timing and handshake, unless the config says otherwise.
    """

    def __init__(self, factory: EngineFactory, start: int = START, **config: Any) -> None:
        self.config = TightConfig(**{"seed": 1, **EXACT, **config})
        self.world = World(start=start)
        self.host = self.world.add_host(factory(self.config), HOST)
        self.engine = self.host.engine

    @property
    def now(self) -> int:
        return self.world.now

    def settle(self) -> None:
        """Let everything happen that is due now."""
        self.world.run_until(self.now)

    def wait(self, duration: int) -> None:
        """Let time pass."""
        self.world.run_for(duration)

    def events(self) -> list[Event]:
        """The events since the last call."""
        self.settle()
        taken = [timed.event for timed in self.host.events]
        self.host.events.clear()
        return taken

    def packets(self) -> list[bytes]:
        """The payloads of the RECEIVE events since the last call; any other event fails the test."""
        events = self.events()
        assert all(event.type == EventType.RECEIVE for event in events), events
        return [event.packet for event in events]

    def raw(self, address: Address = RAW, **fields: Any) -> RawPeer:
        """A new hand-driven peer."""
        return RawPeer(self, address, **fields)

    def joined(self, address: Address = RAW, *, sample: int = 100, **fields: Any) -> RawPeer:
        """A hand-driven peer that has connected to the engine, with nothing left to read and no event left to take."""
        peer = self.raw(address)
        peer.join(sample=sample, **fields)
        self.host.events.clear()
        return peer


class RawPeer:
    """A peer of the engine whose datagrams the test writes."""

    def __init__(self, stage: Stage, address: Address, connect_id: bytes = b"\x11\x22\x33\x44") -> None:
        self.stage = stage
        self.mailbox = stage.world.add_mailbox(address)
        self.connect_id = connect_id
        self.slot = raw.UNKNOWN_PEER
        """The engine's slot for us: what our headers name."""
        self.session = 0
        self.handle = PeerHandle(0)
        """The engine's handle for us, once connected."""

    # Sending and reading

    def post(self, *commands: bytes, time: int | None = -1, session: int | None = None) -> None:
        """Send one datagram, stamped with our clock unless ``time`` says otherwise (None: no sent time)."""
        key = None
        if self.stage.config.checksum:
            key = bytes(4) if self.slot == raw.UNKNOWN_PEER else self.connect_id
        data = raw.datagram(
            *commands,
            peer=self.slot,
            session=self.session if session is None else session,
            time=self.stage.now if time == -1 else time,
            key=key,
        )
        self.mailbox.send(HOST, data)

    def take(self) -> list[bytes]:
        """What the engine sent us since the last call."""
        self.stage.settle()
        return self.mailbox.take()

    def exchange(self, *commands: bytes, time: int | None = -1, session: int | None = None) -> list[bytes]:
        """Send one datagram and return what the engine answers in the same moment."""
        self.post(*commands, time=time, session=session)
        return self.take()

    def commands(self) -> list[raw.Command]:
        """The commands the engine sent us since the last call, of all datagrams."""
        checksum = self.stage.config.checksum
        return [command for data in self.take() for command in raw.read(data, checksum=checksum).commands]

    def answer(self, sample: int | None = None) -> list[raw.Command]:
        """Acknowledge whatever the engine sent us that asks for it; return all commands read.

        With ``sample`` so many ms after it was sent, if that is not over.
        """
        seen: list[raw.Command] = []
        answers: list[bytes] = []
        last = 0
        for data in self.take():
            reading = raw.read(data, checksum=self.stage.config.checksum)
            seen.extend(reading.commands)
            for command in reading.commands:
                if command.acknowledged:
                    assert reading.time is not None
                    last = reading.time
                    answers.append(raw.acknowledge(command.channel, command.number, reading.time))
        if answers:
            self.stage.wait(max(0, (sample or 0) - (self.stage.now - last & 0xFFFF)))
            self.post(*answers, time=None)
        return seen

    def acknowledge(self, channel: int, number: int, sample: int) -> None:
        """Acknowledge a command as sent ``sample`` ms ago."""
        self.post(raw.acknowledge(channel, number, self.stage.now - sample), time=None)
        self.stage.settle()

    def sample(self, duration: int) -> None:
        """Let the engine see a round trip that takes so long."""
        engine, now = self.stage.engine, self.stage.now
        self.take()
        engine.ping(self.handle)
        (ping,) = engine.poll_transmit(now - duration)
        reading = raw.read(ping.data, checksum=self.stage.config.checksum)
        self.post(raw.acknowledge(raw.CONTROL, reading.commands[-1].number, now - duration), time=None)
        self.stage.settle()

    # Connecting

    def connect(self, **fields: Any) -> raw.Command | None:
        """Send CONNECT; the VERIFY_CONNECT it is answered with, which tells slot and session, or None."""
        self.post(raw.connect(connect_id=self.connect_id, **fields))
        answers = [command for command in self.commands() if command.kind == 3]
        if not answers:
            return None
        self._meet(answers[0])
        self.verify_time = self.stage.now
        return answers[0]

    def _meet(self, verify: raw.Command) -> None:
        self.slot = verify.u16(4)
        self.session = verify.u8(7)
        self.own_session = verify.u8(6)

    def join(self, *, sample: int = 100, **fields: Any) -> PeerHandle:
        """Connect to the engine, its first round-trip sample being ``sample`` ms."""
        stage = self.stage
        stage.settle()
        before = set(stage.engine.peers())
        # The request was made ``sample`` ms ago, so that the test begins when it is answered.
        key = bytes(4) if stage.config.checksum else None
        asked = raw.datagram(
            raw.connect(connect_id=self.connect_id, **fields), peer=raw.UNKNOWN_PEER, time=stage.now, key=key
        )
        stage.engine.receive([Datagram(asked, self.mailbox.address)], stage.now - sample)
        (answer,) = stage.engine.poll_transmit(stage.now - sample)
        reading = raw.read(answer.data, checksum=stage.config.checksum)
        (verify,) = reading.commands
        assert reading.time is not None
        self._meet(verify)
        (self.handle,) = set(stage.engine.peers()) - before
        proof = raw.acknowledge(raw.CONTROL, verify.number, reading.time)
        key = self.connect_id if stage.config.checksum else None
        proof = raw.datagram(proof, peer=self.slot, session=self.session, key=key)
        stage.engine.receive([Datagram(proof, self.mailbox.address)], stage.now)
        stage.settle()
        assert self.state == PeerState.CONNECTED
        self.mailbox.take()
        return self.handle

    def accept(self, *, slot: int = 0, sample: int = 100, channels: int = 2, **fields: Any) -> list[bytes]:
        """Let the engine connect to us and be answered; what it sends right after that.

        ``slot`` is what we call the engine in turn; our session ids are 0.
        """
        self.handle = self.stage.engine.connect(self.mailbox.address, channels, 0)
        (asked,) = self.commands()
        assert asked.kind == 2
        self.connect_id = asked.raw[40:44]
        self.slot = asked.u16(4)
        return self.exchange(raw.verify(peer=slot, connect_id=self.connect_id, channels=channels, **fields))

    def hush(self, sample: int = 100) -> None:
        """Stop the engine's pings, and wait out the BANDWIDTH_LIMIT that follows a connection a second later.

        It is acknowledged ``sample`` ms later; afterwards nothing is in flight and nothing will be sent unasked.
        """
        self.stage.engine.configure(self.handle, PeerOption.PING_INTERVAL, NEVER)
        self.stage.wait(1000)
        assert [command.kind for command in self.answer(sample)] == [10]
        self.stage.settle()

    # The engine's view of us

    @property
    def state(self) -> PeerState:
        return self.stage.engine.peer_state(self.handle)

    @property
    def info(self) -> PeerInfo:
        return self.stage.engine.peer_info(self.handle)

    def statistic(self, which: PeerStatistic) -> int:
        return self.stage.engine.peer_statistic(self.handle, which)

    def send(self, channel: int, packet: bytes, flags: int = 1) -> None:
        """Let the engine send us a packet."""
        self.stage.engine.send(self.handle, channel, packet, flags)

    def disconnect(self, data: int = 0, mode: DisconnectMode = DisconnectMode.NORMAL) -> None:
        """Let the engine disconnect us."""
        self.stage.engine.disconnect(self.handle, data, mode, self.stage.now)


class Pair:
    """Two engines, a client and a server, and the link between them."""

    def __init__(
        self,
        factories: EnginePair,
        link: LinkConfig | None = None,
        seed: int = 0,
        *,
        client: HostConfig | None = None,
        server: HostConfig | None = None,
        capture: bool = True,
        exactly: bool = True,
    ) -> None:
        """``exactly``: with ENet's own timing and handshake, whatever the configs say."""
        client, server = (_seeded(config or HostConfig(), seed) for config in (client, server))
        if exactly:
            client, server = exact(client), exact(server)
        self.world = World(seed=seed, start=START, link=link, capture=capture)
        self.client = self.world.add_host(factories.client(client), CLIENT)
        self.server = self.world.add_host(factories.server(server), SERVER)
        self.to_server = PeerHandle(0)
        """The client's handle for the server."""
        self.to_client = PeerHandle(0)
        """The server's handle for the client, once it is connected."""

    def connect(self, channels: int = 2, data: int = 0, limit: int = 60_000) -> None:
        """Connect the client to the server and take both CONNECT events."""
        self.to_server = self.client.engine.connect(SERVER, channels, data)
        self.world.run_until(lambda: bool(self.client.events and self.server.events), limit)
        client, server = self.client.events.pop().event, self.server.events.pop().event
        assert client == Event(EventType.CONNECT, self.to_server)
        assert server == Event(EventType.CONNECT, server.peer, 0, data)
        self.to_client = server.peer

    def packets(self, host: SimHost) -> list[bytes]:
        """The payloads one host has received so far, in order."""
        return [timed.event.packet for timed in host.events_of(EventType.RECEIVE)]
