"""Acknowledgements, round-trip estimate and timeouts; when a peer is next due.

Units: milliseconds, as whole numbers, with the reference's truncating divisions.
enet: protocol.c: enet_protocol_handle_acknowledge, enet_protocol_remove_sent_reliable_command,
enet_protocol_check_timeouts.
"""

from __future__ import annotations

from collections import OrderedDict

from godot_enet.core.engine.commands import ReliableCommand
from godot_enet.core.engine.peer import NO_OVERDUE, Peer
from godot_enet.core.engine.redundancy import copy_due_at, probe_due_at
from godot_enet.core.engine.state import EngineState
from godot_enet.core.engine.throttle import adapt_throttle
from godot_enet.core.protocol.constants import CONTROL_CHANNEL, PeerState
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD

__all__ = [
    "acknowledge",
    "check_timeouts",
    "due_at",
    "find_unacknowledged",
    "is_validation_overdue",
    "sample_round_trip",
]


def sample_round_trip(peer: Peer, sample: int, now: int) -> None:
    """Update the round-trip estimate, the throttle and the liveness with a sample of ``sample`` ms (at least 1)."""
    if peer.last_receive_time > 0:
        adapt_throttle(peer, sample)
        rtt = peer.rtt
        variance = peer.rtt_variance
        variance -= variance // 4
        if sample >= rtt:
            difference = sample - rtt
            rtt += difference // 8
        else:
            difference = rtt - sample
            rtt -= difference // 8
        variance += difference // 4
    else:
        rtt = sample
        variance = (sample + 1) // 2
    peer.rtt = rtt
    peer.rtt_variance = variance
    if rtt < peer.lowest_rtt:
        peer.lowest_rtt = rtt
    if variance > peer.highest_rtt_variance:
        peer.highest_rtt_variance = variance
    epoch = peer.packet_throttle_epoch
    if not epoch or now - epoch >= peer.packet_throttle_interval:
        peer.last_rtt = peer.lowest_rtt
        peer.last_rtt_variance = max(peer.highest_rtt_variance, 1)
        peer.lowest_rtt = rtt
        peer.highest_rtt_variance = variance
        peer.packet_throttle_epoch = now
    peer.last_receive_time = now if now > 1 else 1
    peer.earliest_timeout = 0
    recovery = peer.recovery
    if recovery is not None:
        recovery.last_sample = sample
        recovery.backoff = 0


def find_unacknowledged(peer: Peer, key: int) -> ReliableCommand | None:
    """The command with this key that is in flight, or waits to be resent."""
    command = peer.sent.get(key) or peer.overdue.get(key)
    if command is None and key >> 16 == CONTROL_CHANNEL:
        # Before any that was never sent, and always few: nothing that a remote sends queues one.
        for waiting in peer.control:
            if not isinstance(waiting, ReliableCommand) or waiting.attempts < 1:
                break
            if waiting.key == key:
                return waiting
    return command


def acknowledge(engine: EngineState, peer: Peer, command: ReliableCommand, sent_time: int | None = None) -> None:
    """Remove a reliable command that was acknowledged.

    ``sent_time`` is when the acknowledged datagram was sent; None if that is not known.
    """
    key = command.key
    if peer.sent.pop(key, None) is not None:
        peer.reliable_data_in_transit -= command.length
        recovery = peer.recovery
        if (
            recovery is not None
            and sent_time is not None
            and recovery.on_acknowledged(command, sent_time, peer.rtt, peer.last_receive_time)
        ):
            peer.loss.lost += 1
    elif peer.overdue.pop(key, None) is None:
        peer.control.remove(command)
    # Its space in the window and in the send queue is free now.
    channel = command.channel
    if channel is None:
        return
    peer.stall.since = None
    size = len(command.wire) + BUFFER_OVERHEAD
    peer.queued_data -= size
    engine.queued_data -= size
    windows, window = channel.reliable_windows, (key & 0xFFFF) >> 12
    if windows[window]:
        windows[window] -= 1


def check_timeouts(peer: Peer, now: int) -> bool:
    """Queue overdue commands to be resent. Returns whether the peer has timed out instead."""
    overdue_control: list[ReliableCommand] = []
    overdue_data: list[ReliableCommand] = []
    dead = timed_out = False
    recovery = peer.recovery
    for command in peer.sent.values():
        age = now - command.sent_time
        if recovery is None:
            if age < command.timeout:
                continue
        elif age < recovery.timeout(peer.rtt, peer.rtt_variance):
            if age < recovery.loss_delay(command, peer.rtt, peer.rtt_variance):
                # Commands are in sending order, so nothing after this one is due either.
                break
            peer.loss.lost += 1
            (overdue_control if command.channel is None else overdue_data).append(command)
            continue
        timed_out = True
        if peer.earliest_timeout == 0 or command.sent_time < peer.earliest_timeout:
            peer.earliest_timeout = command.sent_time
        silence = now - peer.earliest_timeout
        if peer.earliest_timeout != 0 and (
            silence >= peer.timeouts.maximum
            or (1 << (command.attempts - 1) >= peer.timeouts.limit and silence >= peer.timeouts.minimum)
        ):
            dead = True
            peer.timed_out = command.number
            break
        peer.loss.lost += 1
        command.timeout *= 2
        (overdue_control if command.channel is None else overdue_data).append(command)
    if recovery is not None and timed_out:
        recovery.backoff += 1
    # Before everything queued since, in the same order. Always in one place at least: see repair.py.
    peer.control.extendleft(reversed(overdue_control))
    if overdue_data and peer.overdue is NO_OVERDUE:
        peer.overdue = OrderedDict()
    for command in reversed(overdue_data):
        peer.overdue[command.key] = command
        peer.overdue.move_to_end(command.key, last=False)
    for command in overdue_control:
        del peer.sent[command.key]
    for command in overdue_data:
        peer.reliable_data_in_transit -= command.length
        del peer.sent[command.key]
    return dead


def due_at(peer: Peer) -> int | None:
    """When this peer next needs ``handle_timeout``: for its oldest command in flight, a ping, or the end of a state."""
    due = peer.deadline
    if peer.sent:
        command = next(iter(peer.sent.values()))
        recovery = peer.recovery
        wait = command.timeout if recovery is None else recovery.loss_delay(command, peer.rtt, peer.rtt_variance)
        if due is None or command.sent_time + wait < due:
            due = command.sent_time + wait
        for copy in (copy_due_at(peer), probe_due_at(peer)):
            if copy is not None and (due is None or copy < due):
                due = copy
    elif peer.state is PeerState.CONNECTED and not (peer.control and peer.validation_credit is not None):
        # If a command waits there for credit, a ping would, too.
        ping = peer.last_receive_time + peer.timeouts.ping_interval
        if due is None or ping < due:
            due = ping
    if peer.validation_credit is not None and peer.validation_started is not None:
        end = peer.validation_started + peer.timeouts.maximum
        if due is None or end < due:
            due = end
    return due


def is_validation_overdue(peer: Peer, now: int) -> bool:
    """Whether the remote has acknowledged nothing within its maximum timeout since the connection was accepted."""
    return (
        peer.validation_credit is not None
        and peer.validation_started is not None
        and now - peer.validation_started >= peer.timeouts.maximum
    )
