"""From datagrams to commands: which peer a datagram belongs to, and whether it is valid. Never raises.

enet: protocol.c: enet_protocol_handle_incoming_commands.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from godot_enet.core.engine.backlog import Turns, defer_datagram
from godot_enet.core.engine.budget import (
    begin_pass,
    charge,
    charge_unverified,
    cost_of_decoding,
    is_suspect,
    is_unverified_exhausted,
    must_defer,
    suspect,
)
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.half_open import HalfOpen
from godot_enet.core.engine.handlers import ACKNOWLEDGED, HANDLERS, STOP
from godot_enet.core.engine.handshake import (
    accept_answer,
    handle_connect,
    parse_address_proof,
    promote,
    refuse_verified,
)
from godot_enet.core.engine.lifecycle import (
    evict,
)
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.state import EngineState
from godot_enet.core.engine.timers import schedule
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_ACKNOWLEDGE,
    HEADER_COMPRESSED,
    HEADER_SENT_TIME,
    MAXIMUM_DATAGRAM,
    MAXIMUM_PEER_ID,
    Command,
    PeerState,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.tuning import MAX_LIVE_BACKOFF, UNVALIDATED_BODY_LIMIT
from godot_enet.core.protocol.wire import ACKNOWLEDGE, COMMAND_SIZES, HEAD, pack_connect_id

__all__ = ["drain_backlog", "receive_datagram", "receive_pass"]

_pack_ack = ACKNOWLEDGE.pack
_unpack_head = HEAD.unpack_from
# Up to Python 3.11 an attribute of an enum takes as long as a call.
_CONNECT, _ACKNOWLEDGE = int(Command.CONNECT), int(Command.ACKNOWLEDGE)
_DISCONNECTED = PeerState.DISCONNECTED
_DTLS_HEADER = 13
_DTLS_TYPES = (20, 23)
_DTLS_MAJOR = 0xFE


def receive_pass(engine: EngineState, batch: Iterable[Datagram], now: int) -> None:
    """Process datagrams in the order they arrived."""
    begin_pass(engine)
    engine.now = now
    engine.batch_done = engine.batch_tries = 0
    engine.batch = [*batch]  # without a call: they are with the caller or here
    for data, address in engine.batch:
        receive_datagram(engine, data, address, now)
        engine.batch_done += 1
    engine.batch = ()
    engine.has_received = True


def drain_backlog(engine: EngineState, now: int) -> None:
    """Run a pass over the backlog."""
    engine.draining = True
    begin_pass(engine)
    engine.now = now
    turns = Turns(engine)
    while (turn := turns.next()) is not None:
        peer, data = turn
        engine.batch_done = engine.batch_tries = 0
        engine.batch = [Datagram(data, peer.address)]
        receive_datagram(engine, data, peer.address, now)
        engine.batch = ()
    engine.draining = False


def receive_datagram(engine: EngineState, data: bytes, address: Address, now: int) -> None:
    """Process one datagram."""
    length = len(data)
    if length < 2 or length > MAXIMUM_DATAGRAM:
        if length:  # An empty datagram is ignored; the reference ends its receive pass there.
            engine.drop(Drop.SHORT if length < 2 else Drop.OVERSIZED, address)
        return
    word = data[0] << 8 | data[1]
    sent_time = -1
    header = 2
    if word & HEADER_SENT_TIME:
        header = 4
    if engine.checksum:
        header += 4
    if length < header:
        engine.drop(Drop.SHORT, address)
        return
    if word & HEADER_SENT_TIME:
        sent_time = data[2] << 8 | data[3]

    peer_number = word & MAXIMUM_PEER_ID
    peer: Peer | None = None
    half: HalfOpen | None = None
    if peer_number != MAXIMUM_PEER_ID:
        table, halves = engine.table, engine.half_open
        peer = table.by_number.get((address, peer_number)) or table.any_source.get(peer_number)
        if peer is None:
            half = halves.by_number.get((address, peer_number))
            if half is None:
                if _is_dtls_record(data):
                    engine.drop(Drop.DTLS_RECORD, address)
                    return
                in_use = table.uses(peer_number) or halves.uses(peer_number)
                engine.drop(Drop.WRONG_ADDRESS if in_use else Drop.UNKNOWN_PEER, address)
                return
            if (word >> 12) & 3 != half.sessions[0]:
                engine.drop(Drop.WRONG_SESSION, address)
                return
        elif peer.state is PeerState.ZOMBIE:
            engine.drop(Drop.UNKNOWN_PEER, address)
            return
        # While connecting the session is not known yet.
        elif peer.outgoing_peer_id < MAXIMUM_PEER_ID and (word >> 12) & 3 != peer.incoming_session:
            engine.drop(Drop.WRONG_SESSION, address)
            return
        if peer is not None and must_defer(engine, peer):
            if defer_datagram(engine, peer, data, now):
                evict(engine, peer)
            return

    cost = 0
    if word & HEADER_COMPRESSED:
        if engine.compressor is None:
            engine.drop(Drop.NO_COMPRESSOR, address)
            return
        if is_suspect(engine, peer) if peer is not None else half is not None and is_unverified_exhausted(engine):
            engine.drop(Drop.OVER_BUDGET, address)
            return
        # An unknown sender can only send CONNECT, and must not cause work for more.
        limit = UNVALIDATED_BODY_LIMIT if peer is None and half is None else MAXIMUM_DATAGRAM - header
        coded = length - header
        body = None
        if peer is not None or half is not None or coded <= UNVALIDATED_BODY_LIMIT:
            body = engine.compressor.decompress(data[header:], limit)
        if not body or len(body) > limit:
            engine.drop(Drop.UNDECODABLE, address)
            suspect(engine, peer, cost_of_decoding(engine, coded, limit))
            return
        cost = cost_of_decoding(engine, coded, len(body))
        data = data[:header] + body
    if engine.checksum:
        known = peer or half
        key = pack_connect_id(known.connect_id) if known is not None else bytes(4)
        expected = crc32(data[header:], crc32(data[: header - 4] + key)).to_bytes(4, "big")
        if data[header - 4 : header] != expected:
            engine.drop(Drop.CHECKSUM, address)
            suspect(engine, peer, cost)
            return
    if cost and peer is not None:
        charge(engine, peer, cost)
    elif cost:
        charge_unverified(engine, cost)
    if peer is not None and peer.any_source and not accept_answer(engine, peer, data, header, address):
        engine.drop(Drop.WRONG_ADDRESS, address)
        return
    begin = header
    if half is not None:
        begin = parse_address_proof(engine, half, data, header, length, now)
        if not begin:
            return
        peer = promote(engine, half, now)
        if peer is None:
            return
    if peer is not None:
        peer.incoming_data_total += len(data)
        peer.pass_bytes += len(data)
        if peer.validation_credit is None and peer.recovery is not None and peer.recovery.backoff > MAX_LIVE_BACKOFF:
            peer.recovery.backoff = MAX_LIVE_BACKOFF
    _parse_commands(engine, peer, data, header, begin, sent_time, length, address, now)


def _is_dtls_record(data: bytes) -> bool:
    """Whether this is the beginning of a DTLS record, 1.0 to 1.3: content type, version, and a length that fits."""
    return (
        len(data) >= _DTLS_HEADER
        and _DTLS_TYPES[0] <= data[0] <= _DTLS_TYPES[1]
        and data[1] == _DTLS_MAJOR
        and _DTLS_HEADER + (data[11] << 8 | data[12]) <= len(data)
    )


def _parse_commands(
    engine: EngineState,
    peer: Peer | None,
    data: bytes,
    begin: int,
    at: int,
    sent_time: int,
    received: int,
    address: Address,
    now: int,
) -> None:
    """Handle the commands from ``at`` on, of a datagram of ``received`` bytes whose first command is at ``begin``."""
    end = len(data)
    compressed = data[0] & HEADER_COMPRESSED >> 8
    commands = 0
    while at < end:
        commands += 1
        first = data[at]
        number = first & 15
        size = COMMAND_SIZES[number]
        body = at + size
        if not size or body > end:
            if compressed and at > begin and not number:
                break  # The zeros that pad FastLZ's short inputs.
            # Invalid from the start: compressed by another codec.
            engine.drop(Drop.UNDECODABLE if compressed and at == begin else Drop.MALFORMED, address)
            break
        if peer is not None:
            following = HANDLERS[peer.state][number](engine, peer, data, at, body, end, now)
            if following == STOP:
                break
            if following < 0:
                at = -following
                continue
        elif number == _CONNECT:
            peer = handle_connect(engine, data[at:body], address, received, sent_time, now)
            if peer is None:
                break
            following = body
        else:
            if number == _ACKNOWLEDGE and at == begin and refuse_verified(engine, data, at, address):
                break
            engine.drop(Drop.UNDECODABLE if compressed and at == begin else Drop.UNKNOWN_PEER, address)
            break
        if first & COMMAND_FLAG_ACKNOWLEDGE:
            if sent_time < 0:
                break
            if ACKNOWLEDGED[peer.state] >> number & 1:
                _, channel_id, sequence = _unpack_head(data, at)
                channel = peer.channels.get(channel_id) or _UNUSED_CHANNEL
                if (
                    channel.incoming_reliable == sequence
                    or channel_id >= peer.channel_count
                    or channel.acknowledges(sequence)
                ):
                    peer.acks.append(_pack_ack(_ACKNOWLEDGE, channel_id, sequence, sequence, sent_time))
                    peer.outgoing_data_total += 8
        at = following
    if peer is not None and peer.state is not _DISCONNECTED:
        charge(engine, peer, commands)
        if peer.acks or peer.is_queued():
            engine.dirty.add(peer)
            if peer.recovery is not None and peer.sent:
                # An acknowledgement may have revealed a loss.
                schedule(engine, peer)
        else:
            # An acknowledgement may have brought the next ping forward.
            schedule(engine, peer)


_UNUSED_CHANNEL = Channel()
