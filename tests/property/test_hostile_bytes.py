"""Any bytes, in any state: nothing raises, what is held stays bounded, and an honest peer notices nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import DisconnectMode, PeerState
from godot_enet.core.protocol.events import EventType
from tests.conftest import EngineFactory
from tests.scenario import raw
from tests.scenario.engine_stage import HOST, RAW, START, RawPeer, Stage

HONEST = Address("10.9.9.9", 9)
BUDGET = 20_000
"""Waiting data allowed in these tests; small, so that the examples can reach it."""


def _nobody(stage: Stage, peer: RawPeer) -> None:
    peer.slot = 1


def _connecting(stage: Stage, peer: RawPeer) -> None:
    peer.handle = stage.engine.connect(RAW, 3, 0)
    peer.take()
    peer.slot = 1


def _half_open(stage: Stage, peer: RawPeer) -> None:
    peer.connect(channels=3)


def _connected(stage: Stage, peer: RawPeer) -> None:
    peer.join(channels=3)


def _busy(stage: Stage, peer: RawPeer) -> None:
    peer.join(channels=3)
    for flags in (0, 1, 2, 8):
        peer.send(flags % 3, bytes(3000), flags)
    peer.exchange(
        raw.reliable(0, 2, b"early"),
        raw.fragment(1, 1, 0, 3, 30, 0, bytes(10)),
        raw.unreliable(2, 1, 1, b"early"),
        raw.unreliable_fragment(2, 0, 1, 0, 3, 30, 0, bytes(10)),
    )


def _leaving_later(stage: Stage, peer: RawPeer) -> None:
    _busy(stage, peer)
    peer.disconnect(5, DisconnectMode.LATER)
    stage.settle()


def _disconnecting(stage: Stage, peer: RawPeer) -> None:
    peer.join(channels=3)
    peer.disconnect(5)
    stage.settle()


def _acknowledging_disconnect(stage: Stage, peer: RawPeer) -> None:
    peer.join(channels=3)
    peer.exchange(raw.disconnect(2, 5), time=None)


def _zombie(stage: Stage, peer: RawPeer) -> None:
    peer.join(channels=3)
    stage.host.collecting = False
    peer.exchange(raw.disconnect(2, 5))


STATES: dict[str, Callable[[Stage, RawPeer], None]] = {
    state.__name__[1:].replace("_", " "): state
    for state in (
        _nobody,
        _connecting,
        _half_open,
        _connected,
        _busy,
        _leaving_later,
        _disconnecting,
        _acknowledging_disconnect,
        _zombie,
    )
}

U8 = st.integers(0, 0xFF)
U16 = st.one_of(
    st.integers(0, 6), st.sampled_from([0x0FFF, 0x1000, 0x6FFF, 0x7000, 0x9000, 0xFFFF]), st.integers(0, 0xFFFF)
)
U32 = st.one_of(st.integers(0, 6), st.sampled_from([1 << 20, 1 << 25, 1 << 31, 0xFFFFFFFF]), st.integers(0, 0xFFFFFFFF))
CHANNEL = st.one_of(st.integers(0, 3), st.just(255), U8)
DATA = st.binary(max_size=40)
FLAGS = st.sampled_from([0x00, 0x40, 0x80, 0xC0, 0x30])

COMMANDS = st.one_of(
    st.builds(raw.acknowledge, CHANNEL, U16, st.one_of(st.integers(START - 2000, START), U16)),
    st.builds(
        raw.connect,
        peer=U16,
        sessions=st.tuples(U8, U8),
        mtu=U32,
        window=U32,
        channels=U32,
        bandwidths=st.tuples(U32, U32),
        throttle=st.tuples(U32, U32, U32),
        data=U32,
    ),
    st.builds(raw.verify, number=U16, peer=U16, sessions=st.tuples(U8, U8), mtu=U32, window=U32, channels=U32),
    st.builds(raw.disconnect, U16, U32, st.sampled_from([0x84, 0x44, 0x04])),
    st.builds(raw.ping, U16),
    st.builds(raw.reliable, CHANNEL, U16, DATA, st.sampled_from([0x86, 0x06]), st.none() | U16),
    st.builds(raw.unreliable, CHANNEL, U16, U16, DATA, st.sampled_from([0x07, 0x87])),
    st.builds(raw.unsequenced, CHANNEL, U16, DATA),
    st.builds(raw.fragment, CHANNEL, U16, U32, U32, U32, U32, DATA, number=st.none() | U16),
    st.builds(raw.unreliable_fragment, CHANNEL, U16, U16, U32, U32, U32, U32, DATA),
    st.builds(raw.bandwidth_limit, U16, U32, U32),
    st.builds(raw.throttle_configure, U16, U32, U32, U32),
)
"""Commands in the right layout with any numbers in them, mostly near those that matter."""


@st.composite
def mutations(draw: st.DrawFn, sound: bytes) -> bytes:
    """A sound datagram with some of its bytes changed, cut off or repeated."""
    data = bytearray(sound)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["flip", "set", "cut", "insert", "repeat"]))
        if kind == "cut":
            del data[place:]
        elif kind == "insert":
            data[place:place] = draw(st.binary(max_size=8))
        elif kind == "repeat":
            data += data[place:]
        elif data:
            data[place] = data[place] ^ 1 << draw(st.integers(0, 7)) if kind == "flip" else draw(U8)
    return bytes(data)


@st.composite
def datagrams(draw: st.DrawFn, peer: RawPeer) -> bytes:
    """Something a hostile peer may send: noise, well-formed nonsense, or nearly right."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.binary(max_size=200))
    slot = draw(st.sampled_from([peer.slot, peer.slot, peer.slot, raw.UNKNOWN_PEER, 0, 2]))
    session = draw(st.sampled_from([peer.session, peer.session, peer.session, 1, 3]))
    key = draw(st.sampled_from([peer.connect_id, bytes(4)])) if peer.stage.config.checksum else None
    sound = raw.datagram(
        *draw(st.lists(COMMANDS, max_size=5)),
        peer=slot,
        session=session,
        time=draw(st.sampled_from([None, START, START])),
        key=key,
    )
    return draw(mutations(sound)) if draw(st.booleans()) else sound


