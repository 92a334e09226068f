"""Handshakes: our own CONNECT, and how a received CONNECT becomes a peer, at once or after its address is verified.

enet: protocol.c: enet_protocol_handle_connect; half_open.py explains the differences.
"""

from __future__ import annotations

from godot_enet.core.engine.framing import disconnect_datagram, seal
from godot_enet.core.engine.half_open import HalfOpen
from godot_enet.core.engine.lifecycle import change_state, connected, set_mtu
from godot_enet.core.engine.outgoing import queue_control
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.reliability import sample_round_trip
from godot_enet.core.engine.state import EngineState
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
from godot_enet.core.protocol.tuning import MAX_NUMBER_PROBES
from godot_enet.core.protocol.wire import ACKNOWLEDGE, HEAD, VERIFY_CONNECT, Acknowledge, Connect, Head, VerifyConnect

__all__ = [
    "accept_answer",
    "begin_connect",
    "free_number",
    "handle_connect",
    "parse_address_proof",
    "promote",
    "refuse_verified",
]

_NO_NUMBER = MAXIMUM_PEER_ID
"""The number of a record that will be refused: its client never learns one, and sends this one."""


def begin_connect(engine: EngineState, address: Address, channels: int, data: int, *, any_source: bool = False) -> Peer:
    """Take the lowest free slot, which must exist, and queue a CONNECT. enet: host.c: enet_host_connect."""
    peer = engine.table.prepare(address)
    assert peer is not None
    peer.any_source = any_source
    number = peer.slot
    if engine.config.half_open_limit:
        # Not the slot's, as in ENet: forged replies must guess it.
        draw = engine.random()
        number = (draw & 0xFFFF) % MAXIMUM_PEER_ID
        peer.incoming_session, peer.outgoing_session = draw >> 16 & 3, draw >> 18 & 3
    peer.number = free_number(engine, address, number)
    peer.channel_count = max(1, min(channels, MAXIMUM_CHANNEL_COUNT))
    change_state(engine, peer, PeerState.CONNECTING)
    peer.connect_id = engine.random()
    set_mtu(engine, peer, peer.mtu)
    if engine.outgoing_bandwidth == 0:
        peer.window_size = MAXIMUM_WINDOW_SIZE
    else:
        peer.window_size = clamp_window(engine.outgoing_bandwidth // WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE)
    connect = Connect(
        peer_id=peer.number,
        incoming_session=peer.incoming_session,
        outgoing_session=peer.outgoing_session,
        mtu=peer.mtu,
        window_size=peer.window_size,
        channel_count=peer.channel_count,
        incoming_bandwidth=engine.incoming_bandwidth,
        outgoing_bandwidth=engine.outgoing_bandwidth,
        throttle_interval=peer.packet_throttle_interval,
        throttle_acceleration=peer.packet_throttle_acceleration,
        throttle_deceleration=peer.packet_throttle_deceleration,
        connect_id=peer.connect_id,
        data=data,
    )
    queue_control(engine, peer, Command.CONNECT, connect.build())
    engine.table.add(peer)
    return peer


def handle_connect(
    engine: EngineState, command: bytes, address: Address, received: int, sent_time: int, now: int
) -> Peer | None:
    """Handle a CONNECT of an unknown sender in a datagram of ``received`` bytes. Returns its new peer, if any.

    ``sent_time`` is what the header of the datagram says, or -1.
    """
    connect = Connect.parse(command)
    table = engine.table
    if table.has_connection(address, connect.connect_id):
        engine.drop(Drop.CONNECT_REPEATED, address)
        return None
    is_valid = 1 <= connect.channel_count <= MAXIMUM_CHANNEL_COUNT and connect.peer_id < MAXIMUM_PEER_ID
    has_room = _has_room(engine, address)
    if not is_valid or not has_room:
        engine.drop(Drop.CONNECT_REFUSED, address)
        if is_valid and sent_time >= 0 and engine.config.refuse_when_full and engine.config.half_open_limit:
            _ask_for_proof(engine, command, connect.connect_id, address, received, sent_time, now)
        return None
    if engine.config.half_open_limit:
        _answer(engine, command, connect, address, received, now)
        return None
    peer = table.prepare(address)
    assert peer is not None
    change_state(engine, peer, PeerState.ACKNOWLEDGING_CONNECT)
    peer.number = free_number(engine, address, peer.slot)
    # The session that they receive is the one that we send, and vice versa.
    peer.outgoing_session = _next_session(connect.incoming_session, peer.outgoing_session)
    peer.incoming_session = _next_session(connect.outgoing_session, peer.incoming_session)
    verify = _negotiate(engine, peer, command)
    queue_control(engine, peer, Command.VERIFY_CONNECT, verify.build())
    table.add(peer)
    return peer


def _has_room(engine: EngineState, address: Address) -> bool:
    limit = engine.config.duplicate_peers
    return not engine.refusing and not engine.table.full and engine.table.count_from(address.host, limit) < limit


def _negotiate(engine: EngineState, peer: Peer, command: bytes) -> VerifyConnect:
    """Settle the parameters that both ends will use. Returns the VERIFY_CONNECT with them."""
    connect = Connect.parse(command)
    peer.incoming_control = Head.parse(command).sequence
    peer.outgoing_peer_id = connect.peer_id
    peer.incoming_bandwidth = connect.incoming_bandwidth
    peer.outgoing_bandwidth = connect.outgoing_bandwidth
    peer.packet_throttle_interval = connect.throttle_interval
    peer.packet_throttle_acceleration = connect.throttle_acceleration
    peer.packet_throttle_deceleration = connect.throttle_deceleration
    peer.event_data = connect.data
    peer.channel_count = min(connect.channel_count, engine.channel_limit)
    peer.connect_id = connect.connect_id
    set_mtu(engine, peer, min(peer.mtu, max(MINIMUM_MTU, min(connect.mtu, MAXIMUM_MTU))))
    config_in, config_out = engine.incoming_bandwidth, engine.outgoing_bandwidth
    peer.window_size = window_for(config_out, peer.incoming_bandwidth)
    granted = MAXIMUM_WINDOW_SIZE if config_in == 0 else config_in // WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE
    return VerifyConnect(
        peer_id=peer.number,
        incoming_session=peer.outgoing_session,
        outgoing_session=peer.incoming_session,
        mtu=peer.mtu,
        window_size=clamp_window(min(granted, connect.window_size)),
        channel_count=peer.channel_count,
        incoming_bandwidth=config_in,
        outgoing_bandwidth=config_out,
        throttle_interval=peer.packet_throttle_interval,
        throttle_acceleration=peer.packet_throttle_acceleration,
        throttle_deceleration=peer.packet_throttle_deceleration,
        connect_id=peer.connect_id,
    )


def _next_session(offered: int, stored: int) -> int:
    """A session id that differs from the previous one of the slot, so that its stray datagrams are recognised."""
    session = (stored if offered == UNKNOWN_SESSION else offered) + 1 & 3
    return session + 1 & 3 if session == stored else session


def _draw_session(offered: int, draw: int) -> int:
    """A random session id that differs from the last one of the remote."""
    return draw & 3 if offered == UNKNOWN_SESSION else offered + 1 + draw % 3 & 3


def _answer(engine: EngineState, command: bytes, connect: Connect, address: Address, received: int, now: int) -> None:
    """Reply to a CONNECT whose address is not verified."""
    connect_id = connect.connect_id
    half = engine.half_open.find(address, connect_id, now)
    if half is not None and half.number == _NO_NUMBER:
        engine.half_open.remove(half)  # there was no room when its CONNECT came first
        half = None
    if half is None:
        _make_room(engine, address, connect_id, now)
        proof, draw = engine.random(), engine.random()
        number = free_number(engine, address, (draw & 0xFFFF) % MAXIMUM_PEER_ID)
        sessions = (
            _draw_session(connect.outgoing_session, draw >> 24),
            _draw_session(connect.incoming_session, draw >> 16 & 0xFF),
        )
        half = HalfOpen(number, address, connect_id, command, now, proof, sessions)
        engine.half_open.add(half)
    draft = _as_peer(engine, half)
    verify = _negotiate(engine, draft, half.command)
    half.credit += received
    _send(engine, half, draft, Command.VERIFY_CONNECT, verify.build(), now)


def _ask_for_proof(
    engine: EngineState, command: bytes, connect_id: int, address: Address, received: int, sent_time: int, now: int
) -> None:
    """Ask a client without a slot to verify its address, so that it can be refused: see half_open.py.

    A client that is connecting acknowledges an ACKNOWLEDGE, if that asks for it, and remains connecting. This one
    acknowledges a command that the client has not sent, at a time that it has not reached, which it ignores.
    enet: protocol.c: enet_protocol_handle_acknowledge, enet_protocol_handle_incoming_commands.
    """
    halves = engine.half_open
    half = halves.find(address, connect_id, now)
    if half is None:
        earlier = halves.by_number.get((address, _NO_NUMBER))
        if earlier is not None:
            halves.remove(earlier)
        _make_room(engine, address, connect_id, now)
        half = HalfOpen(_NO_NUMBER, address, connect_id, command, now, engine.random(), (0, 0))
        halves.add(half)
    elif half.number != _NO_NUMBER:
        return  # it was answered while there was room, and is dismissed once it has verified its address
    draft = _as_peer(engine, half)
    _negotiate(engine, draft, half.command)
    half.credit += received
    body = ACKNOWLEDGE.pack(0, 0, 0, draft.incoming_control ^ 0x8000, sent_time | 0x7FFF)[HEAD.size :]
    _send(engine, half, draft, Command.ACKNOWLEDGE, body, now)


def refuse_verified(engine: EngineState, data: bytes, at: int, address: Address) -> bool:
    """Refuse a client that acknowledges :func:`_ask_for_proof`. Returns whether one was asked at this address."""
    half = engine.half_open.by_number.get((address, _NO_NUMBER))
    if half is None:
        return False
    if _is_proof(half, data, at):
        _dismiss(engine, half)
    else:
        engine.drop(Drop.BAD_HANDSHAKE_TOKEN, address)
    return True


def _is_proof(half: HalfOpen, data: bytes, at: int) -> bool:
    """Whether the ACKNOWLEDGE there repeats the numbers that were sent to the address."""
    proof: tuple[int, int] = Acknowledge.parse(data, at)
    return Head.parse(data, at).channel == CONTROL_CHANNEL and proof == (half.sequence, half.time)


def _dismiss(engine: EngineState, half: HalfOpen) -> None:
    """Disconnect a client that has verified its address and gets no slot. It would otherwise notice by its timeout."""
    draft = _as_peer(engine, half)
    _negotiate(engine, draft, half.command)
    draft.outgoing_reliable_sequence = half.sequence
    engine.post(disconnect_datagram(engine, draft, engine.refusal))
    engine.half_open.remove(half)


def _make_room(engine: EngineState, address: Address, connect_id: int, now: int) -> None:
    """Remove up to two expired records, and evict the oldest if there are too many."""
    halves = engine.half_open
    for _ in range(2):  # more than are added, so that none remain
        expired = halves.expired(address, connect_id, now)
        if expired is not None:
            halves.remove(expired)
    evicted = halves.to_evict(address)
    if evicted is not None:
        halves.remove(evicted)
        engine.drop(Drop.HALF_OPEN_LIMIT, evicted.address)


def free_number(engine: EngineState, address: Address, number: int) -> int:
    """The first peer number, from ``number`` on, that the address does not use yet.

    After :data:`MAX_NUMBER_PROBES` records of the same address, the oldest of them is evicted. The host must have a
    free slot, so some number belongs to no peer.
    """
    table, halves = engine.table, engine.half_open
    oldest: HalfOpen | None = None
    looks = 0
    while looks < MAX_NUMBER_PROBES:
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


def _as_peer(engine: EngineState, half: HalfOpen) -> Peer:
    """The peer that it would become, for computations that need one."""
    draft = engine.half_open_peer
    draft.number, draft.address, draft.mtu = half.number, half.address, engine.config.mtu
    draft.incoming_session, draft.outgoing_session = half.sessions
    return draft


def _send(engine: EngineState, half: HalfOpen, draft: Peer, number: int, body: bytes, now: int) -> None:
    """Send one control command whose acknowledgement is the proof, if the credit of the address allows it."""
    wire = HEAD.pack(number | COMMAND_FLAG_ACKNOWLEDGE, CONTROL_CHANNEL, half.sequence) + body
    answer = seal(engine, draft, [wire], half.time)
    if len(answer.data) <= half.credit:
        half.credit -= len(answer.data)
        half.answered = now
        engine.post(answer)


def parse_address_proof(engine: EngineState, half: HalfOpen, data: bytes, at: int, received: int, now: int) -> int:
    """The offset of the commands after the address proof; 0 without a valid proof, which is then requested again.

    Only the first command can be the proof (ENet puts acknowledgements first): otherwise a long datagram would contain
    five hundred guesses.
    """
    half.credit += received
    if at + ACKNOWLEDGE.size <= len(data) and data[at] & COMMAND_MASK == Command.ACKNOWLEDGE:
        if _is_proof(half, data, at):
            return at + ACKNOWLEDGE.size
        engine.drop(Drop.BAD_HANDSHAKE_TOKEN, half.address)
    # The other side may consider itself connected: its acknowledgement was lost.
    draft = _as_peer(engine, half)
    _negotiate(engine, draft, half.command)
    _send(engine, half, draft, Command.PING, b"", now)
    return 0


def promote(engine: EngineState, half: HalfOpen, now: int) -> Peer | None:
    """Make a peer of a record whose address is verified, as after ENet's own handshake.

    Returns None if the last slot was taken meanwhile, or if its network has reached its connect rate. In the second
    case it stays half-open, and its next datagram requests the proof again.
    """
    if not _has_room(engine, half.address):
        _dismiss(engine, half)
        engine.drop(Drop.CONNECT_REFUSED, half.address)
        return None
    if not engine.connect_rate.has_room(half.address, now):
        engine.drop(Drop.CONNECT_REFUSED, half.address)
        return None
    peer = engine.table.prepare(half.address)
    assert peer is not None
    change_state(engine, peer, PeerState.ACKNOWLEDGING_CONNECT)
    peer.number = half.number
    peer.incoming_session, peer.outgoing_session = half.sessions
    _negotiate(engine, peer, half.command)
    peer.outgoing_reliable_sequence = half.sequence
    peer.validation_credit = peer.window_size
    sample_round_trip(peer, now - half.answered or 1, now)
    connected(engine, peer)
    engine.table.add(peer)
    engine.half_open.remove(half)
    engine.connect_rate.count(peer.address)
    return peer


def accept_answer(engine: EngineState, peer: Peer, data: bytes, at: int, address: Address) -> bool:
    """Whether a datagram with its commands from ``at`` on answers our broadcast CONNECT; its sender becomes the remote.

    enet: protocol.c: enet_protocol_handle_incoming_commands accepts any datagram from anywhere as the answer if the
    CONNECT went to 255.255.255.255. Here it must begin with a VERIFY_CONNECT that repeats the connect id, so only a
    host that has read the CONNECT can answer. A refusal does not name the CONNECT, so it ends nothing.
    """
    end = at + VERIFY_CONNECT.size
    if len(data) < end or data[at] & COMMAND_MASK != Command.VERIFY_CONNECT:
        return False
    if VerifyConnect.parse(data, at).connect_id != peer.connect_id:
        return False
    engine.table.move(peer, address)
    return True
