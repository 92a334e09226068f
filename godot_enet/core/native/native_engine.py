"""The C engine behind the same Protocol as the Python one, for the pump, the simulated world and the lock-step tests.

Real hosts with plain UDP do not come through here: :mod:`godot_enet.core.native.host` has a host in C as well.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

from godot_enet.core.errors import (
    EnetError,
    HostClosed,
    InvalidChannel,
    NoFreePeer,
    NotConnected,
    PacketTooLarge,
    SendQueueFull,
    SeveralShards,
    UnknownPeer,
)
from godot_enet.core.interface import Address, Compressor, Datagram, DropReport, PeerInfo, Summary
from godot_enet.core.native.loader import library
from godot_enet.core.native.structs import (
    CAddress,
    CDropReport,
    CEvent,
    CPeerInfo,
    CSummary,
    Result,
    address_of,
    c_address,
    c_config,
    event_of,
)
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import (
    HEADER_COMPRESSED,
    HEADER_SENT_TIME,
    MAXIMUM_DATAGRAM,
    MAXIMUM_PEER_ID,
    DisconnectMode,
    NativeCodec,
    PeerOption,
    PeerState,
    PeerStatistic,
)
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import Event, EventType, PeerHandle

__all__ = ["NativeEngine", "check", "info_of", "native_mode", "reports_of", "summary_of"]

_ERRORS: dict[int, tuple[type[EnetError], str]] = {
    Result.ERR_UNKNOWN_PEER: (UnknownPeer, "the connection is over"),
    Result.ERR_NOT_CONNECTED: (NotConnected, "the peer is not connected"),
    Result.ERR_CHANNEL: (InvalidChannel, "the channel was not negotiated"),
    Result.ERR_TOO_LARGE: (PacketTooLarge, "the packet is over the maximum packet size"),
    Result.ERR_NO_FREE_PEER: (NoFreePeer, "all peers are in use"),
    Result.ERR_CLOSED: (HostClosed, "the host was closed"),
    Result.ERR_QUEUE_FULL: (SendQueueFull, "too much data is queued or unacknowledged"),
    Result.ERR_SHARDS: (SeveralShards, "a host with several shards cannot do this"),
}


def check(result: int) -> int:
    """Return a result of the C side, or raise its exception."""
    if result >= 0:
        return result
    if result == Result.ERR_MEMORY:
        raise MemoryError
    kind, message = _ERRORS.get(result, (EnetError, f"error {result}"))
    raise kind(message)


def info_of(record: CPeerInfo) -> PeerInfo:
    """A peer's snapshot."""
    return PeerInfo(
        handle=PeerHandle(record.peer),
        state=PeerState(record.state),
        address=address_of(record.address),
        channel_count=record.channel_count,
        mtu=record.mtu,
        connect_id=record.connect_id,
        window_size=record.window_size,
        incoming_bandwidth=record.incoming_bandwidth,
        outgoing_bandwidth=record.outgoing_bandwidth,
        reliable_data_in_transit=record.reliable_data_in_transit,
        waiting_data=record.waiting_data,
        packets_queued=record.packets_queued,
    )


def summary_of(record: CSummary) -> Summary:
    """The sums over all peers."""
    sums = {name: getattr(record, name) for name in Summary._fields}
    return Summary(**{**sums, "round_trip_times": tuple(record.round_trip_times)})


def reports_of(records: Sequence[CDropReport]) -> list[DropReport]:
    """Reports of what was dropped."""
    return [DropReport(Drop(record.cause), address_of(record.address), record.times) for record in records]


def native_mode(compressor: Compressor | None) -> int | None:
    """The number of a codec that the C side has, too; None for one that only Python has."""
    return NativeCodec.NONE if compressor is None else getattr(compressor, "native_mode", None)


