"""A handler for each command of a peer, and the table of handlers for each state.

Nothing here raises, whatever the bytes. A handler returns the offset of the next command, its negative if this command
is not to be acknowledged, or ``STOP`` to ignore the rest of the datagram, as when the peer has ended; earlier commands
keep their effect.

A command without room does not stop the datagram, as in the reference: the command that the others wait for may follow.
enet: protocol.c: the enet_protocol_handle_* functions.
"""

from __future__ import annotations

from collections.abc import Callable

from godot_enet.core.engine import delivery
from godot_enet.core.engine.channel import Channel
from godot_enet.core.engine.lifecycle import (
    become_zombie,
    begin_disconnect,
    change_state,
    connected,
    lost,
    release,
    reset_queues,
    set_mtu,
)
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.reliability import acknowledge, find_unacknowledged, sample_round_trip
from godot_enet.core.engine.state import EngineState
from godot_enet.core.engine.throttle import clamp_window, window_for
from godot_enet.core.engine.timers import schedule
from godot_enet.core.protocol.constants import (
    COMMAND_FLAG_ACKNOWLEDGE,
    COMMAND_MASK,
    CONTROL_CHANNEL,
    MAXIMUM_CHANNEL_COUNT,
    MAXIMUM_FRAGMENT_COUNT,
    MAXIMUM_MTU,
    MAXIMUM_PEER_ID,
    MINIMUM_MTU,
    Command,
    PeerState,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason
from godot_enet.core.protocol.states import IN_SESSION, STATES, as_bits
from godot_enet.core.protocol.tuning import CONTROL_WINDOW
from godot_enet.core.protocol.wire import (
    ACKNOWLEDGE,
    FRAGMENT,
    HEAD,
    SEND_RELIABLE,
    SEND_UNRELIABLE,
    BandwidthLimit,
    Disconnect,
    Fragment,
    Head,
    ThrottleConfigure,
    VerifyConnect,
)

__all__ = ["ACKNOWLEDGED", "HANDLERS", "STOP"]

STOP = 0
_CONNECTED = PeerState.CONNECTED
_unpack_head = HEAD.unpack_from
_unpack_ack = ACKNOWLEDGE.unpack_from
_unpack_reliable = SEND_RELIABLE.unpack_from
_unpack_unreliable = SEND_UNRELIABLE.unpack_from
_unpack_fragment = FRAGMENT.unpack_from


def _channel(engine: EngineState, peer: Peer, channel_id: int, length: int, rest: int) -> Channel | None:
    """The channel of a data command, if there is such a channel, and the data is among the ``rest`` of the datagram."""
    if channel_id >= peer.channel_count:
        engine.drop(Drop.WRONG_CHANNEL, peer.address)
        return None
    if length > rest:
        engine.drop(Drop.MALFORMED, peer.address)
        return None
    if length > engine.maximum_packet_size:
        engine.drop(Drop.PACKET_TOO_LARGE, peer.address)
        return None
    channel = peer.channels.get(channel_id)
    if channel is None:
        channel = peer.channels[channel_id] = Channel()
    return channel


def _handle_acknowledge(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    state = peer.state
    _, channel_id, _, number, sent_time = _unpack_ack(data, at)
    # A remote that does not know the sent time has not received the command: no sign of life, no round-trip sample.
    key = channel_id << 16 | number
    command = peer.sent.get(key) or find_unacknowledged(peer, key)
    if command is None or sent_time not in command.sent_times:
        return body if state in IN_SESSION else STOP
    sent_time |= now & ~0xFFFF
    if sent_time & 0x8000 > now & 0x8000:
        sent_time -= 0x10000
    if now < sent_time:
        return body
    peer.validation_credit = None
    sample_round_trip(peer, now - sent_time or 1, now)
    acknowledge(engine, peer, command, sent_time)
    if state is _CONNECTED:
        return body
    if state is PeerState.ACKNOWLEDGING_CONNECT:
        if command.number != Command.VERIFY_CONNECT:
            return STOP
        connected(engine, peer)
    elif state is PeerState.DISCONNECTING:
        if command.number != Command.DISCONNECT:
            return STOP
        lost(engine, peer)
        return STOP
    elif state is PeerState.DISCONNECT_LATER and not peer.has_outgoing():
        begin_disconnect(engine, peer, peer.event_data)
    return body


def _handle_verify_connect(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    verify = VerifyConnect.parse(data, at)
    if verify.connect_id != peer.connect_id:
        # Forged or stale: a genuine reply repeats the id of our CONNECT.
        engine.drop(Drop.CONNECT_REFUSED, peer.address)
        return STOP
    if (
        not 1 <= verify.channel_count <= MAXIMUM_CHANNEL_COUNT
        or verify.peer_id >= MAXIMUM_PEER_ID
        or verify.throttle_interval != peer.packet_throttle_interval
        or verify.throttle_acceleration != peer.packet_throttle_acceleration
        or verify.throttle_deceleration != peer.packet_throttle_deceleration
    ):
        engine.drop(Drop.CONNECT_REFUSED, peer.address)
        peer.event_data = 0
        become_zombie(engine, peer, DisconnectReason.REFUSED)
        return STOP
    peer.channel_count = min(peer.channel_count, verify.channel_count)
    # Only two bits of each fit the header; the reference stores more and corrupts its flags.
    peer.incoming_session = verify.incoming_session & 3
    peer.outgoing_session = verify.outgoing_session & 3
    peer.outgoing_peer_id = verify.peer_id
    peer.incoming_control = Head.parse(data, at).sequence
    set_mtu(engine, peer, min(peer.mtu, max(MINIMUM_MTU, min(verify.mtu, MAXIMUM_MTU))))
    peer.window_size = min(peer.window_size, clamp_window(verify.window_size))
    peer.incoming_bandwidth = verify.incoming_bandwidth
    peer.outgoing_bandwidth = verify.outgoing_bandwidth
    connected(engine, peer)
    connect = find_unacknowledged(peer, CONTROL_CHANNEL << 16 | 1)
    if connect is not None:
        acknowledge(engine, peer, connect)
    return body


def _is_next_control(peer: Peer, data: bytes, at: int) -> bool:
    """Whether a control command's number is close to earlier ones: ENet offers nothing else to detect a forged one.

    Commands may be lost or late. The highest one is remembered.
    """
    _, channel_id, sequence = _unpack_head(data, at)
    number = sequence - peer.incoming_control & 0xFFFF
    if channel_id != CONTROL_CHANNEL or CONTROL_WINDOW < number < 0x10000 - CONTROL_WINDOW:
        return False
    if number <= CONTROL_WINDOW:
        peer.incoming_control = peer.incoming_control + number & 0xFFFF
    return True


def _handle_disconnect(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    state = peer.state
    if state is not PeerState.CONNECTING and not _is_next_control(peer, data, at):
        engine.drop(Drop.WRONG_SESSION, peer.address)
        return -body
    reset_queues(engine, peer)
    if state is PeerState.ACKNOWLEDGING_CONNECT:
        release(engine, peer)
        return STOP
    is_ours = state is PeerState.DISCONNECTING
    peer.event_data = Disconnect.parse(data, at).data
    if is_ours or state is PeerState.CONNECTING or not data[at] & COMMAND_FLAG_ACKNOWLEDGE:
        become_zombie(engine, peer, DisconnectReason.LOCAL if is_ours else DisconnectReason.REMOTE)
        return STOP
    change_state(engine, peer, PeerState.ACKNOWLEDGING_DISCONNECT)
    # Without a sent time there is nothing to acknowledge, and the reference would wait forever.
    peer.deadline = now + peer.timeouts.maximum
    schedule(engine, peer)
    return body


def _handle_ping(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    _is_next_control(peer, data, at)
    return body


def _handle_send_reliable(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    _, channel_id, number, length = _unpack_reliable(data, at)
    channel = _channel(engine, peer, channel_id, length, end - body)
    if channel is None:
        return STOP
    stop: int = body + length
    taken = delivery.receive_reliable(engine, peer, channel, channel_id, number, data[body:stop])
    return stop if taken else -stop


def _handle_send_unreliable(
    engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    _, channel_id, reliable, unreliable, length = _unpack_unreliable(data, at)
    channel = _channel(engine, peer, channel_id, length, end - body)
    if channel is None:
        return STOP
    stop: int = body + length
    taken = delivery.receive_unreliable(engine, peer, channel, channel_id, reliable, unreliable, data[body:stop])
    return stop if taken else -stop


def _handle_send_unsequenced(
    engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    _, channel_id, _, group, length = _unpack_unreliable(data, at)
    if _channel(engine, peer, channel_id, length, end - body) is None:
        return STOP
    stop: int = body + length
    taken = delivery.receive_unsequenced(engine, peer, channel_id, group, data[body:stop])
    return stop if taken else -stop


def _is_evenly_split(fragment: Fragment) -> bool:
    """Whether a packet split into equally long fragments, except for the last, has this fragment.

    ENet splits packets that way. Otherwise two fragments of one byte could claim to be a packet of the maximum size.
    enet: peer.c: enet_peer_send.
    """
    _, length, count, number, total, offset = fragment
    if number < count - 1:
        return offset == number * length and (count - 1) * length < total <= count * length
    return offset + length == total and (offset % number == 0 and offset >= number * length if number else not offset)


def _handle_fragment(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    first, channel_id, reliable, *fields = _unpack_fragment(data, at)
    fragment = Fragment._make(fields)
    channel = _channel(engine, peer, channel_id, fragment.length, end - body)
    if channel is None:
        return STOP
    stop = body + fragment.length
    if fragment.length == 0:
        engine.drop(Drop.MALFORMED, peer.address)
        return STOP
    is_reliable = first & 15 == Command.SEND_FRAGMENT
    start = fragment.start_sequence
    if not channel.accepts(start if is_reliable else reliable):
        return stop
    if not is_reliable and reliable == channel.incoming_reliable and start <= channel.incoming_unreliable:
        return stop
    is_too_large = fragment.total_length > engine.maximum_packet_size
    if (
        fragment.fragment_count > MAXIMUM_FRAGMENT_COUNT
        or fragment.fragment_number >= fragment.fragment_count
        or is_too_large
        or not _is_evenly_split(fragment)
    ):
        engine.drop(Drop.PACKET_TOO_LARGE if is_too_large else Drop.MALFORMED, peer.address)
        return STOP
    piece = data[body:stop]
    if is_reliable:
        taken = delivery.receive_fragment(engine, peer, channel, channel_id, fragment, piece)
    else:
        taken = delivery.receive_unreliable_fragment(engine, peer, channel, channel_id, reliable, fragment, piece)
    return stop if taken else -stop


def _handle_bandwidth_limit(
    engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    if not _is_next_control(peer, data, at):
        engine.drop(Drop.WRONG_SESSION, peer.address)
        return -body
    incoming, outgoing = BandwidthLimit.parse(data, at)
    engine.limited_peers += bool(incoming) - bool(peer.incoming_bandwidth)
    peer.incoming_bandwidth = incoming
    peer.outgoing_bandwidth = outgoing
    peer.window_size = window_for(engine.outgoing_bandwidth, incoming)
    return body


def _handle_throttle_configure(
    engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int
) -> int:
    if not _is_next_control(peer, data, at):
        engine.drop(Drop.WRONG_SESSION, peer.address)
        return -body
    configure = ThrottleConfigure.parse(data, at)
    peer.packet_throttle_interval = configure.interval
    peer.packet_throttle_acceleration = configure.acceleration
    peer.packet_throttle_deceleration = configure.deceleration
    return body


_Handler = Callable[[EngineState, Peer, bytes, int, int, int, int], int]


def _ignore(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    return body


def _refuse(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    engine.drop(Drop.WRONG_STATE, peer.address)
    return STOP


def _refuse_connect(engine: EngineState, peer: Peer, data: bytes, at: int, body: int, end: int, now: int) -> int:
    engine.drop(Drop.CONNECT_REFUSED, peer.address)
    return STOP


_TAKING: dict[int, _Handler] = {
    Command.ACKNOWLEDGE: _handle_acknowledge,
    Command.VERIFY_CONNECT: _handle_verify_connect,
    Command.DISCONNECT: _handle_disconnect,
    Command.PING: _handle_ping,
    Command.SEND_RELIABLE: _handle_send_reliable,
    Command.SEND_UNRELIABLE: _handle_send_unreliable,
    Command.SEND_FRAGMENT: _handle_fragment,
    Command.SEND_UNSEQUENCED: _handle_send_unsequenced,
    Command.BANDWIDTH_LIMIT: _handle_bandwidth_limit,
    Command.THROTTLE_CONFIGURE: _handle_throttle_configure,
    Command.SEND_UNRELIABLE_FRAGMENT: _handle_fragment,
}
"""Handlers for the states that take a command. CONNECT is handled in handshake.py: only a sender without a peer sends
it, and once in a datagram."""


def _handlers(state: PeerState) -> tuple[_Handler, ...]:
    """The handler of each command in this state, by number."""
    made: list[_Handler] = [_refuse] * (COMMAND_MASK + 1)
    made[Command.CONNECT] = _refuse_connect
    rules = STATES.get(state)
    if rules is None:
        return tuple(made)
    for number in rules.ignores:
        made[number] = _ignore
    for number in rules.takes:
        made[number] = _TAKING[number]
    return tuple(made)


HANDLERS = tuple(map(_handlers, PeerState))
ACKNOWLEDGED = tuple(as_bits(STATES[state].acknowledges) if state in STATES else 0 for state in PeerState)
"""Both are indexed by state."""
