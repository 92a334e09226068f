"""The accepting side of a handshake: what a CONNECT asks for becomes a peer, at once or when it is proved. And which
answer from elsewhere is taken, where our own CONNECT was a broadcast.

enet: protocol.c: enet_protocol_handle_connect; for what is different here see half_open.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.core.engine.half_open import HalfOpen
from godot_enet.core.engine.outgoing import farewell, queue_control, seal
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.reliability import sample_round_trip
from godot_enet.core.engine.throttle import clamp_window, window_for
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import (
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
    PeerState,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.tuning import NUMBER_LOOKS
from godot_enet.core.protocol.wire import ACKNOWLEDGE, CONNECT, PING, VERIFY_CONNECT, unpack_connect_id

if TYPE_CHECKING:
    from godot_enet.core.engine.engine import PythonEngine

__all__ = ["accept_answer", "free_number", "handle_connect", "promote", "proof_end"]


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
    peer.number = free_number(engine, address, peer.slot)
    # What they receive as is what we send as, and the other way round.
    peer.outgoing_session = _next_session(fields[4], peer.outgoing_session)
    peer.incoming_session = _next_session(fields[5], peer.incoming_session)
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
        peer.incoming_control,
        peer.outgoing_peer_id,
        _,
        _,
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
    engine.set_mtu(peer, min(peer.mtu, max(MINIMUM_MTU, min(mtu, MAXIMUM_MTU))))
    config_in, config_out = engine.incoming_bandwidth, engine.outgoing_bandwidth
    peer.window_size = window_for(config_out, peer.incoming_bandwidth)
    granted = MAXIMUM_WINDOW_SIZE if config_in == 0 else config_in // WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE
    granted = clamp_window(min(granted, window_size))
    return VERIFY_CONNECT.pack(
        0,
        0,
        0,
        peer.number,
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


def _draw_session(offered: int, draw: int) -> int:
    """A random session id that differs from the one that the remote used last."""
    return draw & 3 if offered == UNKNOWN_SESSION else offered + 1 + draw % 3 & 3


def _answer(engine: PythonEngine, command: bytes, address: Address, connect_id: int, received: int, now: int) -> None:
    """Answer a CONNECT without believing it."""
    half = engine.half_open.find(address, connect_id, now)
    if half is None:
        _make_room(engine, address, connect_id, now)
        proof, draw = engine.random(), engine.random()
        number = free_number(engine, address, (draw & 0xFFFF) % MAXIMUM_PEER_ID)
        sessions = _draw_session(command[7], draw >> 24), _draw_session(command[6], draw >> 16 & 0xFF)
        half = HalfOpen(number, address, connect_id, command, now, proof, sessions)
        engine.half_open.add(half)
    draft = _as_peer(engine, half)
    verify = _agree(engine, draft, half.command)
    half.credit += received
    _send(engine, half, draft, Command.VERIFY_CONNECT, verify[4:], now)


def _make_room(engine: PythonEngine, address: Address, connect_id: int, now: int) -> None:
    """Forget records that are over, at most two of them, and the oldest where there are too many."""
    halves = engine.half_open
    for _ in range(2):  # more than come, so that none stay
        expired = halves.expired(address, connect_id, now)
        if expired is not None:
            halves.remove(expired)
    evicted = halves.to_evict(address)
    if evicted is not None:
        halves.remove(evicted)
        engine.drop(Drop.HALF_OPEN_LIMIT, evicted.address)


def free_number(engine: PythonEngine, address: Address, number: int) -> int:
    """The first number from this one on that the address does not use yet.

    Behind :data:`NUMBER_LOOKS` records of the same address the oldest of them makes room. The host must have a free
    slot: so there is a number that is no peer's.
    """
    table, halves = engine.table, engine.half_open
    oldest: HalfOpen | None = None
    looks = 0
    while looks < NUMBER_LOOKS:
        if table.at(address, number) is None:
            half = halves.by_number.get((address, number))
            if half is None:
                return number
            if oldest is None or half.created < oldest.created:
                oldest = half
            looks += 1
        number = (number + 1) % MAXIMUM_PEER_ID
    assert oldest is not None
    halves.remove(oldest)
    engine.drop(Drop.HALF_OPEN_LIMIT, address)
    return oldest.number


def _as_peer(engine: PythonEngine, half: HalfOpen) -> Peer:
    """The peer it would be, for what must be computed from one."""
    draft = engine.half_open_peer
    draft.number, draft.address, draft.mtu = half.number, half.address, engine.config.mtu
    draft.incoming_session, draft.outgoing_session = half.sessions
    return draft


def _send(engine: PythonEngine, half: HalfOpen, draft: Peer, number: int, body: bytes, now: int) -> None:
    """Send one control command whose acknowledgement is the proof, if the other side has paid for it."""
    wire = PING.pack(number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, half.sequence) + body
    answer = seal(engine, draft, [wire], half.time)
    if len(answer.data) <= half.credit:
        half.credit -= len(answer.data)
        half.answered = now
        engine.post(answer)


def proof_end(engine: PythonEngine, half: HalfOpen, data: bytes, at: int, received: int, now: int) -> int:
    """Where the commands behind the proof begin; 0 without one, and then another is asked for.

    Only the first command can be a proof, which ENet's acknowledgements are: a long datagram would hold five hundred
    guesses.
    """
    half.credit += received
    if at + ACKNOWLEDGE.size <= len(data) and data[at] & COMMAND_MASK == Command.ACKNOWLEDGE:
        _, channel, _, number, sent_time = ACKNOWLEDGE.unpack_from(data, at)
        if channel == CONTROL_CHANNEL and number << 16 | sent_time == half.proof:
            return at + ACKNOWLEDGE.size
        engine.drop(Drop.WRONG_PROOF, half.address)
    # The other side may take itself for connected: its acknowledgement was lost.
    draft = _as_peer(engine, half)
    _agree(engine, draft, half.command)
    _send(engine, half, draft, Command.PING, b"", now)
    return 0


def promote(engine: PythonEngine, half: HalfOpen, now: int) -> Peer | None:
    """The address is proved: a peer, as after ENet's own handshake.

    None where the last slot was taken meanwhile, or where its network has had its connects of this second: then it
    stays half-open, and what comes from it later asks for the proof again.
    """
    if not _has_room(engine, half.address):
        # The other side takes itself for connected, and would only notice by its timeout.
        draft = _as_peer(engine, half)
        _agree(engine, draft, half.command)
        draft.outgoing_reliable_sequence = half.sequence
        engine.post(farewell(engine, draft))
        engine.half_open.remove(half)
        engine.drop(Drop.CONNECT_REFUSED, half.address)
        return None
    if not engine.connect_rate.has_room(half.address, now):
        engine.drop(Drop.CONNECT_REFUSED, half.address)
        return None
    peer = engine.table.prepare(half.address)
    assert peer is not None
    engine.change_state(peer, PeerState.ACKNOWLEDGING_CONNECT)
    peer.number = half.number
    peer.incoming_session, peer.outgoing_session = half.sessions
    _agree(engine, peer, half.command)
    peer.outgoing_reliable_sequence = half.sequence
    peer.trial = peer.window_size
    sample_round_trip(peer, now - half.answered or 1, now)
    engine.connected(peer)
    engine.table.add(peer)
    engine.half_open.remove(half)
    engine.connect_rate.count(peer.address)
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
    return True
