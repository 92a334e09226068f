"""The state of a host, and the few operations that every mechanism needs: count a drop, post a datagram, queue a peer
for dispatch.

Like :mod:`~godot_enet.core.engine.peer` for one connection, this is data. The modules of the mechanisms take it as
their first argument; :class:`~godot_enet.core.engine.engine.PythonEngine` adds the public calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from godot_enet.core.engine.connect_rate import ConnectRate
from godot_enet.core.engine.half_open import HalfOpenTable
from godot_enet.core.engine.peer import Peer
from godot_enet.core.engine.peer_table import PeerTable
from godot_enet.core.errors import UnknownPeer
from godot_enet.core.interface import Address, Compressor, Datagram
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import MAXIMUM_CHANNEL_COUNT, DisconnectMode
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, PeerHandle
from godot_enet.core.rng import KeyedRandom, key_from

__all__ = ["Draft", "EngineState"]

_NOWHERE = Address("", 0)


class Draft:
    """A datagram being filled. ``size`` always counts a four-byte header, as in ENet, and the checksum, which ENet
    omits: its datagrams may then exceed the MTU, and ENet's own receive buffer, by four bytes.

    A command is in ``parts`` before it is removed from its queue.
    """

    __slots__ = ("count", "has_reliable", "has_unreliable_packet", "now", "parts", "peer", "size")

    def __init__(self, peer: Peer, now: int, size: int) -> None:
        self.peer = peer
        self.now = now
        self.parts: list[bytes] = []
        self.size = size
        self.count = 0
        self.has_reliable = False
        self.has_unreliable_packet = False


class EngineState:
    """The state of a host, without the public calls."""

    def __init__(self, config: HostConfig) -> None:
        self.config = config
        self.checksum = config.checksum
        self.compressor: Compressor | None = None
        self.maximum_packet_size = config.maximum_packet_size
        self.maximum_waiting_data = config.maximum_waiting_data
        self.maximum_buffered_data = config.maximum_buffered_data
        self.maximum_queued_data = config.maximum_queued_data
        self.maximum_queued_total = config.maximum_queued_total
        self.command_budget = config.peer_command_budget
        self.byte_budget = config.peer_byte_budget
        self.incoming_bandwidth = config.incoming_bandwidth
        self.outgoing_bandwidth = config.outgoing_bandwidth
        self.table = PeerTable(config.peer_count, config.mtu, config.early_retransmit, config.redundant_copies)
        self.half_open = HalfOpenTable(config.half_open_limit, config.half_open_per_prefix)
        self.connect_rate = ConnectRate()
        self.half_open_peer = Peer(PeerHandle(0), _NOWHERE, config.mtu, (0, 0), None)
        """A scratch peer for half-open connections, for computations that need a peer."""
        self.busy = False
        """Whether a call is changing state; still set in the next call if that one was interrupted (repair.py)."""
        self.draft: Draft | None = None
        """The datagram that is being filled."""
        self.batch: Sequence[Datagram] = ()
        """The datagrams being read, and how many of them are done."""
        self.batch_done = 0
        self.batch_tries = 0
        self.ending: tuple[Peer, int, DisconnectMode] | None = None
        """The peer being disconnected, with data and mode."""
        self.now = 0
        """The time of the current or latest call."""
        self.dirty: set[Peer] = set()
        """Peers that may have something to send."""
        self.held_back: set[Peer] = set()
        """Peers with packets that an urgent pass left for the next full one."""
        self.dispatch_queue: deque[Peer] = deque()
        """Peers that have events, each once; they take turns."""
        self.total_queued = 0
        """Commands queued so far, which orders reliable, unreliable and control commands."""
        self.limited_peers = 0
        """Connected peers that announced an incoming bandwidth."""
        self.pass_number = 0
        """Receive passes so far; each work budget is for one."""
        self.pass_commands = self.unverified_commands = 0
        """Commands charged in the latest pass: of peers, and unverified ones."""
        self.buffered_bytes = 0
        """Bytes of all received data that the program has not read, overhead included."""
        self.queued_data = 0
        """Bytes of all packets that wait to be sent or acknowledged, overhead included."""
        self.backlog: dict[Peer, None] = {}
        """Peers with a backlog for the next pass, in order of turns (backlog.py)."""
        self.draining = False
        """Whether the backlog is being processed."""
        self.has_received = False
        self.reassembly_exempt: Peer | None = None
        """The peer that may complete a packet although the memory limit is reached."""
        self.connected_peers = 0
        self.flushed_up_to = 0
        """Packets queued up to here may leave in an urgent pass, too."""
        self.channel_limit = config.channel_limit or MAXIMUM_CHANNEL_COUNT
        self.refusing = False
        """Whether CONNECTs are refused as if no slot were free."""
        self.refusal = 0
        """The data of the DISCONNECT that refused clients get."""
        self._random = KeyedRandom(key_from(config.seed))
        self.recalculate = False
        self.throttle_epoch = 0
        self.throttled = False
        self.timers: list[tuple[int, int, Peer]] = []
        self.timer_serial = 0
        self.outbox: list[Datagram] = []
        self.front: tuple[Event, Peer] | None = None
        """The event that ``peek_event`` returned, and its peer."""
        self.active: set[Peer] = set()
        """Peers with traffic since the last bandwidth evaluation."""
        self.drops: dict[Drop, int] = dict.fromkeys(Drop, 0)
        self.reports: dict[Drop, Address] = {}
        """Causes since the last report, each with its last address."""
        self.reported: dict[Drop, int] = dict.fromkeys(Drop, 0)

    def drop(self, cause: Drop, address: Address) -> None:
        """Count a drop."""
        self.reports[cause] = address
        self.drops[cause] += 1

    def post(self, datagram: Datagram) -> None:
        """Put a finished datagram into the outbox."""
        self.outbox.append(datagram)

    def random(self) -> int:
        """The next 32-bit number of the host's random sequence."""
        return self._random.next()

    def enqueue(self, peer: Peer) -> None:
        """Queue a peer that has events for dispatch."""
        if not peer.needs_dispatch:
            peer.needs_dispatch = True
            self.dispatch_queue.append(peer)

    def find(self, handle: PeerHandle) -> Peer:
        """The peer a handle names.

        Raises:
            UnknownPeer: that connection is over.
        """
        peer = self.table.get(handle)
        if peer is None:
            raise UnknownPeer(f"no peer {handle}")
        return peer
