"""The readable engine: a host's state, and the entry points that delegate to the modules around it.

Owns: the slots, the dispatch queue, the timer heap, who has something to send. Work follows activity: a call
touches the peers that are due, have something to send or have received something, never all slots.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from operator import attrgetter

from godot_enet.core.engine.budget import next_of_backlog
from godot_enet.core.engine.connect_rate import ConnectRate
from godot_enet.core.engine.half_open import HalfOpenTable
from godot_enet.core.engine.handshake import free_number
from godot_enet.core.engine.incoming import receive_datagram
from godot_enet.core.engine.outgoing import (
    Draft,
    build_datagram,
    farewell,
    queue_control,
    queue_farewell,
    queue_packet,
    queue_ping,
)
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.peer_table import PeerTable
from godot_enet.core.engine.reliability import check_timeouts, due_at, is_trial_over
from godot_enet.core.engine.repair import repair
from godot_enet.core.engine.throttle import clamp_window, limit_peers, share_incoming, unlimit_peers
from godot_enet.core.errors import EnetError, NoFreePeer, UnknownPeer
from godot_enet.core.interface import Address, Compressor, Datagram, DropReport, PeerInfo
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import (
    DEFAULT_PING_INTERVAL,
    DEFAULT_TIMEOUT_LIMIT,
    DEFAULT_TIMEOUT_MAXIMUM,
    DEFAULT_TIMEOUT_MINIMUM,
    HOST_BANDWIDTH_THROTTLE_INTERVAL,
    MAXIMUM_CHANNEL_COUNT,
    MAXIMUM_PEER_ID,
    MAXIMUM_WINDOW_SIZE,
    MINIMUM_WINDOW_SIZE,
    WINDOW_SIZE_SCALE,
    Command,
    DisconnectMode,
    PeerOption,
    PeerState,
    PeerStatistic,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle
from godot_enet.core.protocol.states import TRANSITIONS
from godot_enet.core.protocol.tuning import KEPT_OVERHEAD
from godot_enet.core.protocol.wire import BANDWIDTH_LIMIT, CONNECT, FRAGMENT, THROTTLE_CONFIGURE, pack_connect_id
from godot_enet.core.rng import KeyedRandom, key_from

__all__ = ["PythonEngine"]

_U32 = 0xFFFFFFFF
_NOWHERE = Address("", 0)
_IN_SESSION = (PeerState.CONNECTED, PeerState.DISCONNECT_LATER)
_RECEIVE = EventType.RECEIVE
_ZOMBIE = PeerState.ZOMBIE
_REASONS = {
    PeerState.DISCONNECTING: DisconnectReason.LOCAL,
    PeerState.ACKNOWLEDGING_DISCONNECT: DisconnectReason.REMOTE,
}
"""Why a peer ended that waited for the end; any other has timed out."""
_by_slot = attrgetter("slot")

_STATISTICS: dict[PeerStatistic, str] = {
    PeerStatistic.PACKET_LOSS: "packet_loss",
    PeerStatistic.PACKET_LOSS_VARIANCE: "packet_loss_variance",
    PeerStatistic.PACKET_LOSS_EPOCH: "packet_loss_epoch",
    PeerStatistic.ROUND_TRIP_TIME: "rtt",
    PeerStatistic.ROUND_TRIP_TIME_VARIANCE: "rtt_variance",
    PeerStatistic.LAST_ROUND_TRIP_TIME: "last_rtt",
    PeerStatistic.LAST_ROUND_TRIP_TIME_VARIANCE: "last_rtt_variance",
    PeerStatistic.PACKET_THROTTLE: "packet_throttle",
    PeerStatistic.PACKET_THROTTLE_LIMIT: "packet_throttle_limit",
    PeerStatistic.PACKET_THROTTLE_COUNTER: "packet_throttle_counter",
    PeerStatistic.PACKET_THROTTLE_EPOCH: "packet_throttle_epoch",
    PeerStatistic.PACKET_THROTTLE_ACCELERATION: "packet_throttle_acceleration",
    PeerStatistic.PACKET_THROTTLE_DECELERATION: "packet_throttle_deceleration",
    PeerStatistic.PACKET_THROTTLE_INTERVAL: "packet_throttle_interval",
}


class PythonEngine:
    """ENet in pure Python; see :class:`~godot_enet.core.interface.Engine` for what each call means.

    The attributes without underscore are for the modules of this package, not for users of the engine.
    """

    def __init__(self, config: HostConfig) -> None:
        self.config = config
        self.checksum = config.checksum
        self.compressor: Compressor | None = None
        self.maximum_packet_size = config.maximum_packet_size
        self.maximum_waiting_data = config.maximum_waiting_data
        self.maximum_kept_data = config.maximum_kept_data
        self.maximum_queued_data = config.maximum_queued_data
        self.maximum_queued_total = config.maximum_queued_total
        self.command_budget = config.peer_command_budget
        self.byte_budget = config.peer_byte_budget
        self.incoming_bandwidth = config.incoming_bandwidth
        self.outgoing_bandwidth = config.outgoing_bandwidth
        self.table = PeerTable(config.peer_count, config.mtu, config.early_retransmit, config.spare_copies)
        self.half_open = HalfOpenTable(config.half_open_limit, config.half_open_per_prefix)
        self.connect_rate = ConnectRate()
        self.half_open_peer = Peer(PeerHandle(0), _NOWHERE, config.mtu, (0, 0), None)
        """Takes the values of one half-open connection after the other, for what is computed from a peer."""
        self.busy = False
        """Whether a call changes something now; still so in the next one where it was broken off (repair.py)."""
        self.draft: Draft | None = None
        """The datagram that is being filled."""
        self.batch: Sequence[Datagram] = ()
        """The datagrams that are being read, and how many of them have been."""
        self.batch_done = 0
        self.batch_tries = 0
        self.ending: tuple[Peer, int, DisconnectMode] | None = None
        """The peer that is being disconnected, with data and mode."""
        self.now = 0
        """When something was last received, sent or due."""
        self.dirty: set[Peer] = set()
        """Peers that may have something to send."""
        self.held_back: set[Peer] = set()
        """Peers with packets that an urgent pass left for the next full one."""
        self.dispatch_queue: deque[Peer] = deque()
        """Peers that have events, each once; they take turns."""
        self.total_queued = 0
        """Commands ever queued: the order in which reliable, unreliable and control commands leave."""
        self.limited_peers = 0
        """Connected peers that announced an incoming bandwidth."""
        self.pass_number = 0
        self.suspect_pass = self.suspect_commands = 0
        """The latest receive pass with a datagram that was no use, and what those of it have cost."""
        """Receive passes so far: each peer's budget is for one."""
        self.kept = 0
        """Bytes of everything that was received and not taken, with what keeping it costs."""
        self.queued_data = 0
        """Bytes of all packets that wait to be sent or acknowledged, with what keeping them costs."""
        self.backlog: set[Peer] = set()
        """Peers of which datagrams wait for the next pass (budget.py)."""
        self.draining = False
        """Whether those are being read."""
        self._has_received = False
        self.favoured: Peer | None = None
        """Who may finish a packet although the host's memory is used up."""
        self.connected_peers = 0
        self._released = 0
        """Packets queued up to here may leave in an urgent pass, too."""
        self._channel_limit = config.channel_limit or MAXIMUM_CHANNEL_COUNT
        self._random = KeyedRandom(key_from(config.seed))
        self._recalculate = False
        self._throttle_epoch = 0
        self._throttled = False
        self.timers: list[tuple[int, int, Peer]] = []
        self._timer_serial = 0
        self._outbox: list[Datagram] = []
        self.front: tuple[Event, Peer, tuple[int, int, bytes, int] | None] | None = None
        """What :meth:`peek_event` found, whose it is, and its place among the deliverable packets."""
        self._active: set[Peer] = set()
        """Peers with traffic since the last bandwidth evaluation."""
        self._drops: dict[Drop, int] = dict.fromkeys(Drop, 0)
        self._reports: dict[Drop, Address] = {}
        """Causes since the last report, with the last address of each."""
        self._reported: dict[Drop, int] = dict.fromkeys(Drop, 0)

    # A. look

    @property
    def name(self) -> str:
        """``"python"``."""
        return "python"

    @property
    def channel_limit(self) -> int:
        """Channels granted to those who connect, 1..255."""
        return self._channel_limit

    @property
    def drops(self) -> Mapping[Drop, int]:
        """How often each cause of ``Drop`` has occurred."""
        return self._drops

    def peers(self) -> Sequence[PeerHandle]:
        """Every slot in use, in slot order."""
        return [peer.handle for peer in self.table.in_order()]

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer."""
        found = self._find(peer)
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
        value: int = getattr(self._find(peer), _STATISTICS[which])
        return value & _U32

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """Limit the proved connects of one network, and say whether this address's may still."""
        self.connect_rate.limit = per_second
        return self.connect_rate.has_room(address, now)

    # B. from the world

    def receive(self, batch: Iterable[Datagram], now: int) -> None:
        """Take datagrams in the order they arrived."""
        if self.busy:
            repair(self)
        self.busy = True
        self.pass_number += 1
        self.now = now
        self.batch_done = self.batch_tries = 0
        self.batch = [*batch]  # without a call: they are with the caller or here
        for data, address in self.batch:
            receive_datagram(self, data, address, now)
            self.batch_done += 1
        self.batch = ()
        self._has_received = True
        self.busy = False

    def handle_timeout(self, now: int) -> None:
        """Do what is due. enet: protocol.c: enet_host_service, as far as it does not depend on the socket."""
        if self.busy:
            repair(self)
        if self._has_received:
            self._has_received = False  # A pass has just been: what it left waits for the next round.
        elif self.backlog:
            self._drain(now)
        timers = self.timers
        is_throttle_due = now - self._throttle_epoch >= HOST_BANDWIDTH_THROTTLE_INTERVAL
        if not is_throttle_due and not (timers and timers[0][0] <= now):
            return
        self.busy = True
        self.now = now
        if is_throttle_due:
            self._bandwidth_throttle(now)
        while timers and timers[0][0] <= now:
            at, _, peer = heappop(timers)
            if peer.timer != at or peer.state is PeerState.DISCONNECTED:
                continue
            peer.timer = None
            self._attend(peer, now)
            timers = self.timers
        self.busy = False

    def _drain(self, now: int) -> None:
        """A pass over what was put off."""
        self.busy = self.draining = True
        self.pass_number += 1
        self.now = now
        for peer in sorted(self.backlog, key=_by_slot):
            while (data := next_of_backlog(self, peer)) is not None:
                self.batch_done = self.batch_tries = 0
                self.batch = [Datagram(data, peer.address)]
                receive_datagram(self, data, peer.address, now)
                self.batch = ()
        self.busy = self.draining = False

    def _attend(self, peer: Peer, now: int) -> None:
        """A peer's timer fired: it may be early, since timers are not moved when what they wait for is put off."""
        due = due_at(peer)
        if due is None:
            return
        if due > now:
            self.schedule(peer)
            return
        if peer.deadline is not None and peer.deadline <= now:
            self.lost(peer)
            return
        if is_trial_over(peer, now):
            peer.timed_out = peer.timed_out or Command.PING
            self.lost(peer)
            return
        if peer.sent and check_timeouts(peer, now):
            self.lost(peer)
            return
        self.dirty.add(peer)

    # C. from the user

    def connect(self, address: Address, channels: int, data: int, *, any_source: bool = False) -> PeerHandle:
        """Take the lowest free slot and queue a CONNECT. enet: host.c: enet_host_connect."""
        if self.busy:
            repair(self)
        self.busy = True
        peer = self.table.prepare(address)
        if peer is None:
            self.busy = False
            raise NoFreePeer(f"all {self.config.peer_count} peers are in use")
        peer.any_source = any_source
        number = peer.slot
        if self.config.half_open_limit:
            # Not the slot's, as in ENet: whoever forges answers shall have to guess them.
            draw = self._random.next()
            number = (draw & 0xFFFF) % MAXIMUM_PEER_ID
            peer.incoming_session, peer.outgoing_session = draw >> 16 & 3, draw >> 18 & 3
        peer.number = free_number(self, address, number)
        peer.channel_count = max(1, min(channels, MAXIMUM_CHANNEL_COUNT))
        self.change_state(peer, PeerState.CONNECTING)
        peer.connect_id = self._random.next()
        self.set_mtu(peer, peer.mtu)
        if self.outgoing_bandwidth == 0:
            peer.window_size = MAXIMUM_WINDOW_SIZE
        else:
            peer.window_size = clamp_window(self.outgoing_bandwidth // WINDOW_SIZE_SCALE * MINIMUM_WINDOW_SIZE)
        body = CONNECT.pack(
            0,
            0,
            0,
            peer.number,
            peer.incoming_session,
            peer.outgoing_session,
            peer.mtu,
            peer.window_size,
            peer.channel_count,
            self.incoming_bandwidth,
            self.outgoing_bandwidth,
            peer.packet_throttle_interval,
            peer.packet_throttle_acceleration,
            peer.packet_throttle_deceleration,
            pack_connect_id(peer.connect_id),
            data & _U32,
        )
        queue_control(self, peer, Command.CONNECT, body[4:])
        self.table.add(peer)
        self.busy = False
        return peer.handle

    def disconnect(self, peer: PeerHandle, data: int, mode: DisconnectMode, now: int) -> None:
        """End a connection in one of four ways."""
        if self.busy:
            repair(self)
        found = self._find(peer)
        self.busy = True
        self.now = now
        self.disconnect_peer(found, data & _U32, mode, now)
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
        """Queue one packet for every CONNECTED peer; whoever cannot take it is passed over."""
        if self.busy:
            repair(self)
        for peer in self.table.in_order():
            if peer.state is PeerState.CONNECTED:
                try:
                    queue_packet(self, peer, channel, packet, flags)
                except EnetError:
                    continue

    def set_untaken(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Say how much of what was reported still waits for the program."""
        if self.busy:
            repair(self)
        found = self.table.get(peer)
        if found is None:
            return
        self.busy = True
        more = size - found.untaken_data
        cost = more + KEPT_OVERHEAD * (packets - found.untaken)
        found.untaken = packets
        found.untaken_data = size
        found.waiting_data += more
        found.kept += cost
        self.kept += cost
        self.busy = False

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping."""
        if self.busy:
            repair(self)
        found = self._find(peer)
        if found.state is PeerState.CONNECTED:
            self.busy = True
            queue_ping(self, found)
            self.busy = False

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option."""
        if self.busy:
            repair(self)
        found = self._find(peer)
        self.busy = True
        if option is PeerOption.PING_INTERVAL:
            (interval,) = values
            found.ping_interval = (interval & _U32) or DEFAULT_PING_INTERVAL
        elif option is PeerOption.TIMEOUT:
            limit, minimum, maximum = values
            found.timeout_limit = (limit & _U32) or DEFAULT_TIMEOUT_LIMIT
            found.timeout_minimum = (minimum & _U32) or DEFAULT_TIMEOUT_MINIMUM
            found.timeout_maximum = (maximum & _U32) or DEFAULT_TIMEOUT_MAXIMUM
        else:
            interval, acceleration, deceleration = (value & _U32 for value in values)
            self._configure_throttle(found, interval, acceleration, deceleration)
        self.schedule(found)
        self.busy = False

    def bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits; peers are told by the next evaluation."""
        self.incoming_bandwidth = incoming & _U32
        self.outgoing_bandwidth = outgoing & _U32
        self._recalculate = True

    def set_channel_limit(self, limit: int) -> None:
        """Set what later connections are granted."""
        self._channel_limit = limit if 0 < limit <= MAXIMUM_CHANNEL_COUNT else MAXIMUM_CHANNEL_COUNT

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
            self._released = self.total_queued
        if self.dirty or (self.held_back and not urgent):
            self.busy = True
            self.now = now
            self._fill_outbox(now, urgent=urgent)
            self.busy = False
        out = self._outbox
        self._outbox = []
        return out

    def _fill_outbox(self, now: int, *, urgent: bool) -> None:
        if not urgent:
            self._released = self.total_queued
            self.dirty |= self.held_back
            self.held_back = set()
        latest = self._released
        turn = sorted(self.dirty, key=_by_slot) if len(self.dirty) > 1 else list(self.dirty)
        self.dirty = set()
        while turn:
            again = []
            for peer in turn:
                if peer.state is PeerState.DISCONNECTED or peer.state is _ZOMBIE:
                    continue
                build_datagram(self, peer, now, latest)
                if peer.continue_sending:
                    again.append(peer)
                else:
                    self._active.add(peer)
                    self.schedule(peer)
            turn = again

    def poll_event(self) -> Event | None:
        """Dispatch one event. enet: protocol.c: enet_protocol_dispatch_incoming_commands."""
        event = self.peek_event()
        if event is not None:
            self.pop_event(event)
        return event

    def peek_event(self) -> Event | None:
        """The event that comes next."""
        if self.busy:
            repair(self)
        if self.front is not None:
            return self.front[0]
        queue = self.dispatch_queue
        while queue:
            peer = queue[0]
            entry = None
            if peer.connect_pending is not None:
                event = Event(EventType.CONNECT, peer.handle, 0, peer.connect_pending)
            elif peer.dispatched:
                entry = peer.dispatched[0]
                event = Event(_RECEIVE, peer.handle, entry[0], 0, entry[2], entry[1])
            elif peer.state is _ZOMBIE:
                command = peer.timed_out if peer.reason is DisconnectReason.TIMEOUT else 0
                event = Event(EventType.DISCONNECT, peer.handle, 0, peer.event_data, b"", 0, peer.reason, command)
            else:
                self.busy = True
                peer.needs_dispatch = False
                queue.popleft()
                self.busy = False
                continue
            self.front = (event, peer, entry)
            return event
        return None

    def pop_event(self, event: Event) -> None:
        """The event was taken. No-op if it is not what :meth:`peek_event` gave last."""
        if self.busy:
            repair(self)
        front = self.front
        if front is None or front[0] is not event:
            return
        _, peer, entry = front
        self.busy = True
        dispatched = peer.dispatched
        if entry is not None:
            if dispatched and dispatched[0] is entry:
                dispatched.popleft()
                size = len(entry[2])
                peer.waiting_data -= size
                peer.kept -= size + KEPT_OVERHEAD
                self.kept -= size + KEPT_OVERHEAD
        elif event.type is EventType.CONNECT:
            peer.connect_pending = None
        else:
            if peer.recalculates:
                self._recalculate = True
            self.release(peer)
        queue = self.dispatch_queue
        if peer.needs_dispatch:
            if dispatched or peer.state is _ZOMBIE:
                if len(queue) > 1:
                    queue.rotate(-1)
            else:
                peer.needs_dispatch = False
                queue.popleft()
        self.front = None
        self.busy = False

    def poll_timeout(self) -> int | None:
        """The next deadline, exactly: early timers are put right on the way."""
        if self.busy:
            repair(self)
            return 0  # there may be events now
        if self.dirty or self._outbox or self.backlog:
            return 0
        due = self._throttle_due()
        timers = self.timers
        while timers:
            at, _, peer = timers[0]
            if peer.timer == at and peer.state is not PeerState.DISCONNECTED:
                actual = due_at(peer)
                if actual is not None and actual <= at:
                    return at if due is None or at < due else due
                self.busy = True
                heappop(timers)
                peer.timer = None
                self.schedule(peer)
                timers = self.timers
                self.busy = False
            else:
                heappop(timers)
        return due

    def poll_drops(self) -> list[DropReport]:
        """What was dropped since the last call."""
        if not self._reports:
            return []
        reports = []
        for cause, address in self._reports.items():
            times = self._drops[cause] - self._reported[cause]
            if times:
                self._reported[cause] += times
                reports.append(DropReport(cause, address, times))
        self._reports = {}
        return reports

    # For the modules of this package.

    def drop(self, cause: Drop, address: Address) -> None:
        """Count something that was not used."""
        self._reports[cause] = address
        self._drops[cause] += 1

    def post(self, datagram: Datagram) -> None:
        """Send a datagram of no peer, with the next pass."""
        self._outbox.append(datagram)

    def random(self) -> int:
        """The next 32-bit number of the host's own sequence."""
        return self._random.next()

    def change_state(self, peer: Peer, state: PeerState) -> None:
        """The one way to change a peer's state. enet: protocol.c: enet_protocol_change_state."""
        before = peer.state
        assert state in TRANSITIONS[before], (before, state)
        if state in _IN_SESSION:
            if before not in _IN_SESSION:
                self.connected_peers += 1
                self.limited_peers += bool(peer.incoming_bandwidth)
        elif before in _IN_SESSION:
            self.connected_peers -= 1
            self.limited_peers -= bool(peer.incoming_bandwidth)
        peer.state = state

    def connected(self, peer: Peer) -> None:
        """The handshake is complete. enet: protocol.c: enet_protocol_notify_connect."""
        self._recalculate = True
        peer.connect_pending = 0 if peer.state is PeerState.CONNECTING else peer.event_data
        self.change_state(peer, PeerState.CONNECTED)
        self._enqueue(peer)
        self.apply_pending_throttle(peer)

    def apply_pending_throttle(self, peer: Peer) -> None:
        """Tell the remote the throttle settings that were made while connecting."""
        if peer.pending_throttle is not None:
            self._configure_throttle(peer, *peer.pending_throttle)
            peer.pending_throttle = None

    def lost(self, peer: Peer) -> None:
        """The connection ended by time-out, or as we asked. enet: protocol.c: enet_protocol_notify_disconnect."""
        if peer.state is PeerState.ACKNOWLEDGING_CONNECT:
            self.release(peer)
            return
        if peer.state is not PeerState.CONNECTING:
            self._recalculate = True
        if peer.state is not PeerState.ACKNOWLEDGING_DISCONNECT:
            # The remote asked for that one, and its number is in place already.
            peer.event_data = 0
        reason = _REASONS.get(peer.state, DisconnectReason.TIMEOUT)
        if reason is DisconnectReason.TIMEOUT and peer.stalled_since is not None:
            reason = DisconnectReason.LIMIT  # Time has run out on a peer that takes nothing.
        elif reason is DisconnectReason.TIMEOUT and not peer.timed_out:
            peer.timed_out = Command.CONNECT  # A deadline of ours: there was nothing left to wait for.
        self.become_zombie(peer, reason, recalculates=False)

    def become_zombie(self, peer: Peer, reason: DisconnectReason, *, recalculates: bool = True) -> None:
        """Dead, until the program has taken the DISCONNECT event; whether that shares the bandwidth anew."""
        peer.reason = reason
        peer.recalculates = recalculates
        peer.deadline = None
        peer.trial = None
        self.change_state(peer, _ZOMBIE)
        self.reset_queues(peer)
        self._enqueue(peer)

    def evict(self, peer: Peer) -> None:
        """End the connection of a peer that was over its budget for too long: it is told once."""
        self.post(farewell(self, peer))
        peer.event_data = 0
        self.become_zombie(peer, DisconnectReason.LIMIT)

    def reset_queues(self, peer: Peer) -> None:
        """Forget everything on its way out or half received. enet: peer.c: enet_peer_reset_queues.

        Unlike there, complete packets stay: they were acknowledged, so the program shall have them.
        """
        peer.acks = []
        peer.sent.clear()
        peer.control.clear()
        peer.unreliable.clear()
        peer.overdue.clear()
        peer.reliable.clear()
        self.queued_data -= peer.queued_data
        peer.queued_data = 0
        peer.channels = {}
        peer.channel_count = 0
        peer.held = 0
        peer.backlog = None
        self.backlog.discard(peer)
        peer.waiting_data = peer.untaken_data + sum(len(packet) for _, _, packet, _ in peer.dispatched or ())
        self.kept -= peer.kept
        peer.kept = peer.waiting_data + KEPT_OVERHEAD * (peer.untaken + len(peer.dispatched or ()))
        self.kept += peer.kept

    def release(self, peer: Peer) -> None:
        """Free the slot. enet: peer.c: enet_peer_reset."""
        if peer.state is not PeerState.DISCONNECTED:
            self.change_state(peer, PeerState.DISCONNECTED)
        self.reset_queues(peer)
        self._forget_undelivered(peer)
        self.kept -= peer.kept
        peer.kept = 0
        self.dirty.discard(peer)
        self.held_back.discard(peer)
        self._active.discard(peer)
        self.table.release(peer)

    def disconnect_peer(self, peer: Peer, data: int, mode: DisconnectMode, now: int) -> None:
        """The four ways to end. enet: peer.c: enet_peer_disconnect, _later, _now, enet_peer_reset."""
        state = peer.state
        self.ending = (peer, data, mode)
        if mode is DisconnectMode.RESET:
            self.release(peer)
        elif mode is DisconnectMode.NOW:
            if state is not _ZOMBIE and state is not PeerState.DISCONNECTING:
                self._say_farewell(peer, data, now)
            self.release(peer)
        elif mode is DisconnectMode.LATER and state in _IN_SESSION and peer.has_outgoing():
            if state is not PeerState.DISCONNECT_LATER:
                self.change_state(peer, PeerState.DISCONNECT_LATER)
            peer.event_data = data
            self._forget_undelivered(peer)
        elif state in _IN_SESSION:
            self.reset_queues(peer)
            self._forget_undelivered(peer)
            queue_control(self, peer, Command.DISCONNECT, data.to_bytes(4, "big"))
            self.change_state(peer, PeerState.DISCONNECTING)
        elif state is PeerState.CONNECTING or state is PeerState.ACKNOWLEDGING_CONNECT:
            self._say_farewell(peer, data, now)
            self.release(peer)
        self.ending = None

    def _say_farewell(self, peer: Peer, data: int, now: int) -> None:
        """Tell the remote once, at once."""
        self.reset_queues(peer)
        queue_farewell(self, peer, data)
        self._fill_outbox(now, urgent=False)

    def set_mtu(self, peer: Peer, mtu: int) -> None:
        """Set the MTU and what follows from it."""
        peer.mtu = mtu
        peer.fragment_length = mtu - 4 - FRAGMENT.size - (4 if self.checksum else 0)

    def schedule(self, peer: Peer) -> None:
        """Make sure the peer's timer is not later than what is due."""
        due = due_at(peer)
        if due is not None and (peer.timer is None or due < peer.timer):
            peer.timer = due
            self._timer_serial += 1
            heappush(self.timers, (due, self._timer_serial, peer))
            if len(self.timers) > 64 + 4 * len(self.table.slots):
                self.timers = [entry for entry in self.timers if entry[2].timer == entry[0]]
                heapify(self.timers)

    def _find(self, handle: PeerHandle) -> Peer:
        peer = self.table.get(handle)
        if peer is None:
            raise UnknownPeer(f"no peer {handle}")
        return peer

    def _enqueue(self, peer: Peer) -> None:
        if not peer.needs_dispatch:
            peer.needs_dispatch = True
            self.dispatch_queue.append(peer)

    def _forget_undelivered(self, peer: Peer) -> None:
        """No RECEIVE follows a disconnect of our own."""
        if peer.dispatched:
            size = sum(len(packet) for _, _, packet, _ in peer.dispatched)
            peer.waiting_data -= size
            size += KEPT_OVERHEAD * len(peer.dispatched)
            peer.kept -= size
            self.kept -= size
            peer.dispatched.clear()
        peer.connect_pending = None
        if peer.needs_dispatch:
            peer.needs_dispatch = False
            self.dispatch_queue.remove(peer)
            if self.front is not None and self.front[1] is peer:
                self.front = None

    def _configure_throttle(self, peer: Peer, interval: int, acceleration: int, deceleration: int) -> None:
        if peer.state is PeerState.CONNECTING:
            # The remote would find other values in our CONNECT than we hold now, and the handshake would fail.
            peer.pending_throttle = (interval, acceleration, deceleration)
            return
        peer.packet_throttle_interval = interval
        peer.packet_throttle_acceleration = acceleration
        peer.packet_throttle_deceleration = deceleration
        if peer.state in _IN_SESSION:
            body = THROTTLE_CONFIGURE.pack(0, 0, 0, interval, acceleration, deceleration)[4:]
            queue_control(self, peer, Command.THROTTLE_CONFIGURE, body)

    def _throttle_due(self) -> int | None:
        if self.connected_peers and (self._recalculate or self.outgoing_bandwidth or self.limited_peers):
            return self._throttle_epoch + HOST_BANDWIDTH_THROTTLE_INTERVAL
        return None

    def _bandwidth_throttle(self, now: int) -> None:
        """Once a second. enet: host.c: enet_host_bandwidth_throttle."""
        elapsed = now - self._throttle_epoch
        self._throttle_epoch = now
        if not self.connected_peers:
            return
        limited = bool(self.outgoing_bandwidth or self.limited_peers)
        if not limited and not self._throttled and not self._recalculate:
            # Nothing but the totals can have changed, and only where there was traffic.
            touched = self._active | self.dirty | self.held_back
            unlimit_peers(peer for peer in touched if peer.state in _IN_SESSION)
            self._active = {peer for peer in touched if peer.state not in _IN_SESSION}
            return
        connected = [peer for peer in self.table.in_order() if peer.state in _IN_SESSION]
        if limited:
            limit_peers(connected, self.outgoing_bandwidth, self.limited_peers > 0, elapsed, now)
        else:
            unlimit_peers(connected)
        self._throttled = limited
        self._active.clear()
        if self._recalculate:
            limit = share_incoming(connected, self.incoming_bandwidth, now)
            for peer in connected:
                fixed = peer.incoming_bandwidth_throttle_epoch == now
                share = peer.outgoing_bandwidth if fixed else limit
                body = BANDWIDTH_LIMIT.pack(0, 0, 0, share, self.outgoing_bandwidth)[4:]
                queue_control(self, peer, Command.BANDWIDTH_LIMIT, body)
            self._recalculate = False
        else:
            # A wider throttle may let waiting reliable data go.
            self.dirty.update(peer for peer in connected if peer.overdue or peer.reliable)
