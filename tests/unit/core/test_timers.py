"""The heap of timers: one that counts for each peer, and no more outdated ones than its limit."""

from __future__ import annotations

from godot_enet.core.engine.lifecycle import release
from godot_enet.core.engine.timers import fire_timers, next_due, schedule
from godot_enet.core.interface import Address
from tests.unit.core.bare_engine import add_peer, make_engine


def test_timers_of_released_peers_do_not_pile_up() -> None:
    """Else the peers stay in memory, and each new timer goes through all of theirs."""
    engine = make_engine()
    lasting = add_peer(engine)
    schedule(engine, lasting)
    for number in range(1000):
        peer = add_peer(engine, Address("10.0.0.2", 1 + number))
        schedule(engine, peer)
        release(engine, peer)
        assert len(engine.timers) <= 64 + 4 * 2
    assert next_due(engine) == lasting.timer


def test_a_deadline_that_moves_earlier_moves_the_timer() -> None:
    engine = make_engine()
    peer = add_peer(engine)
    schedule(engine, peer)
    assert next_due(engine) == 500  # a ping
    peer.deadline = 200
    schedule(engine, peer)
    assert next_due(engine) == 200


def test_a_timer_that_fires_early_is_set_again() -> None:
    engine = make_engine()
    peer = add_peer(engine)
    schedule(engine, peer)
    peer.last_receive_time = 300
    fire_timers(engine, 500)
    assert peer not in engine.dirty
    assert (peer.timer, next_due(engine)) == (800, 800)
    fire_timers(engine, 800)
    assert peer in engine.dirty
