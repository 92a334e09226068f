"""The virtual world: who gets what when, and that a run cannot hang."""

from __future__ import annotations

import pytest

from godot_enet.core.interface import Address, Engine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.events import EventType
from godot_enet.core.sim import Capture, LinkConfig, World
from tests.conftest import EngineFactory

A, B, C = Address("10.0.0.1", 1), Address("10.0.0.2", 2), Address("fd00::3", 3)


class TestMailboxes:
    def test_datagrams_arrive_with_their_source_and_time(self) -> None:
        world = World(start=100, link=LinkConfig(delay=7))
        one, other = world.add_mailbox(A), world.add_mailbox(B)
        one.send(B, b"first", b"second")
        world.run_for(6)
        assert other.received == []
        world.run_for(1)
        assert other.received == [(107, A, b"first"), (107, A, b"second")]
        assert other.take() == [b"first", b"second"]
        assert other.take() == []

    def test_every_datagram_is_captured_even_a_lost_one(self) -> None:
        world = World(link=LinkConfig(loss=1.0))
        world.add_mailbox(A).send(B, b"lost")
        assert world.captures == [Capture(0, A, B, b"lost")]

    def test_captures_can_be_left_out(self) -> None:
        world = World(capture=False)
        world.add_mailbox(A).send(B, b"x")
        assert world.captures == []

    def test_an_address_nobody_holds_swallows_everything(self) -> None:
        world = World()
        world.add_mailbox(A).send(C, b"x")
        world.run_for(10)
        assert world.next_time() is None

    def test_an_address_is_held_once(self, engine_factory: EngineFactory) -> None:
        world = World()
        world.add_mailbox(A)
        with pytest.raises(ValueError, match=r"10\.0\.0\.1:1 is taken"):
            world.add_host(engine_factory(HostConfig()), A)

    def test_the_source_may_be_forged(self) -> None:
        world = World()
        victim = world.add_mailbox(A)
        world.post(C, A, b"x")
        world.run_for(0)
        assert victim.received == [(0, C, b"x")]


class TestLinks:
    def test_each_direction_has_its_own(self) -> None:
        world = World(link=LinkConfig(delay=5))
        one, other = world.add_mailbox(A), world.add_mailbox(B)
        world.set_link(A, B, LinkConfig(delay=50))
        one.send(B, b"there")
        other.send(A, b"back")
        world.run_for(100)
        assert [arrival.time for arrival in other.received] == [50]
        assert [arrival.time for arrival in one.received] == [5]

    def test_randomness_depends_on_seed_and_addresses_only(self) -> None:
        def fates(seed: int, bystander: bool) -> list[bytes]:
            world = World(seed=seed, link=LinkConfig(loss=0.5))
            one, other = world.add_mailbox(A), world.add_mailbox(B)
            if bystander:
                world.add_mailbox(C).send(B, *[b"noise"] * 50)
            one.send(B, *(b"%d" % number for number in range(50)))
            world.run_for(0)
            return [data for data in other.take() if data != b"noise"]

        assert fates(1, bystander=False) == fates(1, bystander=True)
        assert fates(1, bystander=False) != fates(2, bystander=False)

    def test_partition_loses_both_directions_until_healed(self) -> None:
        world = World(link=LinkConfig(delay=5))
        one, other = world.add_mailbox(A), world.add_mailbox(B)
        one.send(B, b"on its way")
        world.partition(A, B)
        one.send(B, b"lost")
        other.send(A, b"lost")
        world.run_for(10)
        world.heal()
        one.send(B, b"through")
        world.run_for(10)
        assert other.take() == [b"on its way", b"through"]
        assert one.take() == []


class TestRunning:
    def test_time_jumps_from_one_happening_to_the_next(self, engine_factory: EngineFactory) -> None:
        world = World(start=1000)
        host = world.add_host(engine_factory(HostConfig()), A)
        host.engine.connect(B, 1, 0)
        moments = []
        while world.step():
            moments.append(world.now)
        assert sorted(set(moments)) == [1000, 1500, 2500, 4500, 8500, 16500, 32500]
        assert [(timed.time, timed.event.type) for timed in host.events] == [(32500, EventType.DISCONNECT)]

    def test_runs_to_a_moment_exactly(self, engine_factory: EngineFactory) -> None:
        world = World(start=1000)
        world.add_host(engine_factory(HostConfig()), A).engine.connect(B, 1, 0)
        world.run_until(2500)
        assert world.now == 2500
        assert [capture.time for capture in world.captures] == [1000, 1500, 2500]
        world.run_until(2501)
        assert world.now == 2501

    def test_runs_until_a_condition_holds(self, engine_factory: EngineFactory) -> None:
        world = World(start=1000)
        world.add_host(engine_factory(HostConfig()), A).engine.connect(B, 1, 0)
        world.run_until(lambda: len(world.captures) == 3)
        assert world.now == 2500

    def test_gives_a_condition_up(self) -> None:
        world = World(seed=77)
        with pytest.raises(TimeoutError, match=r"1000 virtual ms \(seed 77\)"):
            world.run_until(lambda: False, limit=1000)

    def test_an_engine_that_is_never_satisfied_is_found_out(self, engine_factory: EngineFactory) -> None:
        world = World()
        host = world.add_host(engine_factory(HostConfig()), A)
        host.engine = Insatiable(host.engine)  # type: ignore[assignment]
        with pytest.raises(RuntimeError, match="time does not pass"):
            world.run_for(1)


class TestHosts:
    def test_a_paused_host_does_nothing_until_it_wakes(self, engine_factory: EngineFactory) -> None:
        world = World(start=1000, link=LinkConfig(delay=10))
        host, other = (world.add_host(engine_factory(HostConfig()), address) for address in (A, B))
        host.engine.connect(B, 1, 0)
        world.run_for(0)
        host.paused = True
        world.run_for(400)
        assert [capture.source for capture in world.captures] == [A, B]
        assert host.events == []
        host.paused = False
        world.run_for(10)
        assert [timed.time for timed in host.events] == [1400]
        assert [timed.time for timed in other.events] == [1410]

    def test_events_wait_where_they_are_not_collected(self, engine_factory: EngineFactory) -> None:
        world = World(start=1000)
        host = world.add_host(engine_factory(HostConfig()), A)
        world.add_host(engine_factory(HostConfig()), B)
        host.collecting = False
        host.engine.connect(B, 1, 0)
        world.run_for(100)
        assert host.events == []
        (event,) = host.collect()
        assert event.type == EventType.CONNECT
        assert host.events == [(1100, event)]
        assert host.events_of(EventType.CONNECT) == host.events
        assert host.events_of(EventType.RECEIVE) == []

    def test_hosts_of_both_address_families_meet(self, engine_factory: EngineFactory) -> None:
        world = World(start=1000)
        host = world.add_host(engine_factory(HostConfig()), A)
        world.add_host(engine_factory(HostConfig()), C)
        host.engine.connect(C, 1, 0)
        world.run_for(10)
        assert [timed.event.type for timed in host.events] == [EventType.CONNECT]
        assert str(C) == "[fd00::3]:3"


class Insatiable:
    """An engine that always wants to be called at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def poll_timeout(self) -> int:
        return 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)
