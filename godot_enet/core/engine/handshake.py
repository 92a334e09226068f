"""The accepting side of a handshake: what a CONNECT asks for becomes a peer, at once or when it is proved. And which
answer from elsewhere is taken, where our own CONNECT was a broadcast.

enet: protocol.c: enet_protocol_handle_connect; for what is different here see half_open.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.core.constants import (
    COMMAND_FLAG_ACKNOWLEDGE,
    COMMAND_MASK,
    CONTROL_CHANNEL,
    MAXIMUM_CHANNEL_COUNT,
    MAXIMUM_MTU,
    MAXIMUM_PEER_ID,
    MAXIMUM_WINDOW_SIZE,
    MINIMUM_MTU,
    MINIMUM_WINDOW_SIZE,
    UNKNOWN_SESSION,
    WINDOW_SIZE_SCALE,
    Command,
    Drop,
    PeerState,
)
from godot_enet.core.engine.half_open import HALF_OPEN_MISTAKES, HalfOpen
from godot_enet.core.engine.outgoing import farewell, queue_control, seal
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.reliability import sample_round_trip
from godot_enet.core.engine.throttle import clamp_window, window_for
from godot_enet.core.events import PeerHandle
from godot_enet.core.interface import Address
from godot_enet.core.wire import ACKNOWLEDGE, CONNECT, PING, VERIFY_CONNECT, unpack_connect_id

if TYPE_CHECKING:
    from godot_enet.core.engine.engine import PythonEngine

__all__ = ["accept_answer", "handle_connect", "promote", "proof_end"]

_FIRST = 1
"""The number of the first command of the control channel: VERIFY_CONNECT."""


def handle_connect(engine: PythonEngine, command: bytes, address: Address, received: int, now: int) -> Peer | None:
    """Take a CONNECT from a stranger, which came in a datagram of ``received`` bytes. Returns the peer it became."""
    fields = CONNECT.unpack(command)
    peer_id, channels, connect_id = fields[3], fields[8], unpack_connect_id(fields[14])
    table = engine.table
    if table.has_connection(address, connect_id):
        engine.drop(Drop.CONNECT_REPEATED, address)
        return None
    if not 1 <= channels <= MAXIMUM_CHANNEL_COUNT or peer_id >= MAXIMUM_PEER_ID or not _has_room(engine, address):
        engine.drop(Drop.CONNECT_REFUSED, address)
        return None
    if engine.config.half_open_limit:
        _answer(engine, command, address, connect_id, received, now)
        return None
    peer = table.prepare(address)
    assert peer is not None
    engine.change_state(peer, PeerState.ACKNOWLEDGING_CONNECT)
    verify = _agree(engine, peer, command)
    queue_control(engine, peer, Command.VERIFY_CONNECT, verify[4:])
    table.add(peer)
    return peer


def _has_room(engine: PythonEngine, address: Address) -> bool:
    limit = engine.config.duplicate_peers
    return not engine.table.full and engine.table.count_from(address.host, limit) < limit


def _agree(engine: PythonEngine, peer: Peer, command: bytes) -> bytes:
    """Settle what both ends will use, and say it: returns the VERIFY_CONNECT, with nothing in its first four bytes."""
    (
        _,
        _,
        _,
        peer.outgoing_peer_id,
        incoming_session,
        outgoing_session,
        mtu,
        window_size,
        channel_count,
        peer.incoming_bandwidth,
        peer.outgoing_bandwidth,
        peer.packet_throttle_interval,
        peer.packet_throttle_acceleration,
        peer.packet_throttle_deceleration,
        raw_connect_id,
        peer.event_data,
    ) = CONNECT.unpack(command)
    peer.channel_count = min(channel_count, engine.channel_limit)
    peer.connect_id = unpack_connect_id(raw_connect_id)
    # What they receive as is what we send as, and the other way round.
    peer.outgoing_session = _next_session(incoming_session, peer.outgoing_session)
    peer.incoming_session = _next_session(outgoing_session, peer.incoming_session)
    engine.set_mtu(peer, min(peer.mtu, max(MINIMUM_MTU, min(mtu, MAXIMUM_MTU))))
    config_in, config_out = engine.incoming_bandwidth, engine.outgoing_bandwidth
    peer.window_size = window_for(config_out, peer.incoming_bandwidth)
    granted = MAXIMUM_WINDOW_SIZE if config_in == 0 else config_in // WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE
    granted = clamp_window(min(granted, window_size))
    return VERIFY_CONNECT.pack(
        0,
        0,
        0,
        peer.slot,
        peer.outgoing_session,
        peer.incoming_session,
        peer.mtu,
        granted,
        peer.channel_count,
        config_in,
        config_out,
        peer.packet_throttle_interval,
        peer.packet_throttle_acceleration,
        peer.packet_throttle_deceleration,
        raw_connect_id,
    )


def _next_session(offered: int, stored: int) -> int:
    """A session id that differs from the slot's last one, so that stray datagrams of it are recognised."""
    session = (stored if offered == UNKNOWN_SESSION else offered) + 1 & 3
    return session + 1 & 3 if session == stored else session