@pytest.mark.long
@pytest.mark.parametrize("state", list(STATES))
@given(checksum=st.booleans(), data=st.data())
def test_nothing_a_remote_sends_does_harm(
    engine_factory: EngineFactory, state: str, checksum: bool, data: st.DataObject
) -> None:
    stage = Stage(engine_factory, checksum=checksum, maximum_waiting_data=BUDGET, maximum_packet_size=BUDGET)
    honest = stage.joined(HONEST)
    hostile = stage.raw()
    STATES[state](stage, hostile)
    stage.host.events.clear()
    sent: list[bytes] = []
    for number in range(1, data.draw(st.integers(1, 8)) + 1):
        before = dict(stage.engine.drops)
        hostile.mailbox.send(HOST, *(data.draw(datagrams(hostile)) for _ in range(data.draw(st.integers(1, 4)))))
        honest.post(raw.reliable(0, number, b"honest %d" % number))
        honest.send(1, b"to honest %d" % number, number % 2)
        commands = honest.commands()
        assert [c.number for c in commands if c.kind == 1] == [number]
        sent += [c.data for c in commands if c.kind in (6, 7)]
        assert all(count >= before[cause] for cause, count in stage.engine.drops.items())
        for handle in stage.engine.peers():
            info = stage.engine.peer_info(handle)
            assert 0 <= info.waiting_data <= 3 * BUDGET
            assert info.reliable_data_in_transit >= 0
            assert 576 <= info.mtu <= 1392
            assert info.state != PeerState.DISCONNECTED
    stage.host.collecting = True
    stage.settle()
    heard = [timed.event for timed in stage.host.events if timed.event.peer == honest.handle]
    assert [(event.type, event.packet) for event in heard] == [
        (EventType.RECEIVE, b"honest %d" % n) for n in range(1, number + 1)
    ]
    assert sent == [b"to honest %d" % n for n in range(1, number + 1)]
    # Whoever falls silent is forgotten in the end, whatever was said before.
    stage.wait(400_000)
    assert stage.engine.peers() == []


@given(noise=st.lists(st.binary(max_size=100), max_size=20))
def test_noise_from_strangers_is_counted_and_nothing_else(engine_factory: EngineFactory, noise: list[bytes]) -> None:
    stage = Stage(engine_factory)
    stranger = stage.raw()
    for junk in noise:
        stranger.mailbox.send(HOST, junk)
    assert stranger.take() == []
    assert stage.events() == []
    assert stage.engine.peers() == []
    # An empty datagram, or a bare header, holds nothing that could be dropped.
    assert sum(stage.engine.drops.values()) <= len(noise)
    assert sum(report.times for report in stage.engine.poll_drops()) == sum(stage.engine.drops.values())
