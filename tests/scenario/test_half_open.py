"""Connecting where addresses may be forged: what a CONNECT costs, who gets a slot, and who is answered how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.compression import FastLz, RangeCoder, Zlib
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import DisconnectMode, PeerState, PeerStatistic
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, EventType, PeerHandle
from godot_enet.core.protocol.tuning import HALF_OPEN_LIFETIME
from godot_enet.core.rng import KeyedRandom, key_from
from godot_enet.core.sim import LinkConfig, World
from tests.conftest import EngineFactory, EnginePair
from tests.equivalence.lockstep_net import compressed
from tests.rows import each_row
from tests.scenario import raw
from tests.scenario.engine_stage import CLIENT, HOST, RAW, SERVER, Pair, RawPeer, Stage

OTHER = Address("10.0.0.3", 1)
CONNECT_SIZE = len(raw.datagram(raw.connect(), time=0))
LIMIT = 2048


CONNECT = raw.datagram(raw.connect(), peer=raw.UNKNOWN_PEER, time=0)
Forger = Callable[[int], Address]


def mulberry32(state: int, count: int) -> list[int]:
    """The reference's generator (enet: host.c: enet_host_random)."""
    outputs = []
    for _ in range(count):
        state = state + 0x6D2B79F5 & 0xFFFFFFFF
        n = (state ^ state >> 15) * (state | 1) & 0xFFFFFFFF
        n ^= n + (n ^ n >> 7) * (n | 61) & 0xFFFFFFFF
        outputs.append(n ^ n >> 14)
    return outputs


def open_stage(factory: EngineFactory, **config: Any) -> Stage:
    """A host that wants addresses proved."""
    return Stage(factory, **{"half_open_limit": LIMIT, **config})


class Caller:
    """Somebody who asks for a connection, and reads the answers or not."""

    def __init__(self, stage: Stage, address: Address = RAW, connect_id: bytes = b"\x11\x22\x33\x44") -> None:
        self.peer = RawPeer(stage, address, connect_id)
        self.stage = stage
        self.sequence = self.time = 0
        """What the acknowledgement must repeat."""

    def ask(self, **fields: Any) -> list[raw.Reading]:
        """Send a CONNECT; the datagrams that answer it."""
        self.peer.slot, self.peer.session = raw.UNKNOWN_PEER, 0
        readings = [
            raw.read(data) for data in self.peer.exchange(raw.connect(connect_id=self.peer.connect_id, **fields))
        ]
        for reading in readings:
            (verify,) = reading.commands
            assert verify.kind == 3
            assert reading.time is not None
            self.sequence, self.time = verify.number, reading.time
            self.peer.slot, self.peer.session = verify.u16(4), verify.u8(7)
        return readings

    def proof(self, off: int = 0, sequence_off: int = 0) -> bytes:
        """The acknowledgement of the answer, or a wrong one."""
        return raw.acknowledge(raw.CONTROL, self.sequence + sequence_off & 0xFFFF, self.time + off & 0xFFFF)

    def prove(self, *behind: bytes, off: int = 0, sequence_off: int = 0) -> list[bytes]:
        """Acknowledge the answer, and send more in the same datagram."""
        return self.peer.exchange(self.proof(off, sequence_off), *behind)

    def connect(self) -> PeerHandle:
        """Ask and prove; the CONNECT event must be the only one."""
        assert len(self.ask()) == 1
        self.prove()
        (event,) = self.stage.events()
        assert event.type == EventType.CONNECT
        self.peer.handle = event.peer
        return event.peer