def _answer(engine: PythonEngine, command: bytes, address: Address, connect_id: int, received: int, now: int) -> None:
    """Answer a CONNECT without believing it."""
    half = engine.half_open.find(address, connect_id, now)
    if half is None:
        slot = _make_room(engine, address, connect_id, now)
        half = HalfOpen(slot, address, connect_id, command, now, engine.random() & 0xFFFF)
        engine.half_open.add(half)
    draft = _as_peer(engine, half)
    verify = _agree(engine, draft, half.command)
    half.session = draft.incoming_session
    half.credit += received
    _send(engine, half, draft, Command.VERIFY_CONNECT, verify[4:], now)


def _make_room(engine: PythonEngine, address: Address, connect_id: int, now: int) -> int:
    """Forget the records that are over, or the oldest where there are too many. Returns a slot for a new one."""
    halves, table = engine.half_open, engine.table
    while True:
        found, good = halves.in_the_way(address, connect_id, now)
        slot = table.reserve() if found is None else None
        if slot is not None:
            return slot
        # Peers cannot have all the numbers, or the host would be full.
        found = found or halves.oldest()
        assert found is not None
        _forget(engine, found)
        if good:
            engine.drop(Drop.HALF_OPEN_LIMIT, found.address)


def _forget(engine: PythonEngine, half: HalfOpen) -> None:
    engine.half_open.remove(half)
    engine.table.give_back(half.slot)


def _as_peer(engine: PythonEngine, half: HalfOpen) -> Peer:
    """The peer it would be, for what must be computed from one."""
    table = engine.table
    return Peer(PeerHandle(half.slot), half.address, engine.config.mtu, table.sessions_of(half.slot), None)


def _send(engine: PythonEngine, half: HalfOpen, draft: Peer, number: int, body: bytes, now: int) -> None:
    """Send one control command whose acknowledgement is the proof, if the other side has paid for it."""
    wire = PING.pack(number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, _FIRST) + body
    answer = seal(engine, draft, [wire], half.nonce)
    if len(answer.data) <= half.credit:
        half.credit -= len(answer.data)
        half.answered = now
        engine.post(answer)


def proof_end(engine: PythonEngine, half: HalfOpen, data: bytes, at: int, received: int, now: int) -> int:
    """Where the commands behind the proof begin; 0 without one, and then another is asked for."""
    half.credit += received
    while at + ACKNOWLEDGE.size <= len(data) and data[at] & 15 == Command.ACKNOWLEDGE:
        _, channel, _, number, sent_time = ACKNOWLEDGE.unpack_from(data, at)
        at += ACKNOWLEDGE.size
        if channel == CONTROL_CHANNEL and number == _FIRST:
            if sent_time == half.nonce:
                return at
            half.mistakes += 1
            if half.mistakes >= HALF_OPEN_MISTAKES:
                break  # A long datagram would hold five hundred guesses.
    if half.mistakes >= HALF_OPEN_MISTAKES:
        engine.drop(Drop.WRONG_PROOF, half.address)
        _forget(engine, half)
    else:
        # The other side takes itself for connected: its acknowledgement was lost.
        draft = _as_peer(engine, half)
        _agree(engine, draft, half.command)
        _send(engine, half, draft, Command.PING, b"", now)
    return 0


def promote(engine: PythonEngine, half: HalfOpen, now: int) -> Peer | None:
    """The address is proved: a peer, as after ENet's own handshake. None where the last slot was taken meanwhile."""
    if not _has_room(engine, half.address):
        # The other side takes itself for connected, and would only notice by its time-out.
        draft = _as_peer(engine, half)
        _agree(engine, draft, half.command)
        engine.post(farewell(engine, draft))
        _forget(engine, half)
        engine.drop(Drop.CONNECT_REFUSED, half.address)
        return None
    peer = engine.table.prepare(half.address, half.slot)
    assert peer is not None
    engine.change_state(peer, PeerState.ACKNOWLEDGING_CONNECT)
    _agree(engine, peer, half.command)
    peer.outgoing_reliable_sequence = _FIRST
    peer.proof = half.nonce
    sample_round_trip(peer, now - half.answered or 1, now)
    engine.connected(peer)
    engine.table.add(peer)
    engine.half_open.remove(half)
    return peer


def accept_answer(engine: PythonEngine, peer: Peer, data: bytes, at: int, address: Address) -> bool:
    """Whether a datagram with its commands from ``at`` on answers our CONNECT; its sender is the remote then.

    enet: protocol.c: enet_protocol_handle_incoming_commands takes any datagram from anywhere for an answer, where the
    CONNECT went to 255.255.255.255. Here it must begin with the VERIFY_CONNECT that repeats the connect id, so only a
    host that has read the CONNECT can answer. A refusal does not say what it refuses: it leaves the attempt to others.
    """
    end = at + VERIFY_CONNECT.size
    if len(data) < end or data[at] & COMMAND_MASK != Command.VERIFY_CONNECT:
        return False
    if unpack_connect_id(VERIFY_CONNECT.unpack_from(data, at)[14]) != peer.connect_id:
        return False
    engine.table.move(peer, address)
    peer.any_source = False  # Last: interrupted before it, the next answer is taken.
    return True
