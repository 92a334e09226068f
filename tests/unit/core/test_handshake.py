"""The accepting side of a handshake, function by function: answers, proofs and what becomes of them."""

from __future__ import annotations

import pytest

from godot_enet.core.constants import Drop, PeerState
from godot_enet.core.engine import PythonEngine
from godot_enet.core.engine.half_open import HALF_OPEN_MISTAKES, HalfOpen
from godot_enet.core.engine.handshake import handle_connect, promote, proof_end
from godot_enet.core.events import Event, EventType
from tests.scenario import raw
from tests.unit.core.kit import ADDRESS, drain, make_engine

NOW = 5000
WIRE = 52
"""Bytes of a CONNECT in its datagram."""


def asked(engine: PythonEngine, received: int = WIRE, now: int = NOW, **fields: int) -> HalfOpen:
    """The record after one CONNECT."""
    assert handle_connect(engine, raw.connect(**fields), ADDRESS, received, now) is None  # type: ignore[arg-type]
    (half,) = engine.half_open.by_slot.values()
    return half


def proof(half: HalfOpen, off: int = 0, number: int = 1, channel: int = raw.CONTROL) -> bytes:
    return raw.acknowledge(channel, number, half.nonce + off)


def answers(engine: PythonEngine) -> list[raw.Reading]:
    return [raw.read(datagram.data) for datagram in engine.poll_transmit(NOW)]


class TestHandleConnect:
    def test_without_half_open_records_it_is_a_peer_at_once(self) -> None:
        engine = make_engine(half_open_limit=0)
        peer = handle_connect(engine, raw.connect(), ADDRESS, WIRE, NOW)
        assert peer is not None
        assert peer.state is PeerState.ACKNOWLEDGING_CONNECT

    def test_with_them_it_is_a_record_and_an_answer(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        assert engine.peers() == []
        (answer,) = answers(engine)
        assert [command.kind for command in answer.commands] == [3]
        assert answer.time == half.nonce
        assert half.credit == WIRE - 48

    @pytest.mark.parametrize("fields", [{"channels": 0}, {"channels": 256}, {"peer": 0xFFF}])
    def test_what_cannot_be_accepted_leaves_nothing(self, fields: dict[str, int]) -> None:
        engine = make_engine(half_open_limit=4)
        assert handle_connect(engine, raw.connect(**fields), ADDRESS, WIRE, NOW) is None  # type: ignore[arg-type]
        assert engine.half_open.by_slot == {}
        assert engine.drops[Drop.CONNECT_REFUSED] == 1
        assert engine.poll_transmit(NOW) == []

    def test_no_answer_is_longer_than_what_came(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine, received=47)
        assert answers(engine) == []
        assert half.credit == 47
        asked(engine, received=1)
        assert len(answers(engine)) == 1
        assert half.credit == 0


class TestProofEnd:
    def test_the_right_one_ends_it(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        data = bytes(4) + proof(half) + raw.ping(2)
        assert proof_end(engine, half, data, 4, 20, NOW) == 12

    def test_it_may_stand_behind_other_acknowledgements(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        data = bytes(4) + proof(half, 1, number=2) + proof(half, 1, channel=0) + proof(half)
        assert proof_end(engine, half, data, 4, 20, NOW) == len(data)
        assert half.mistakes == 0

    def test_anything_else_asks_for_another_one(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        answers(engine)
        assert proof_end(engine, half, bytes(4) + raw.ping(2), 4, 20, NOW) == 0
        (probe,) = answers(engine)
        assert ([command.kind for command in probe.commands], probe.time) == ([5], half.nonce)

    def test_nobody_is_asked_who_has_not_paid(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        answers(engine)
        half.credit = 0
        assert proof_end(engine, half, bytes(7), 4, 7, NOW) == 0
        assert answers(engine) == []

    def test_guesses_are_limited_in_one_datagram_as_in_many(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        guesses = b"".join(proof(half, -off) for off in range(HALF_OPEN_MISTAKES, -1, -1))
        assert proof_end(engine, half, bytes(4) + guesses, 4, 20, NOW) == 0
        assert engine.half_open.by_slot == {}
        assert engine.drops[Drop.WRONG_PROOF] == 1


class TestPromote:
    def test_makes_a_connected_peer_with_a_round_trip(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine, data=9, peer=7)
        peer = promote(engine, half, NOW + 30)
        assert peer is not None
        assert (peer.state, peer.slot, peer.outgoing_peer_id, peer.rtt) == (PeerState.CONNECTED, half.slot, 7, 30)
        assert peer.outgoing_reliable_sequence == 1
        assert drain(engine) == [Event(EventType.CONNECT, peer.handle, 0, 9)]
        assert engine.half_open.by_slot == {}

    def test_a_full_host_takes_nobody(self) -> None:
        engine = make_engine(half_open_limit=4, peer_count=1)
        half = asked(engine)
        engine.connect(ADDRESS, 1, 0)
        assert promote(engine, half, NOW) is None
        assert engine.drops[Drop.CONNECT_REFUSED] == 1
        assert engine.table.reserve() == half.slot
