"""The calls of the Python engine. Each delegates to the module of its mechanism.

Work follows activity: a call touches only peers that are due, have data to send or have received something, never all
slots.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from operator import attrgetter

from godot_enet.core.engine.disconnect import disconnect_peer
from godot_enet.core.engine.dispatch import peek_event, pop_event
from godot_enet.core.engine.handshake import begin_connect
from godot_enet.core.engine.incoming import drain_backlog, receive_pass
from godot_enet.core.engine.outgoing import queue_packet, queue_ping
from godot_enet.core.engine.repair import repair
from godot_enet.core.engine.state import EngineState
from godot_enet.core.engine.throttle import bandwidth_throttle, configure_throttle, throttle_due
from godot_enet.core.engine.timers import fire_timers, next_due, schedule
from godot_enet.core.engine.transmit import fill_outbox
from godot_enet.core.errors import EnetError, NoFreePeer, UnknownPeer
from godot_enet.core.interface import Address, Compressor, Datagram, DropReport, PeerInfo, Summary
from godot_enet.core.protocol.constants import (
    DEFAULT_PING_INTERVAL,
    DEFAULT_TIMEOUT_LIMIT,
    DEFAULT_TIMEOUT_MAXIMUM,
    DEFAULT_TIMEOUT_MINIMUM,
    HOST_BANDWIDTH_THROTTLE_INTERVAL,
    MAXIMUM_CHANNEL_COUNT,
    ROUND_TRIP_BOUNDS,
    DisconnectMode,
    PeerOption,
    PeerState,
    PeerStatistic,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, PeerHandle
from godot_enet.core.protocol.tuning import BUFFER_OVERHEAD

__all__ = ["PythonEngine"]

_U32 = 0xFFFFFFFF

_STATISTICS: dict[PeerStatistic, attrgetter[int]] = {
    PeerStatistic.PACKET_LOSS: attrgetter("loss.mean"),
    PeerStatistic.PACKET_LOSS_VARIANCE: attrgetter("loss.variance"),
    PeerStatistic.PACKET_LOSS_EPOCH: attrgetter("loss.epoch"),
    PeerStatistic.ROUND_TRIP_TIME: attrgetter("rtt"),
    PeerStatistic.ROUND_TRIP_TIME_VARIANCE: attrgetter("rtt_variance"),
    PeerStatistic.LAST_ROUND_TRIP_TIME: attrgetter("last_rtt"),
    PeerStatistic.LAST_ROUND_TRIP_TIME_VARIANCE: attrgetter("last_rtt_variance"),
    PeerStatistic.PACKET_THROTTLE: attrgetter("packet_throttle"),
    PeerStatistic.PACKET_THROTTLE_LIMIT: attrgetter("packet_throttle_limit"),
    PeerStatistic.PACKET_THROTTLE_COUNTER: attrgetter("packet_throttle_counter"),
    PeerStatistic.PACKET_THROTTLE_EPOCH: attrgetter("packet_throttle_epoch"),
    PeerStatistic.PACKET_THROTTLE_ACCELERATION: attrgetter("packet_throttle_acceleration"),
    PeerStatistic.PACKET_THROTTLE_DECELERATION: attrgetter("packet_throttle_deceleration"),
    PeerStatistic.PACKET_THROTTLE_INTERVAL: attrgetter("packet_throttle_interval"),
}


class PythonEngine(EngineState):
    """ENet in pure Python; see :class:`~godot_enet.core.interface.Engine` for what each call means.

    Its inherited attributes are for the modules of this package, not for users of the engine.
    """

    # A. queries

    @property
    def name(self) -> str:
        """``"python"``."""
        return "python"

    def peers(self) -> Sequence[PeerHandle]:
        """All peers, in slot order."""
        return [peer.handle for peer in self.table.in_order()]

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer."""
        found = self.find(peer)
        return PeerInfo(
            handle=found.handle,
            state=found.state,
            address=found.address,
            channel_count=found.channel_count,
            mtu=found.mtu,
            connect_id=found.connect_id,
            window_size=found.window_size,
            incoming_bandwidth=found.incoming_bandwidth,
            outgoing_bandwidth=found.outgoing_bandwidth,
            reliable_data_in_transit=found.reliable_data_in_transit,
            waiting_data=found.waiting_data,
            packets_queued=len(found.control) + len(found.unreliable) + len(found.overdue) + len(found.reliable),
        )

    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a stale handle."""
        found = self.table.get(peer)
        return PeerState.DISCONNECTED if found is None else found.state

    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """One of ENet's numbers about a peer."""
        return _STATISTICS[which](self.find(peer)) & _U32

    def summary(self) -> Summary:
        """Sums over all peers."""
        connecting = connected = queued = in_transit = loss = throttle = total = 0
        classes = [0] * (len(ROUND_TRIP_BOUNDS) + 1)
        peers = list(self.table.slots.values())
        for peer in peers:
            queued += len(peer.control) + len(peer.unreliable) + len(peer.overdue) + len(peer.reliable)
            in_transit += peer.reliable_data_in_transit
            if peer.state in (PeerState.CONNECTED, PeerState.DISCONNECT_LATER):
                connected += 1
                loss += peer.loss.mean
                throttle += peer.packet_throttle
                total += peer.rtt
                classes[bisect_left(ROUND_TRIP_BOUNDS, peer.rtt)] += 1
            elif peer.state in (PeerState.CONNECTING, PeerState.ACKNOWLEDGING_CONNECT):
                connecting += 1
        return Summary(
            connecting=connecting,
            connected=connected,
            disconnecting=len(peers) - connecting - connected,
            half_open=len(self.half_open.by_number),
            packets_queued=queued,
            queued_data=self.queued_data,
            buffered_data=self.buffered_bytes,
            reliable_data_in_transit=in_transit,
            packet_loss=loss,
            packet_throttle=throttle,
            round_trip_time=total,
            round_trip_times=tuple(classes),
        )

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """Limit the verified connections of one network. Returns whether this address may still connect."""
        self.connect_rate.limit = per_second
        return self.connect_rate.has_room(address, now)

    # B. network input

    def receive(self, batch: Iterable[Datagram], now: int) -> None:
        """Take datagrams in the order they arrived."""
        if self.busy:
            repair(self)
        self.busy = True
        receive_pass(self, batch, now)
        self.busy = False

    def handle_timeout(self, now: int) -> None:
        """Do what is due. enet: protocol.c: enet_host_service, as far as it does not depend on the socket."""
        if self.busy:
            repair(self)
        if self.has_received:
            self.has_received = False  # A pass has just run: its backlog waits for the next round.
        elif self.backlog:
            self.busy = True
            drain_backlog(self, now)
            self.busy = False
        is_throttle_due = now - self.throttle_epoch >= HOST_BANDWIDTH_THROTTLE_INTERVAL
        if not is_throttle_due and not (self.timers and self.timers[0][0] <= now):
            return
        self.busy = True
        self.now = now
        if is_throttle_due:
            bandwidth_throttle(self, now)
        fire_timers(self, now)
        self.busy = False

    # C. calls of the program

    def connect(self, address: Address, channels: int, data: int, *, any_source: bool = False) -> PeerHandle:
        """Take the lowest free slot and queue a CONNECT. enet: host.c: enet_host_connect."""
        if self.busy:
            repair(self)
        if self.table.full:
            raise NoFreePeer(f"all {self.config.peer_count} peers are in use")
        self.busy = True
        peer = begin_connect(self, address, channels, data & _U32, any_source=any_source)
        self.busy = False
        return peer.handle

    def disconnect(self, peer: PeerHandle, data: int, mode: DisconnectMode, now: int) -> None:
        """End a connection in one of four ways."""
        if self.busy:
            repair(self)
        found = self.find(peer)
        self.busy = True
        self.now = now
        disconnect_peer(self, found, data & _U32, mode, now)
        self.busy = False

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet."""
        if self.busy:
            repair(self)
        found = self.table.slots.get(peer & 0xFFF)
        if found is None or found.handle != peer:
            raise UnknownPeer(f"no peer {peer}")
        queue_packet(self, found, channel, packet, flags)

    def broadcast(self, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet for every CONNECTED peer; peers that cannot take it are skipped."""
        if self.busy:
            repair(self)
        for peer in self.table.in_order():
            if peer.state is PeerState.CONNECTED:
                try:
                    queue_packet(self, peer, channel, packet, flags)
                except EnetError:
                    continue

    def set_unread(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Set how many reported packets the program has not read yet, and their size."""
        if self.busy:
            repair(self)
        found = self.table.get(peer)
        if found is None:
            return
        self.busy = True
        more = size - found.unread_data
        cost = more + BUFFER_OVERHEAD * (packets - found.unread)
        found.unread = packets
        found.unread_data = size
        found.waiting_data += more
        found.buffered_bytes += cost
        self.buffered_bytes += cost
        self.busy = False

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping."""
        if self.busy:
            repair(self)
        found = self.find(peer)
        if found.state is PeerState.CONNECTED:
            self.busy = True
            queue_ping(self, found)
            self.busy = False

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option."""
        if self.busy:
            repair(self)
        found = self.find(peer)
        self.busy = True
        if option is PeerOption.PING_INTERVAL:
            (interval,) = values
            found.timeouts.ping_interval = (interval & _U32) or DEFAULT_PING_INTERVAL
        elif option is PeerOption.TIMEOUT:
            limit, minimum, maximum = values
            found.timeouts.limit = (limit & _U32) or DEFAULT_TIMEOUT_LIMIT
            found.timeouts.minimum = (minimum & _U32) or DEFAULT_TIMEOUT_MINIMUM
            found.timeouts.maximum = (maximum & _U32) or DEFAULT_TIMEOUT_MAXIMUM
        else:
            interval, acceleration, deceleration = (value & _U32 for value in values)
            configure_throttle(self, found, interval, acceleration, deceleration)
        schedule(self, found)
        self.busy = False

    def bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits; peers are notified at the next evaluation."""
        self.incoming_bandwidth = incoming & _U32
        self.outgoing_bandwidth = outgoing & _U32
        self.recalculate = True

    def on_unreachable(self, address: Address, cause: Drop) -> None:
        """Report what the system says about an address that this host tries to connect to."""
        peers = self.table.in_order()
        if any(peer.address == address and peer.state is PeerState.CONNECTING for peer in peers):
            self.drop(cause, address)

    def set_channel_limit(self, limit: int) -> None:
        """Set the channel limit of later connections."""
        self.channel_limit = limit if 0 < limit <= MAXIMUM_CHANNEL_COUNT else MAXIMUM_CHANNEL_COUNT

    def refuse_connects(self, refuse: bool, data: int) -> None:
        """Refuse CONNECTs as if no slot were free, or accept them again."""
        self.refusing = refuse
        self.refusal = data & _U32

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor."""
        self.compressor = compressor

    # D. outputs

    def poll_transmit(self, now: int, *, urgent: bool = False) -> list[Datagram]:
        """One send pass: every peer with something to send gives one datagram a turn, by slot.

        enet: protocol.c: enet_protocol_send_outgoing_commands.
        """
        if self.busy:
            repair(self)
        if not urgent:
            self.flushed_up_to = self.total_queued
        if self.dirty or (self.held_back and not urgent):
            self.busy = True
            self.now = now
            fill_outbox(self, now, urgent=urgent)
            self.busy = False
        out = self.outbox
        self.outbox = []
        return out

    def poll_event(self) -> Event | None:
        """Dispatch one event. enet: protocol.c: enet_protocol_dispatch_incoming_commands."""
        event = self.peek_event()
        if event is not None:
            self.pop_event(event)
        return event

    def peek_event(self) -> Event | None:
        """The next event, without removing it."""
        if self.busy:
            repair(self)
        return peek_event(self)

    def pop_event(self, event: Event) -> None:
        """Remove an event. No-op if it is not the one that :meth:`peek_event` last returned."""
        if self.busy:
            repair(self)
        pop_event(self, event)

    def poll_timeout(self) -> int | None:
        """The next deadline."""
        if self.busy:
            repair(self)
            return 0  # there may be events now
        if self.dirty or self.outbox or self.backlog:
            return 0
        due, timer = throttle_due(self), next_due(self)
        return timer if due is None or (timer is not None and timer < due) else due

    def poll_drops(self) -> list[DropReport]:
        """Drops since the last call, one report per cause."""
        if not self.reports:
            return []
        reports = []
        for cause, address in self.reports.items():
            times = self.drops[cause] - self.reported[cause]
            if times:
                self.reported[cause] += times
                reports.append(DropReport(cause, address, times))
        self.reports = {}
        return reports