class TestAskingIsCheap:
    def test_no_slot_and_no_event_until_the_answer_is_acknowledged(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, peer_count=1)
        caller = Caller(stage)
        (answer,) = caller.ask(data=77)
        assert [command.kind for command in answer.commands] == [3]
        assert (stage.engine.peers(), stage.events()) == ([], [])
        caller.prove()
        (peer,) = stage.engine.peers()
        assert stage.events() == [Event(EventType.CONNECT, peer, 0, 77)]
        assert stage.engine.peer_state(peer) == PeerState.CONNECTED
        assert stage.engine.peer_info(peer).address == RAW

    def test_the_answer_is_sent_once(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        assert stage.engine.poll_timeout() is None
        stage.wait(60_000)
        assert caller.peer.take() == []
        assert stage.events() == []

    def test_each_copy_is_answered_once_and_alike(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        answers = [caller.ask() for _ in range(5)]
        assert answers == [answers[0]] * 5
        assert len(answers[0]) == 1
        caller.prove()
        assert len(stage.engine.peers()) == 1

    def test_a_copy_that_comes_after_the_proof_opens_nothing(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        peer = caller.connect()
        caller.peer.take()
        assert caller.ask() == []
        assert stage.engine.drops[Drop.CONNECT_REPEATED] == 1
        assert stage.engine.peers() == [peer]

    def test_a_new_attempt_from_the_same_address_is_another_connection(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        first = Caller(stage)
        first.ask()
        first.peer.connect_id = b"\x55\x66\x77\x88"
        first.ask()
        first.prove()
        assert len(stage.engine.peers()) == 1

    def test_round_trip_is_from_the_last_answer(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        stage.wait(500)
        caller.ask()
        stage.wait(70)
        caller.prove()
        (peer,) = stage.engine.peers()
        assert stage.engine.peer_statistic(peer, PeerStatistic.ROUND_TRIP_TIME) == 70

    def test_copies_of_the_proof_tell_no_time(self, engine_factory: EngineFactory) -> None:
        """They repeat a random number where others have the time; whoever is far away sends several."""
        stage = open_stage(engine_factory)
        callers = [Caller(stage, Address(f"10.0.9.{number}", 1)) for number in range(20)]
        for caller in callers:
            caller.ask()
            stage.wait(40)
            caller.prove()
            caller.prove()
            caller.prove(raw.ping(2))
        for peer in stage.engine.peers():
            assert stage.engine.peer_statistic(peer, PeerStatistic.ROUND_TRIP_TIME) == 40

    def test_commands_behind_the_proof_count(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        answers = caller.prove(raw.reliable(0, 1, b"hello"), raw.ping(2))
        assert [event.packet for event in stage.events()] == [b"", b"hello"]
        acknowledged = [(command.kind, command.number) for data in answers for command in raw.read(data).commands]
        assert acknowledged[:2] == [(1, 1), (1, 2)]


class TestProof:
    @pytest.mark.parametrize("off", [1, -1, 0x8000])
    @pytest.mark.parametrize("sequence_off", [0, 1, -1, 0x8000])
    def test_a_wrong_one_proves_nothing(self, engine_factory: EngineFactory, off: int, sequence_off: int) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        caller.prove(off=off, sequence_off=sequence_off)
        caller.prove(sequence_off=off)
        assert (stage.engine.peers(), stage.events()) == ([], [])
        assert stage.engine.drops[Drop.BAD_HANDSHAKE_TOKEN] == 2
        caller.prove()
        assert len(stage.engine.peers()) == 1

    def test_no_number_of_wrong_ones_hurts_the_right_one(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        for off in range(1, 2000):
            caller.peer.post(caller.proof(off, 7 * off))
        stage.settle()
        assert stage.engine.drops[Drop.BAD_HANDSHAKE_TOKEN] == 1999
        assert stage.engine.peers() == []
        caller.prove()
        assert len(stage.engine.peers()) == 1

    def test_wrong_ones_are_not_answered_by_more_than_they_have(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        for off in range(1, 100):
            for answer in caller.prove(off=off):
                assert len(answer) <= 2 + 8
        assert stage.engine.peers() == []

    def test_one_datagram_is_one_guess(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        (probe,) = caller.peer.exchange(*(caller.proof(off) for off in range(400, -1, -1)))
        assert [command.kind for command in raw.read(probe).commands] == [5]
        assert stage.engine.peers() == []
        assert stage.engine.drops[Drop.BAD_HANDSHAKE_TOKEN] == 1

    def test_a_proof_behind_another_command_is_none(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        caller.peer.exchange(raw.ping(2), caller.proof())
        assert stage.engine.peers() == []
        assert stage.engine.drops[Drop.BAD_HANDSHAKE_TOKEN] == 0

    def test_all_its_bits_differ_from_one_attempt_to_the_next(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        proofs, numbers, sessions = set(), set(), Counter[int]()
        for number in range(400):
            caller = Caller(stage, Address("10.0.7.1", 1 + number))
            caller.ask()
            proofs.add(caller.sequence << 16 | caller.time)
            numbers.add(caller.peer.slot)
            sessions[caller.peer.session] += 1
        assert len(proofs) == 400
        for bit in range(32):
            assert 130 < sum(proof >> bit & 1 for proof in proofs) < 270
        assert len(numbers) > 350
        assert min(sessions[session] for session in range(4)) > 60

    def test_ones_own_proofs_tell_nothing_of_others(self, engine_factory: EngineFactory) -> None:
        """The reference's generator would: two of its outputs leave few of its 2**32 states.

        Whatever an attacker computes from its own answers, it knows nothing that the key does not decide: hosts that
        gave it the same connection numbers, proofs and sessions would differ in the next one. So the outputs must be
        those of the keyed hash, and hosts with other keys must have no output in common.
        """
        answers = []
        for seed in range(1, 6):
            stage = open_stage(engine_factory, seed=seed)
            proofs = []
            for number in range(20):
                caller = Caller(stage, Address("10.0.7.1", 1 + number))
                caller.ask()
                proofs.append(caller.sequence << 16 | caller.time)
            random = KeyedRandom(key_from(seed))
            drawn = [random.next() for _ in range(2 * len(proofs))]
            assert proofs == drawn[::2]
            answers += proofs
        assert len(set(answers)) == len(answers)

    def test_mulberry32_does_not_foretell_them(self, engine_factory: EngineFactory) -> None:
        """The attack on the reference's generator: four proofs of one's own give its state, and that the next one."""
        stage = open_stage(engine_factory, seed=0x1234)
        own = [Caller(stage, Address("10.0.7.1", 1 + number)) for number in range(4)]
        for caller in own:
            caller.ask()
        victim = Caller(stage, OTHER)
        victim.ask()
        times = [caller.time for caller in own]
        for state in range(1 << 14):  # the seed is one of these
            *outputs, following = mulberry32(state, 5)
            if [output & 0xFFFF for output in outputs] == times:
                for sequence in (1, following >> 16):
                    victim.peer.exchange(raw.acknowledge(raw.CONTROL, sequence, following & 0xFFFF))
        assert stage.engine.peers() == []

    def test_from_another_address_it_is_none(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller, thief = Caller(stage), Caller(stage, OTHER)
        caller.ask()
        thief.sequence, thief.time = caller.sequence, caller.time
        thief.peer.slot, thief.peer.session = caller.peer.slot, caller.peer.session
        assert thief.prove() == []
        assert stage.engine.drops[Drop.WRONG_ADDRESS] == 1
        assert stage.engine.peers() == []

    def test_in_another_session_it_is_none(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        caller.peer.session ^= 1
        caller.prove()
        assert stage.engine.drops[Drop.WRONG_SESSION] == 1
        assert stage.engine.peers() == []

    def test_the_proof_may_be_in_a_datagram_without_time(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        caller.peer.post(caller.proof(), time=None)
        stage.settle()
        assert len(stage.engine.peers()) == 1


class TestLostAcknowledgement:
    def test_whatever_comes_instead_is_answered_by_a_ping(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        (probe,) = caller.peer.exchange(raw.reliable(0, 1, b"early"))
        reading = raw.read(probe)
        assert ([(command.kind, command.number) for command in reading.commands], reading.time) == (
            [(5, caller.sequence)],
            caller.time,
        )
        assert stage.events() == []
        caller.prove()
        caller.peer.post(raw.reliable(0, 1, b"early"))
        assert [event.packet for event in stage.events()] == [b"", b"early"]

    def test_between_real_hosts(self, engine_pair: EnginePair) -> None:
        """The client is up after its first answer; the server follows when the client's next ping comes through."""
        pair = Pair(engine_pair, LinkConfig(delay=20), exactly=False)
        pair.client.engine.connect(SERVER, 2, 5)
        pair.world.run_until(lambda: bool(pair.client.events))
        pair.world.partition(CLIENT, SERVER)
        pair.world.run_for(5)
        pair.world.heal()
        assert pair.server.engine.peers() == []
        pair.world.run_until(lambda: bool(pair.server.events), 5_000)
        (accepted,) = pair.server.events
        assert accepted.event == Event(EventType.CONNECT, accepted.event.peer, 0, 5)
        pair.client.engine.send(pair.client.events[0].event.peer, 1, b"up", 1)
        pair.server.engine.send(accepted.event.peer, 1, b"down", 1)
        pair.world.run_for(500)
        assert (pair.packets(pair.server), pair.packets(pair.client)) == ([b"up"], [b"down"])

    @each_row("seed", range(12))
    def test_on_a_bad_road_everybody_arrives_once(self, engine_pair: EnginePair, seed: int) -> None:
        road = LinkConfig(delay=30, jitter=60, reorder=0.5, loss=0.3, duplicate=0.1)
        pair = Pair(engine_pair, road, seed, exactly=False)
        pair.connect(data=9)
        pair.client.engine.send(pair.to_server, 0, b"up", 1)
        pair.server.engine.send(pair.to_client, 0, b"down", 1)
        pair.world.run_until(lambda: bool(pair.packets(pair.server) and pair.packets(pair.client)))
        assert (pair.packets(pair.server), pair.packets(pair.client)) == ([b"up"], [b"down"])
        assert len(pair.server.engine.peers()) == 1

    def test_a_clean_handshake_takes_no_longer(self, engine_pair: EnginePair) -> None:
        moments = []
        for exactly in (True, False):
            pair = Pair(engine_pair, LinkConfig(delay=25), exactly=exactly)
            pair.client.engine.connect(SERVER, 2, 0)
            pair.world.run_until(lambda pair=pair: bool(pair.client.events and pair.server.events))  # type: ignore[misc]
            moments.append([host.events[0].time for host in (pair.client, pair.server)])
        assert moments[0] == moments[1]


class TestLimits:
    def flood(self, stage: Stage, hosts: list[str]) -> list[Caller]:
        callers = [Caller(stage, Address(host, 1 + number)) for number, host in enumerate(hosts)]
        for caller in callers:
            caller.ask()
        return callers

    def proves(self, callers: list[Caller]) -> list[bool]:
        """Whose records are still there."""
        results = []
        for caller in callers:
            before = len(caller.stage.engine.peers())
            caller.prove()
            results.append(len(caller.stage.engine.peers()) > before)
        return results

    def test_in_all_the_oldest_goes(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, half_open_limit=3)
        callers = self.flood(stage, [f"10.{number}.0.1" for number in range(5)])
        assert stage.engine.drops[Drop.HALF_OPEN_LIMIT] == 2
        assert self.proves(callers) == [False, False, True, True, True]

    @pytest.mark.parametrize("network", ["192.0.2.{}", "2001:db8:7:{}::1"])
    def test_in_one_network_its_own_oldest_goes(self, engine_factory: EngineFactory, network: str) -> None:
        stage = open_stage(engine_factory, half_open_per_prefix=2)
        (neighbour,) = self.flood(stage, ["10.0.0.9"])
        callers = self.flood(stage, [network.format(number) for number in range(1, 6)])
        assert stage.engine.drops[Drop.HALF_OPEN_LIMIT] == 3
        assert self.proves([neighbour, *callers]) == [True, False, False, False, True, True]

    def test_other_networks_are_other_networks(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, half_open_per_prefix=1)
        callers = self.flood(stage, ["192.0.2.1", "192.0.3.1", "2001:db8:7::1", "2001:db8:8::1"])
        assert self.proves(callers) == [True] * 4

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
    def test_this_machine_has_no_limit_of_its_own(self, engine_factory: EngineFactory, host: str) -> None:
        stage = open_stage(engine_factory, half_open_per_prefix=1)
        assert self.proves(self.flood(stage, [host] * 6)) == [True] * 6

    def test_records_expire(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, half_open_limit=1)
        (first,) = self.flood(stage, ["10.1.0.1"])
        stage.wait(HALF_OPEN_LIFETIME)
        (second,) = self.flood(stage, ["10.2.0.1"])
        assert stage.engine.drops[Drop.HALF_OPEN_LIMIT] == 0
        assert self.proves([second]) == [True]
        first.prove()
        assert len(stage.engine.peers()) == 1

    def test_after_its_life_a_repeated_connect_begins_anew(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        caller = Caller(stage)
        caller.ask()
        stage.wait(HALF_OPEN_LIFETIME)
        before = caller.sequence, caller.time
        assert len(caller.ask()) == 1
        assert (caller.sequence, caller.time) != before
        caller.prove()
        assert len(stage.engine.peers()) == 1

    def test_more_records_than_there_are_numbers(self, engine_factory: EngineFactory) -> None:
        """A number is unique for its address only, and records take no slots."""
        stage = open_stage(engine_factory, half_open_limit=10_000, half_open_per_prefix=0, peer_count=2)
        joined = Caller(stage, OTHER)
        joined.connect()
        first = Caller(stage, Address("10.99.0.1", 7))
        first.ask()
        for number in range(9_000):
            source = Address(f"10.{number >> 8}.{number & 255}.1", 1)
            stage.engine.receive([Datagram(CONNECT, source)], stage.now)
        assert stage.engine.drops[Drop.HALF_OPEN_LIMIT] == 0
        stage.engine.poll_transmit(stage.now)
        first.prove()
        assert [peer & 0xFFF for peer in stage.engine.peers()] == [0, 1]
        assert stage.engine.peer_state(joined.peer.handle) == PeerState.CONNECTED

    def test_an_address_that_uses_up_its_numbers_loses_its_own_oldest(self, engine_factory: EngineFactory) -> None:
        """With exactly the address and port of a client somebody may ask as often as there are numbers."""
        stage = open_stage(engine_factory, half_open_limit=30_000, half_open_per_prefix=0)
        neighbour = Caller(stage, Address(RAW.host, RAW.port + 1))
        neighbour.ask()
        caller = Caller(stage)
        for attempt in range(4500):
            connect_id = attempt.to_bytes(4, "little")
            data = raw.datagram(raw.connect(connect_id=connect_id), peer=raw.UNKNOWN_PEER, time=0)
            stage.engine.receive([Datagram(data, RAW)], stage.now + attempt // 20)
        assert stage.engine.drops[Drop.HALF_OPEN_LIMIT] >= 4500 - 4095
        stage.engine.poll_transmit(stage.now)
        stage.wait(300)  # else the next one is as old as the first of these, and as likely to go
        caller.peer.take()
        caller.ask()
        for attempt in range(800):  # 200 ms of 4,000 a second
            connect_id = (5000 + attempt).to_bytes(4, "little")
            data = raw.datagram(raw.connect(connect_id=connect_id), peer=raw.UNKNOWN_PEER, time=0)
            stage.engine.receive([Datagram(data, RAW)], stage.now)
        stage.engine.poll_transmit(stage.now)
        caller.prove()
        neighbour.prove()
        assert len(stage.engine.peers()) == 2

    @pytest.mark.parametrize(
        ("rate", "forged"),
        [
            (25_000, lambda number: Address(f"{11 + number % 89}.{number >> 8 & 255}.{number & 255}.1", 1)),
            (4_000, lambda number: Address(f"10.0.0.{number % 256}", 1024 + number % 60_000)),
        ],
        ids=["from everywhere", "from its own network"],
    )
    def test_a_client_200_ms_away_gets_in(self, engine_factory: EngineFactory, rate: int, forged: Forger) -> None:
        """The flood fills the table, and goes on between answer and proof; all in a sixteenth of the true size."""
        default = HostConfig()
        limits = {"half_open_limit": default.half_open_limit, "half_open_per_prefix": default.half_open_per_prefix}
        stage = open_stage(engine_factory, **{name: limit // 16 for name, limit in limits.items()})
        numbers = iter(range(10**9))

        def flood(seconds: float) -> None:
            batch = [Datagram(CONNECT, forged(next(numbers))) for _ in range(int(rate / 16 * seconds))]
            stage.engine.receive(batch, stage.now)
            stage.engine.poll_transmit(stage.now)

        flood(0.1 + (limits["half_open_limit"] if rate == 25_000 else limits["half_open_per_prefix"]) / rate)
        assert stage.engine.drops[Drop.HALF_OPEN_LIMIT] > 0
        caller = Caller(stage, Address("10.0.0.77", 77))
        assert len(caller.ask()) == 1
        for _ in range(20):  # the round trip, and 0.8 s for a client that seldom looks at its network
            stage.wait(50)
            flood(0.05)
        caller.prove()
        (peer,) = stage.engine.peers()
        assert stage.engine.peer_info(peer).address == Address("10.0.0.77", 77)


class TestRoom:
    def test_the_last_slot_is_for_the_first_who_proves(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, peer_count=1)
        first, second = Caller(stage), Caller(stage, OTHER)
        first.ask()
        second.ask()
        second.prove()
        (peer,) = stage.engine.peers()
        assert stage.engine.peer_info(peer).address == OTHER
        (answer,) = first.prove()
        (disconnect,) = raw.read(answer).commands
        assert (disconnect.kind, disconnect.acknowledged) == (4, False)
        assert stage.engine.peers() == [peer]
        assert stage.engine.drops[Drop.CONNECT_REFUSED] == 1

    def test_whoever_comes_too_late_is_told_at_once(self, engine_pair: EnginePair) -> None:
        world = World(start=10_000, link=LinkConfig(delay=20))
        server = world.add_host(engine_pair.server(HostConfig(peer_count=1)), SERVER)
        hosts = [Address(CLIENT.host, port) for port in (1, 2)]
        clients = [world.add_host(engine_pair.client(HostConfig()), address) for address in hosts]
        for client in clients:
            client.engine.connect(SERVER, 1, 0)
        world.run_for(200)
        assert len(server.engine.peers()) == 1
        kinds = [[event.type for _, event in client.events] for client in clients]
        assert kinds == [[EventType.CONNECT], [EventType.CONNECT, EventType.DISCONNECT]]

    def test_peers_of_one_address_are_limited_when_they_prove(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, duplicate_peers=1)
        callers = [Caller(stage, Address(RAW.host, port)) for port in (1, 2)]
        for caller in callers:
            caller.ask()
        for caller in callers:
            caller.prove()
        assert len(stage.engine.peers()) == 1

    def test_a_host_that_connects_out_meanwhile(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, peer_count=2)
        caller = Caller(stage)
        caller.ask()
        out = stage.engine.connect(OTHER, 1, 0)
        caller.prove()
        assert len(stage.engine.peers()) == 2
        assert stage.engine.peer_info(out).address == OTHER

    def test_connecting_out_may_take_the_last_slot(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, peer_count=1)
        caller = Caller(stage)
        caller.ask()
        out = stage.engine.connect(OTHER, 1, 0)
        caller.prove()
        assert stage.engine.peers() == [out]
        stage.engine.disconnect(out, 0, DisconnectMode.RESET, stage.now)
        caller.peer.connect_id = b"next"
        caller.connect()

    def test_a_host_can_connect_to_itself(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        stage.engine.connect(HOST, 1, 42)
        assert sorted(event.data for event in stage.events()) == [0, 42]

    def test_half_open_connections_take_no_slots(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, peer_count=2)
        for number in range(100):
            Caller(stage, Address(f"10.9.{number}.1", 1)).ask()
        caller = Caller(stage)
        peer = caller.connect()
        assert (peer & 0xFFF, stage.engine.peers()) == (0, [peer])
        caller.peer.send(1, b"down")
        commands = [command for command in caller.peer.commands() if command.kind == 6]
        assert [command.data for command in commands] == [b"down"]
        caller.peer.post(raw.reliable(0, 1, b"up"))
        assert [event.packet for event in stage.events()] == [b"up"]
        stage.engine.broadcast(0, b"all", 1)
        assert [command.data for command in caller.peer.commands() if command.kind == 6][-1:] == [b"all"]
        caller.peer.disconnect(mode=DisconnectMode.NOW)
        assert stage.engine.peers() == []

    @pytest.mark.parametrize("offered", [0, 1, 2, 3])
    def test_neither_session_is_the_one_that_the_remote_used_last(
        self, engine_factory: EngineFactory, offered: int
    ) -> None:
        stage = open_stage(engine_factory)
        seen: set[tuple[int, int]] = set()
        for number in range(60):
            caller = Caller(stage, Address(RAW.host, 1 + number))
            (answer,) = caller.ask(sessions=(offered, offered))
            (verify,) = answer.commands
            seen.add((verify.u8(6), verify.u8(7)))
        others = {0, 1, 2, 3} - {offered}
        assert seen == {(one, other) for one in others for other in others}

    def test_one_address_never_has_one_number_twice(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory, peer_count=400)
        caller = Caller(stage)
        numbers = []
        for attempt in range(300):
            caller.peer.connect_id = attempt.to_bytes(4, "big")
            caller.connect()
            numbers.append(caller.peer.slot)
            caller.peer.take()
        out = stage.engine.connect(RAW, 1, 0)
        (connect,) = [command for command in caller.peer.commands() if command.kind == 2]
        numbers.append(connect.u16(4))
        assert len(set(numbers)) == 301
        assert len(stage.engine.peers()) == 301
        assert out in stage.engine.peers()


class TestConnectRate:
    def test_only_proved_addresses_count(self, engine_factory: EngineFactory) -> None:
        stage = open_stage(engine_factory)
        assert stage.engine.may_connect(RAW, 2, stage.now)
        for number in range(50):
            Caller(stage, Address(f"10.0.0.{100 + number}", 1)).ask()
        assert stage.engine.may_connect(RAW, 2, stage.now)
        for number in (1, 2):
            Caller(stage, Address(RAW.host, number)).connect()
        assert not stage.engine.may_connect(RAW, 2, stage.now)
        assert stage.engine.may_connect(Address("10.0.1.1", 1), 2, stage.now)
        assert stage.engine.may_connect(RAW, 3, stage.now)
        assert stage.engine.may_connect(RAW, 0, stage.now)

    @pytest.mark.parametrize("network", ["10.0.7.{}", "2001:db8:7:{}::1", "127.0.0.{}"])
    def test_who_is_over_it_gets_in_later(self, engine_factory: EngineFactory, network: str) -> None:
        stage = open_stage(engine_factory, start=20_000)
        assert stage.engine.may_connect(Address(network.format(1), 1), 1, stage.now)
        callers = [Caller(stage, Address(network.format(1 + number), 1)) for number in range(3)]
        for caller in callers:
            caller.ask()
        joined = []
        for _ in callers:
            for caller in callers:
                for data in caller.peer.exchange(raw.ping(2)):
                    if [command.kind for command in raw.read(data).commands] == [5]:
                        caller.prove()
            joined.append(len(stage.engine.peers()))
            stage.wait(1000)
        assert joined == [1, 2, 3]

    def test_between_real_hosts(self, engine_pair: EnginePair) -> None:
        """Neither side loses anything: what was sent meanwhile arrives."""
        world = World(start=10_000, link=LinkConfig(delay=20))
        server = world.add_host(engine_pair.server(HostConfig(seed=1)), SERVER)
        assert server.engine.may_connect(CLIENT, 1, world.now)
        clients = [
            world.add_host(engine_pair.client(HostConfig(seed=2 + n)), Address(CLIENT.host, n)) for n in range(4)
        ]
        for client in clients:
            client.engine.connect(SERVER, 1, 0)
        world.run_until(lambda: all(client.events for client in clients))
        for number, client in enumerate(clients):
            client.engine.send(client.events[0].event.peer, 0, bytes([number]), 1)
        world.run_for(900)
        assert len(server.engine.peers()) == 1
        world.run_for(5_000)
        packets = [event.packet for _, event in server.events if event.type is EventType.RECEIVE]
        assert sorted(packets) == [b"\0", b"\1", b"\2", b"\3"]
        moments = [time for time, event in server.events if event.type is EventType.CONNECT]
        assert len({time // 1000 for time in moments}) == 4


FORGED_HOSTS = ("10.5.0.1", "10.5.0.2", "10.6.0.1", "2001:db8::1")
STEP = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["connect", "connect", "connect", "guess", "commands", "noise"]),
        "host": st.sampled_from(FORGED_HOSTS),
        "slot": st.integers(0, 3),
        "session": st.integers(0, 3),
        "connect_id": st.sampled_from([bytes(4), b"\0\0\0\1", b"abcd"]),
        "fields": st.fixed_dictionaries(
            {},
            optional={
                "mtu": st.sampled_from([0, 576, 4096, 0xFFFFFFFF]),
                "window": st.sampled_from([0, 65536, 0xFFFFFFFF]),
                "channels": st.sampled_from([1, 2, 255]),
                "throttle": st.sampled_from([(0, 0, 0), (5000, 2, 2), (0xFFFFFFFF, 0, 1)]),
                "peer": st.sampled_from([0, 1, 4094]),
                "sessions": st.sampled_from([(0, 0), (0xFF, 0xFF), (3, 1)]),
                "command": st.sampled_from([0x82, 0x02]),
            },
        ),
        "more": st.lists(st.sampled_from([raw.ping(1), raw.reliable(0, 1, b"x" * 40), raw.disconnect(1)]), max_size=2),
        "noise": st.binary(max_size=60),
        "packed": st.booleans(),
        "wait": st.sampled_from([0, 0, 1, 500, 20_000]),
    }
)


@pytest.mark.parametrize("codec", [None, RangeCoder, FastLz, Zlib], ids=lambda codec: codec and codec.__name__)
@given(
    steps=st.lists(STEP, max_size=25),
    config=st.fixed_dictionaries(
        {},
        optional={
            "half_open_limit": st.sampled_from([1, 2, 2048]),
            "half_open_per_prefix": st.sampled_from([0, 1, 256]),
            "incoming_bandwidth": st.sampled_from([123_457, 0x7F3E2D1C]),
            "outgoing_bandwidth": st.sampled_from([987_654, 0x1D2E3F4A]),
            "seed": st.integers(1, 0xFFFFFFFF),
        },
    ),
)
def test_nobody_is_sent_more_than_came_from_his_address(
    engine_factory: EngineFactory, codec: type | None, steps: list[dict[str, Any]], config: dict[str, Any]
) -> None:
    """In bytes on the wire, at every moment, whatever somebody sends who does not read the answers."""
    engine = engine_factory(HostConfig(**config))
    engine.set_compressor(codec() if codec else None)
    now = 10_000
    balance: Counter[Address] = Counter()
    for step in steps:
        now += step["wait"]
        source = Address(step["host"], 7)
        if step["kind"] == "connect":
            connect = raw.connect(connect_id=step["connect_id"], **step["fields"])
            data = raw.datagram(connect, *step["more"], peer=raw.UNKNOWN_PEER, time=now)
        elif step["kind"] == "noise":
            data = step["noise"]
        else:
            commands = list(step["more"])
            if step["kind"] == "guess":
                commands.insert(0, raw.acknowledge(raw.CONTROL, 1, 0x5555))
            data = raw.datagram(*commands, peer=step["slot"], session=step["session"], time=now)
        if codec is not None and step["packed"] and step["kind"] != "noise" and len(data) > 4:
            data = compressed(data, 4, codec())
        balance[source] += len(data)
        engine.receive([Datagram(data, source)], now)
        engine.handle_timeout(now)
        for answer in engine.poll_transmit(now):
            balance[answer.address] -= len(answer.data)
        assert min(balance.values()) >= 0
        assert engine.poll_event() is None