class NativeEngine:
    """ENet in C; see :class:`~godot_enet.core.interface.Engine` for what each call means.

    Raises:
        NativeUnavailable: there is no compiled helper.
    """

    def __init__(self, config: HostConfig) -> None:
        engine = library().gde_engine_create(ctypes.byref(c_config(config)))
        if engine is None:
            raise MemoryError
        self._begin(config, engine)

    @classmethod
    def adopt(cls, config: HostConfig, engine: int | None) -> NativeEngine:
        """Take over an existing engine."""
        self = cls.__new__(cls)
        self._begin(config, engine)
        return self

    def _begin(self, config: HostConfig, engine: int | None) -> None:
        self._gde = library()
        self._engine = engine
        self.config = config
        self._compressor: Compressor | None = None
        """A codec that only Python has; it works on finished datagrams, outside the engine."""
        self._answers: list[Datagram] = []
        """Immediate replies of the engine, compressed by that codec."""
        self._buffer = ctypes.create_string_buffer(MAXIMUM_DATAGRAM + 8)
        self._address = CAddress()
        self._event = CEvent()
        """The event that comes next, in the form that C gave it; of type NONE while there is none."""
        self._front: Event | None = None
        self._batch: list[Datagram] = []
        """The datagrams that are being read, and how many of them have been: an exception may come in between."""
        self._batch_done = 0
        self._due = ctypes.c_int64()
        self._reports = (CDropReport * len(Drop))()

    def __del__(self) -> None:
        engine = getattr(self, "_engine", None)
        if engine is not None:
            self._engine = None
            self._gde.gde_engine_destroy(engine)

    # A. queries

    @property
    def name(self) -> str:
        """``"native"``."""
        return "native"

    @property
    def channel_limit(self) -> int:
        """Channels granted to clients, 1..255."""
        return int(self._gde.gde_channel_limit(self._engine))

    @property
    def drops(self) -> Mapping[Drop, int]:
        """How often each cause of ``Drop`` has occurred."""
        counts = (ctypes.c_uint64 * len(Drop))()
        self._gde.gde_drops(self._engine, counts, len(counts))
        return {cause: counts[cause] for cause in Drop}

    def peers(self) -> Sequence[PeerHandle]:
        """Every slot in use, in slot order."""
        handles = (ctypes.c_uint64 * MAXIMUM_PEER_ID)()
        count = self._gde.gde_peers(self._engine, handles, MAXIMUM_PEER_ID)
        return [PeerHandle(handle) for handle in handles[:count]]

    def peer_info(self, peer: PeerHandle) -> PeerInfo:
        """A snapshot of one peer."""
        record = CPeerInfo()
        check(self._gde.gde_get_peer_info(self._engine, peer, ctypes.byref(record)))
        return info_of(record)

    def peer_state(self, peer: PeerHandle) -> PeerState:
        """The state alone; DISCONNECTED for a stale handle."""
        return PeerState(self._gde.gde_peer_state(self._engine, peer))

    def peer_statistic(self, peer: PeerHandle, which: PeerStatistic) -> int:
        """One of ENet's numbers about a peer."""
        return check(self._gde.gde_peer_statistic(self._engine, peer, which))

    def summary(self) -> Summary:
        """Sums over all peers."""
        record = CSummary()
        self._gde.gde_add_summary(self._engine, ctypes.byref(record))
        return summary_of(record)

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        """Limit the verified connections of one network. Returns whether this address may still connect."""
        limit = min(per_second, 0xFFFFFFFF)
        return bool(self._gde.gde_may_connect(self._engine, ctypes.byref(c_address(address)), limit, now))

    # B. network input

    def receive(self, batch: Iterable[Datagram], now: int) -> None:
        """Process datagrams in the order they arrived."""
        batch = [*self._batch[self._batch_done :], *batch]
        self._batch_done = 0
        self._batch = batch
        self._gde.gde_begin_pass(self._engine)
        for data, address in batch:
            self._receive(data, ctypes.byref(c_address(address)), now)
            self._batch_done += 1
        self._batch = []

    def _receive(self, data: bytes, source: Any, now: int) -> None:
        plain = None if self._compressor is None else self._expand(data, source)
        if plain is None:
            self._gde.gde_receive(self._engine, data, len(data), source, now)
        else:
            self._gde.gde_receive_expanded(self._engine, plain, len(plain), len(data), source, now)
        if self._compressor is not None:
            self._take_answers(now)

    def handle_timeout(self, now: int) -> None:
        """Do everything due."""
        if self._batch:
            self.receive((), now)
        source = ctypes.byref(self._address)
        while length := self._gde.gde_poll_backlog(self._engine, self._buffer, source):
            self._receive(self._buffer.raw[:length], source, now)
        self._gde.gde_handle_timeout(self._engine, now)

    # C. calls of the program

    def connect(self, address: Address, channels: int, data: int, *, any_source: bool = False) -> PeerHandle:
        """Take the lowest free slot and queue a CONNECT."""
        wanted = max(1, min(channels, 255))
        target = ctypes.byref(c_address(address))
        found = self._gde.gde_connect(self._engine, target, wanted, data & 0xFFFFFFFF, any_source)
        return PeerHandle(check(found))

    def disconnect(self, peer: PeerHandle, data: int, mode: DisconnectMode, now: int) -> None:
        """End a connection in one of four ways."""
        check(self._gde.gde_disconnect(self._engine, peer, data & 0xFFFFFFFF, mode, now))

    def send(self, peer: PeerHandle, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet."""
        wanted = channel if 0 <= channel <= 255 else 0xFFFFFFFF
        check(self._gde.gde_send(self._engine, peer, wanted, packet, len(packet), flags))

    def broadcast(self, channel: int, packet: bytes, flags: int) -> None:
        """Queue one packet for every CONNECTED peer that has the channel."""
        wanted = channel if 0 <= channel <= 255 else 0xFFFFFFFF
        check(self._gde.gde_broadcast(self._engine, wanted, packet, len(packet), flags))

    def set_unread(self, peer: PeerHandle, packets: int, size: int) -> None:
        """Set how many reported packets the program has not read yet, and their size."""
        self._gde.gde_set_unread(self._engine, peer, packets, size)

    def ping(self, peer: PeerHandle) -> None:
        """Queue a ping."""
        check(self._gde.gde_ping(self._engine, peer))

    def configure(self, peer: PeerHandle, option: PeerOption, *values: int) -> None:
        """Set a per-peer option."""
        a, b, c = (*(value & 0xFFFFFFFF for value in values), 0, 0)[:3]
        check(self._gde.gde_configure(self._engine, peer, option, a, b, c))

    def bandwidth_limit(self, incoming: int, outgoing: int) -> None:
        """Set the host's limits."""
        self._gde.gde_bandwidth_limit(self._engine, incoming & 0xFFFFFFFF, outgoing & 0xFFFFFFFF)

    def set_channel_limit(self, limit: int) -> None:
        """Set the channel limit of later connections."""
        self._gde.gde_set_channel_limit(self._engine, limit if 0 < limit <= 255 else 0)

    def on_unreachable(self, address: Address, cause: Drop) -> None:
        """Report what the system says about an address that this host tries to connect to."""
        self._gde.gde_on_unreachable(self._engine, ctypes.byref(c_address(address)), cause)

    def refuse_connects(self, refuse: bool, data: int) -> None:
        """Refuse CONNECTs as if no slot were free, or accept them again."""
        self._gde.gde_refuse_connects(self._engine, refuse, data & 0xFFFFFFFF)

    def set_compressor(self, compressor: Compressor | None) -> None:
        """Replace the compressor. A codec that only Python has works on finished datagrams, outside the engine."""
        mode = native_mode(compressor)
        self._take_answers(0)  # Finished replies keep their codec, as in the Python engine.
        check(self._gde.gde_set_compressor(self._engine, NativeCodec.OUTSIDE if mode is None else mode))
        self._compressor = compressor if mode is None else None

    # D. outputs

    def poll_transmit(self, now: int, *, urgent: bool = False) -> list[Datagram]:
        """One send pass."""
        batch = self._answers
        buffer, address = self._buffer, self._address
        while length := self._gde.gde_poll_transmit(self._engine, now, urgent, buffer, ctypes.byref(address)):
            data = buffer.raw[:length]
            batch.append(Datagram(data if self._compressor is None else self._shrink(data), address_of(address)))
        self._answers = []
        return batch

    def poll_event(self) -> Event | None:
        """The next event."""
        event = self.peek_event()
        if event is not None:
            self.pop_event(event)
        return event

    def peek_event(self) -> Event | None:
        """The next event, without removing it."""
        if self._front is not None:
            return self._front
        record = self._event
        if not record.type and not self._gde.gde_poll_event(self._engine, ctypes.byref(record)):
            return None
        event = self._front = event_of(record)
        return event

    def pop_event(self, event: Event) -> None:
        """Remove an event."""
        if self._front is event:
            self._event.type = EventType.NONE
            self._front = None

    def poll_timeout(self) -> int | None:
        """The next deadline."""
        if self._answers or self._batch:
            return 0
        return self._due.value if self._gde.gde_poll_timeout(self._engine, ctypes.byref(self._due)) else None

    def poll_drops(self) -> list[DropReport]:
        """Drops since the last call, one report per cause."""
        count = self._gde.gde_poll_drops(self._engine, self._reports, len(Drop))
        return reports_of(self._reports[:count]) if count else []

    # Codecs that exist only in Python

    def _header_size(self, data: bytes) -> int:
        return (4 if data[0] & HEADER_SENT_TIME >> 8 else 2) + (4 if self.config.checksum else 0)

    def _shrink(self, data: bytes) -> bytes:
        """A finished datagram with its commands compressed, if that is shorter."""
        compressor = self._compressor
        header = self._header_size(data)
        body = data[header:]
        packed = None if compressor is None else compressor.compress(body, len(body))
        if packed is None or not 0 < len(packed) < len(body):
            return data
        first = data[0] | HEADER_COMPRESSED >> 8
        if not self.config.checksum:
            return bytes((first,)) + data[1:header] + packed
        # The checksum covers that flag and the plain commands. The effect of one bit on it depends only on the position
        # of the bit.
        change = crc32(bytes((HEADER_COMPRESSED >> 8,)) + bytes(len(data) - 1)) ^ crc32(bytes(len(data)))
        checksum = int.from_bytes(data[header - 4 : header], "big") ^ change
        return bytes((first,)) + data[1 : header - 4] + checksum.to_bytes(4, "big") + packed

    def _take_answers(self, now: int) -> None:
        """Compress immediate replies; only then is it known how long they are, and whether they may be sent."""
        buffer, address = self._buffer, self._address
        while length := self._gde.gde_poll_answers(self._engine, buffer, ctypes.byref(address)):
            data = self._shrink(buffer.raw[:length])
            if self._gde.gde_afford(self._engine, len(data), now):
                self._answers.append(Datagram(data, address_of(address)))

    def _expand(self, data: bytes, source: object) -> bytes | None:
        """A datagram with its commands plain behind the same header; None if they already are, or do not decode."""
        compressor = self._compressor
        limit = self._gde.gde_expansion_limit(self._engine, data, len(data), source)
        if compressor is None or not limit:
            return None
        header = self._header_size(data)
        body = compressor.decompress(data[header:], limit)
        return data[:header] + body if body else None
