"""From datagrams to commands: whose it is, whether it may be believed, and one handler for each command.

Nothing here raises, whatever the bytes. A handler returns where the next command begins, the negative of that if this
one is not to be acknowledged, or ``_STOP`` to give up on the rest of the datagram; what was done before stays done.

What there is no room for is no reason to give up, as in the reference: what everything waits for may be behind it.
enet: protocol.c: enet_protocol_handle_incoming_commands and the enet_protocol_handle_* functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from zlib import crc32

from godot_enet.core.engine import delivery
from godot_enet.core.engine.budget import (
    charge_nobody,
    cost_of_decoding,
    is_nobody_exhausted,
    is_suspect,
    must_wait,
    put_off,
    suspect,
)
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.handshake import accept_answer, handle_connect, promote, proof_end
from godot_enet.core.engine.reliability import acknowledge, find_unacknowledged, sample_round_trip
from godot_enet.core.engine.throttle import clamp_window, window_for
from godot_enet.core.interface import Address
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_ACKNOWLEDGE,
    CONTROL_CHANNEL,
    HEADER_COMPRESSED,
    HEADER_SENT_TIME,
    MAXIMUM_CHANNEL_COUNT,
    MAXIMUM_DATAGRAM,
    MAXIMUM_FRAGMENT_COUNT,
    MAXIMUM_MTU,
    MAXIMUM_PEER_ID,
    MINIMUM_MTU,
    Command,
    DisconnectMode,
    PeerState,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason
from godot_enet.core.protocol.tuning import CONTROL_WINDOW, PRESENT_BACKOFF, STRANGER_LIMIT
from godot_enet.core.protocol.wire import (
    ACKNOWLEDGE,
    BANDWIDTH_LIMIT,
    COMMAND_SIZES,
    DISCONNECT,
    FRAGMENT,
    SEND_RELIABLE,
    SEND_UNRELIABLE,
    THROTTLE_CONFIGURE,
    VERIFY_CONNECT,
    pack_connect_id,
    unpack_connect_id,
)

if TYPE_CHECKING:
    from godot_enet.core.engine.engine import PythonEngine
    from godot_enet.core.engine.half_open import HalfOpen
    from godot_enet.core.engine.peer import Peer

__all__ = ["receive_datagram"]

_STOP = 0
_CONNECTED = PeerState.CONNECTED
_IN_SESSION = frozenset({PeerState.CONNECTED, PeerState.DISCONNECT_LATER})
_pack_ack = ACKNOWLEDGE.pack
_unpack_ack = ACKNOWLEDGE.unpack_from
_unpack_reliable = SEND_RELIABLE.unpack_from
_unpack_unreliable = SEND_UNRELIABLE.unpack_from
_unpack_fragment = FRAGMENT.unpack_from


def receive_datagram(engine: PythonEngine, data: bytes, address: Address, now: int) -> None:
    """Everything that one datagram causes."""
    length = len(data)
    if length < 2 or length > MAXIMUM_DATAGRAM:
        if length:  # An empty datagram says nothing; the reference ends its receive pass there.
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
                in_use = table.uses(peer_number) or halves.uses(peer_number)
                engine.drop(Drop.WRONG_ADDRESS if in_use else Drop.UNKNOWN_PEER, address)
                return
            if (word >> 12) & 3 != half.sessions[0]:
                engine.drop(Drop.WRONG_SESSION, address)
                return
        elif peer.state is PeerState.ZOMBIE:
            engine.drop(Drop.UNKNOWN_PEER, address)
            return
        # While connecting we do not know the session yet.
        elif peer.outgoing_peer_id < MAXIMUM_PEER_ID and (word >> 12) & 3 != peer.incoming_session:
            engine.drop(Drop.WRONG_SESSION, address)
            return
        if peer is not None and must_wait(engine, peer):
            put_off(engine, peer, data, now)
            return

    cost = 0
    if word & HEADER_COMPRESSED:
        if engine.compressor is None:
            engine.drop(Drop.NO_COMPRESSOR, address)
            return
        if is_suspect(engine, peer) if peer is not None else half is not None and is_nobody_exhausted(engine):
            engine.drop(Drop.OVER_BUDGET, address)
            return
        # A stranger can only say CONNECT, and shall not make us work for more.
        limit = STRANGER_LIMIT if peer is None and half is None else MAXIMUM_DATAGRAM - header
        coded = length - header
        body = None
        if peer is not None or half is not None or coded <= STRANGER_LIMIT:
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
        peer.served_commands += cost
    elif cost:
        charge_nobody(engine, cost)
    if peer is not None and peer.any_source and not accept_answer(engine, peer, data, header, address):
        engine.drop(Drop.WRONG_ADDRESS, address)
        return
    begin = header
    if half is not None:
        begin = proof_end(engine, half, data, header, length, now)
        if not begin:
            return
        peer = promote(engine, half, now)
        if peer is None:
            return
    if peer is not None:
        peer.incoming_data_total += len(data)
        peer.served_bytes += len(data)
        if peer.trial is None and peer.recovery is not None and peer.recovery.backoff > PRESENT_BACKOFF:
            peer.recovery.backoff = PRESENT_BACKOFF
    _parse_commands(engine, peer, data, header, begin, sent_time, length, address, now)


def _parse_commands(
    engine: PythonEngine,
    peer: Peer | None,
    data: bytes,
    begin: int,
    at: int,
    sent_time: int,
    received: int,
    address: Address,
    now: int,
) -> None:
    """The commands from ``at`` on, of a datagram of ``received`` bytes whose first one is at ``begin``."""
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
                break  # The zeros that FastLZ's short inputs are filled up with.
            # Nonsense from the start was coded by another codec.
            engine.drop(Drop.UNDECODABLE if compressed and at == begin else Drop.MALFORMED, address)
            break
        if number == Command.CONNECT:
            # Only from somebody without a peer, and once in a datagram.
            if peer is not None:
                engine.drop(Drop.CONNECT_REFUSED, address)
                break
            peer = handle_connect(engine, data[at:body], address, received, now)
            if peer is None:
                break
            following = body
        elif peer is None:
            engine.drop(Drop.UNDECODABLE if compressed and at == begin else Drop.UNKNOWN_PEER, address)
            break
        else:
            following = _HANDLERS[number](engine, peer, data, at, body, end, now)
            if following == _STOP or peer.state in _OVER:
                break
            if following < 0:
                at = -following
                continue
        if first & COMMAND_FLAG_ACKNOWLEDGE:
            if sent_time < 0:
                break
            state = peer.state
            if state is _CONNECTED or (
                state in _ACKNOWLEDGING_STATES
                or (state is PeerState.ACKNOWLEDGING_DISCONNECT and number == Command.DISCONNECT)
            ):
                channel_id = data[at + 1]
                sequence = data[at + 2] << 8 | data[at + 3]
                channel = peer.channels.get(channel_id) or _UNUSED_CHANNEL
                if (
                    channel.incoming_reliable == sequence
                    or channel_id >= peer.channel_count
                    or channel.acknowledges(sequence)
                ):
                    peer.acks.append(_pack_ack(Command.ACKNOWLEDGE, channel_id, sequence, sequence, sent_time))
                    peer.outgoing_data_total += 8
        at = following
    if peer is not None and peer.state is not PeerState.DISCONNECTED:
        peer.served_commands += commands
        if peer.acks or peer.is_queued():
            engine.dirty.add(peer)
            if peer.recovery is not None and peer.sent:
                # An acknowledgement may have told that something is lost.
                engine.schedule(peer)
        else:
            # An acknowledgement may have brought the next ping forward.
            engine.schedule(peer)


_UNUSED_CHANNEL = Channel()
_OVER = frozenset({PeerState.DISCONNECTED, PeerState.ZOMBIE})
"""Nothing that follows in the datagram can have an effect on these."""
_ACKNOWLEDGING_STATES = frozenset(
    {
        PeerState.CONNECTING,
        PeerState.CONNECTION_PENDING,
        PeerState.CONNECTION_SUCCEEDED,
        PeerState.DISCONNECT_LATER,
    }
)


def _channel(engine: PythonEngine, peer: Peer, channel_id: int) -> Channel | None:
    """The channel of a data command, if the peer is in a state to take any."""
    if peer.state is not _CONNECTED and peer.state is not PeerState.DISCONNECT_LATER:
        engine.drop(Drop.WRONG_STATE, peer.address)
        return None
    if channel_id >= peer.channel_count:
        engine.drop(Drop.WRONG_CHANNEL, peer.address)
        return None
    channel = peer.channels.get(channel_id)
    if channel is None:
        channel = peer.channels[channel_id] = Channel()
    return channel


def _data_end(engine: PythonEngine, peer: Peer, body: int, length: int, end: int) -> int:
    """Where the data of a command ends, or ``_STOP``."""
    if body + length > end:
        engine.drop(Drop.MALFORMED, peer.address)
        return _STOP
    if length > engine.maximum_packet_size:
        engine.drop(Drop.PACKET_TOO_LARGE, peer.address)
        return _STOP
    return body + length


def _handle_acknowledge(engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    state = peer.state
    if state is PeerState.CONNECTING:
        # Nobody acknowledges a CONNECT; a forged one would stop it from being repeated, for ever.
        return body
    _, channel_id, _, number, sent_time = _unpack_ack(data, at)
    # Whoever does not know when what was sent has not received it: that is no sign of life, and tells no time.
    command = find_unacknowledged(peer, channel_id << 16 | number)
    if command is None or not command.has_left(sent_time):
        return body if state in _IN_SESSION else _STOP
    sent_time |= now & ~0xFFFF
    if sent_time & 0x8000 > now & 0x8000:
        sent_time -= 0x10000
    if now < sent_time:
        return body
    peer.trial = None
    sample_round_trip(peer, now - sent_time or 1, now)
    acknowledge(engine, peer, command, sent_time)
    if state is _CONNECTED:
        return body
    if state is PeerState.ACKNOWLEDGING_CONNECT:
        if command.number != Command.VERIFY_CONNECT:
            return _STOP
        engine.connected(peer)
    elif state is PeerState.DISCONNECTING:
        if command.number != Command.DISCONNECT:
            return _STOP
        engine.lost(peer)
    elif state is PeerState.DISCONNECT_LATER and not peer.has_outgoing():
        engine.disconnect_peer(peer, peer.event_data, DisconnectMode.NORMAL, now)
    return body


def _handle_verify_connect(
    engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    if peer.state is not PeerState.CONNECTING:
        return body
    (
        _,
        _,
        control,
        outgoing_peer_id,
        incoming_session,
        outgoing_session,
        mtu,
        window_size,
        channel_count,
        incoming_bandwidth,
        outgoing_bandwidth,
        throttle_interval,
        throttle_acceleration,
        throttle_deceleration,
        raw_connect_id,
    ) = VERIFY_CONNECT.unpack_from(data, at)
    if unpack_connect_id(raw_connect_id) != peer.connect_id:
        # Forged, or left over: whoever answers our CONNECT repeats its id.
        engine.drop(Drop.CONNECT_REFUSED, peer.address)
        return _STOP
    if (
        not 1 <= channel_count <= MAXIMUM_CHANNEL_COUNT
        or outgoing_peer_id >= MAXIMUM_PEER_ID
        or throttle_interval != peer.packet_throttle_interval
        or throttle_acceleration != peer.packet_throttle_acceleration
        or throttle_deceleration != peer.packet_throttle_deceleration
    ):
        engine.drop(Drop.CONNECT_REFUSED, peer.address)
        peer.event_data = 0
        engine.become_zombie(peer, DisconnectReason.REFUSED)
        return _STOP
    peer.channel_count = min(peer.channel_count, channel_count)
    # Only two bits of each fit the header; the reference stores more and garbles its flags.
    peer.incoming_session = incoming_session & 3
    peer.outgoing_session = outgoing_session & 3
    peer.outgoing_peer_id = outgoing_peer_id
    peer.incoming_control = control
    engine.set_mtu(peer, min(peer.mtu, max(MINIMUM_MTU, min(mtu, MAXIMUM_MTU))))
    peer.window_size = min(peer.window_size, clamp_window(window_size))
    peer.incoming_bandwidth = incoming_bandwidth
    peer.outgoing_bandwidth = outgoing_bandwidth
    engine.connected(peer)
    connect = find_unacknowledged(peer, CONTROL_CHANNEL << 16 | 1)
    if connect is not None:
        acknowledge(engine, peer, connect)
    return body


def _is_next_control(peer: Peer, data: bytes, at: int) -> bool:
    """Whether a control command's number fits those that came before: all that ENet gives to tell it from a forged one.

    Some may have been lost, and some come late. The highest one is remembered.
    """
    number = (data[at + 2] << 8 | data[at + 3]) - peer.incoming_control & 0xFFFF
    if data[at + 1] != CONTROL_CHANNEL or CONTROL_WINDOW < number < 0x10000 - CONTROL_WINDOW:
        return False
    if number <= CONTROL_WINDOW:
        peer.incoming_control = peer.incoming_control + number & 0xFFFF
    return True


def _handle_disconnect(engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    state = peer.state
    if state is PeerState.ACKNOWLEDGING_DISCONNECT or state is PeerState.ZOMBIE:
        return body
    if state is not PeerState.CONNECTING and not _is_next_control(peer, data, at):
        engine.drop(Drop.WRONG_SESSION, peer.address)
        return -body
    engine.reset_queues(peer)
    if state is PeerState.DISCONNECTING or state is PeerState.CONNECTING:
        ours = state is PeerState.DISCONNECTING
        engine.become_zombie(peer, DisconnectReason.LOCAL if ours else DisconnectReason.REMOTE)
    elif state is PeerState.ACKNOWLEDGING_CONNECT:
        engine.release(peer)
        return body
    elif data[at] & COMMAND_FLAG_ACKNOWLEDGE:
        engine.change_state(peer, PeerState.ACKNOWLEDGING_DISCONNECT)
        # Without a sent time there is nothing to acknowledge, and the reference would wait for ever.
        peer.deadline = now + peer.timeout_maximum
        engine.schedule(peer)
    else:
        engine.become_zombie(peer, DisconnectReason.REMOTE)
    peer.event_data = DISCONNECT.unpack_from(data, at)[3]
    return body


def _in_session(engine: PythonEngine, peer: Peer) -> bool:
    if peer.state in _IN_SESSION:
        return True
    engine.drop(Drop.WRONG_STATE, peer.address)
    return False


def _handle_ping(engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    if not _in_session(engine, peer):
        return _STOP
    _is_next_control(peer, data, at)
    return body


def _handle_send_reliable(engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    _, channel_id, number, length = _unpack_reliable(data, at)
    channel = _channel(engine, peer, channel_id)
    if channel is None:
        return _STOP
    stop = _data_end(engine, peer, body, length, end)
    if stop == _STOP:
        return _STOP
    taken = delivery.receive_reliable(engine, peer, channel, channel_id, number, data[body:stop])
    return stop if taken else -stop


def _handle_send_unreliable(
    engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    _, channel_id, reliable, unreliable, length = _unpack_unreliable(data, at)
    channel = _channel(engine, peer, channel_id)
    if channel is None:
        return _STOP
    stop = _data_end(engine, peer, body, length, end)
    if stop == _STOP:
        return _STOP
    taken = delivery.receive_unreliable(engine, peer, channel, channel_id, reliable, unreliable, data[body:stop])
    return stop if taken else -stop


def _handle_send_unsequenced(
    engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    _, channel_id, _, group, length = _unpack_unreliable(data, at)
    if _channel(engine, peer, channel_id) is None:
        return _STOP
    stop = _data_end(engine, peer, body, length, end)
    if stop == _STOP:
        return _STOP
    taken = delivery.receive_unsequenced(engine, peer, channel_id, group, data[body:stop])
    return stop if taken else -stop


def _is_cut_evenly(count: int, number: int, total: int, offset: int, length: int) -> bool:
    """Whether a packet of ``total`` bytes has this fragment, if all are equally long but for the last.

    ENet cuts packets so. Otherwise two fragments of one byte could claim to be a packet of the greatest size.
    enet: peer.c: enet_peer_send.
    """
    if number < count - 1:
        return offset == number * length and (count - 1) * length < total <= count * length
    return offset + length == total and (offset % number == 0 and offset >= number * length if number else not offset)


def _handle_fragment(engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    first, channel_id, reliable, start, length, count, number, total, offset = _unpack_fragment(data, at)
    channel = _channel(engine, peer, channel_id)
    if channel is None:
        return _STOP
    stop = _data_end(engine, peer, body, length, end)
    if stop == _STOP:
        return _STOP
    if length == 0:
        engine.drop(Drop.MALFORMED, peer.address)
        return _STOP
    is_reliable = first & 15 == Command.SEND_FRAGMENT
    if not channel.accepts(start if is_reliable else reliable):
        return stop
    if not is_reliable and reliable == channel.incoming_reliable and start <= channel.incoming_unreliable:
        return stop
    if (
        count > MAXIMUM_FRAGMENT_COUNT
        or number >= count
        or total > engine.maximum_packet_size
        or not _is_cut_evenly(count, number, total, offset, length)
    ):
        engine.drop(Drop.PACKET_TOO_LARGE if total > engine.maximum_packet_size else Drop.MALFORMED, peer.address)
        return _STOP
    piece = data[body:stop]
    if is_reliable:
        taken = delivery.receive_fragment(engine, peer, channel, channel_id, start, count, number, total, offset, piece)
    else:
        taken = delivery.receive_unreliable_fragment(
            engine, peer, channel, channel_id, reliable, start, count, number, total, offset, piece
        )
    return stop if taken else -stop


def _handle_bandwidth_limit(
    engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    if not _in_session(engine, peer):
        return _STOP
    if not _is_next_control(peer, data, at):
        engine.drop(Drop.WRONG_SESSION, peer.address)
        return -body
    _, _, _, incoming, outgoing = BANDWIDTH_LIMIT.unpack_from(data, at)
    engine.limited_peers += bool(incoming) - bool(peer.incoming_bandwidth)
    peer.incoming_bandwidth = incoming
    peer.outgoing_bandwidth = outgoing
    peer.window_size = window_for(engine.outgoing_bandwidth, incoming)
    return body


def _handle_throttle_configure(
    engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    if not _in_session(engine, peer):
        return _STOP
    if not _is_next_control(peer, data, at):
        engine.drop(Drop.WRONG_SESSION, peer.address)
        return -body
    _, _, _, interval, acceleration, deceleration = THROTTLE_CONFIGURE.unpack_from(data, at)
    peer.packet_throttle_interval = interval
    peer.packet_throttle_acceleration = acceleration
    peer.packet_throttle_deceleration = deceleration
    return body


_Handler = Callable[["PythonEngine", "Peer", bytes, int, int, int, int], int]


def _no_command(engine: PythonEngine, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    """Numbers without a size never get here."""
    return _STOP


_HANDLERS: tuple[_Handler, ...] = (
    _no_command,
    _handle_acknowledge,
    _no_command,  # CONNECT is handled where there is no peer yet
    _handle_verify_connect,
    _handle_disconnect,
    _handle_ping,
    _handle_send_reliable,
    _handle_send_unreliable,
    _handle_fragment,
    _handle_send_unsequenced,
    _handle_bandwidth_limit,
    _handle_throttle_configure,
    _handle_fragment,
    _no_command,
    _no_command,
    _no_command,
)
