"""The accepting side of a handshake, function by function: answers, proofs and what becomes of them."""

from __future__ import annotations

import pytest

from godot_enet.core.engine import PythonEngine
from godot_enet.core.engine.half_open import HalfOpen
from godot_enet.core.engine.handshake import handle_connect, parse_address_proof, promote
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, EventType
from tests.scenario import raw
from tests.unit.core.bare_engine import ADDRESS, drain, make_engine

NOW = 5000
WIRE = 52
"""Bytes of a CONNECT in its datagram."""


def asked(engine: PythonEngine, received: int = WIRE, now: int = NOW, **fields: int) -> HalfOpen:
    """The record after one CONNECT."""
    assert handle_connect(engine, raw.connect(**fields), ADDRESS, received, 77, now) is None  # type: ignore[arg-type]
    (half,) = engine.half_open.by_number.values()
    return half


def proof(half: HalfOpen, off: int = 0, number_off: int = 0, channel: int = raw.CONTROL) -> bytes:
    return raw.acknowledge(channel, half.sequence + number_off & 0xFFFF, half.time + off & 0xFFFF)


def answers(engine: PythonEngine) -> list[raw.Reading]:
    return [raw.read(datagram.data) for datagram in engine.poll_transmit(NOW)]


class TestHandleConnect:
    def test_without_half_open_records_it_is_a_peer_at_once(self) -> None:
        engine = make_engine(half_open_limit=0)
        peer = handle_connect(engine, raw.connect(), ADDRESS, WIRE, 77, NOW)
        assert peer is not None
        assert peer.state is PeerState.ACKNOWLEDGING_CONNECT

    def test_with_them_it_is_a_record_and_an_answer(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        assert engine.peers() == []
        (answer,) = answers(engine)
        assert [command.kind for command in answer.commands] == [3]
        assert (answer.commands[0].number, answer.time) == (half.sequence, half.time)
        assert half.credit == WIRE - 48

    @pytest.mark.parametrize("fields", [{"channels": 0}, {"channels": 256}, {"peer": 0xFFF}])
    def test_what_cannot_be_accepted_leaves_nothing(self, fields: dict[str, int]) -> None:
        engine = make_engine(half_open_limit=4)
        assert handle_connect(engine, raw.connect(**fields), ADDRESS, WIRE, 77, NOW) is None  # type: ignore[arg-type]
        assert engine.half_open.by_number == {}
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
        assert parse_address_proof(engine, half, data, 4, 20, NOW) == 12

    @pytest.mark.parametrize(
        "wrong", [{"off": 1}, {"number_off": 1}, {"off": 1, "number_off": -1}, {"channel": 0}], ids=str
    )
    def test_a_wrong_one_is_counted_and_changes_nothing(self, wrong: dict[str, int]) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        data = bytes(4) + proof(half, **wrong) + proof(half)
        for _ in range(10):
            assert parse_address_proof(engine, half, data, 4, len(data), NOW) == 0
        assert engine.drops[Drop.BAD_HANDSHAKE_TOKEN] == 10
        assert parse_address_proof(engine, half, bytes(4) + proof(half), 4, 12, NOW) == 12

    def test_anything_else_asks_for_another_one(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        answers(engine)
        assert parse_address_proof(engine, half, bytes(4) + raw.ping(2), 4, 20, NOW) == 0
        (probe,) = answers(engine)
        assert [(command.kind, command.number) for command in probe.commands] == [(5, half.sequence)]
        assert probe.time == half.time

    def test_nobody_is_asked_who_has_not_paid(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        answers(engine)
        half.credit = 0
        assert parse_address_proof(engine, half, bytes(7), 4, 7, NOW) == 0
        assert answers(engine) == []

    def test_a_datagram_is_one_guess(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine)
        guesses = b"".join(proof(half, off) for off in range(-3, 1))
        assert parse_address_proof(engine, half, bytes(4) + guesses, 4, 20, NOW) == 0
        assert engine.drops[Drop.BAD_HANDSHAKE_TOKEN] == 1


class TestPromote:
    def test_makes_a_connected_peer_with_a_round_trip(self) -> None:
        engine = make_engine(half_open_limit=4)
        half = asked(engine, data=9, peer=7)
        peer = promote(engine, half, NOW + 30)
        assert peer is not None
        assert (peer.state, peer.slot, peer.outgoing_peer_id, peer.rtt) == (PeerState.CONNECTED, 0, 7, 30)
        assert (peer.number, peer.incoming_session, peer.outgoing_session) == (half.number, *half.sessions)
        assert peer.outgoing_reliable_sequence == half.sequence
        assert drain(engine) == [Event(EventType.CONNECT, peer.handle, 0, 9)]
        assert engine.half_open.by_number == {}

    def test_a_full_host_takes_nobody(self) -> None:
        engine = make_engine(half_open_limit=4, peer_count=1)
        half = asked(engine)
        engine.connect(ADDRESS, 1, 0)
        assert promote(engine, half, NOW) is None
        assert engine.drops[Drop.CONNECT_REFUSED] == 1
        assert engine.half_open.by_number == {}
