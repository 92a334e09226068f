"""Turns recorded datagrams into lines: one for each command, with the packet that it carries or completes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from godot_enet.compat.variant import DecodeError, decode_variant
from godot_enet.core.compression import Codec
from godot_enet.core.dtls.records import is_record
from godot_enet.core.engine.reassembly import Held
from godot_enet.core.interface import Address, Compressor
from godot_enet.core.protocol.constants import COMMAND_FLAG_ACKNOWLEDGE, COMMAND_MASK, Command
from godot_enet.core.protocol.wire import Fragment, Head
from godot_enet.recording.datagrams import Unpacker, body_of, command_fields, split_commands
from godot_enet.recording.format import Moment, RecordedDatagram
from godot_enet.recording.scene_packets import MethodNames, Packet, SceneNames, read_scene_packet

__all__ = ["Decoder", "Line", "Packets"]

_FRAGMENTS = (Command.SEND_FRAGMENT, Command.SEND_UNRELIABLE_FRAGMENT)
_WITH_PACKETS = (Command.SEND_RELIABLE, Command.SEND_UNRELIABLE, Command.SEND_UNSEQUENCED)
_MAX_STREAMS = 65536
_MAX_RELAYED = 8192
"""Maximum pairs of clients of one connection whose relayed packets are tracked."""
_MAX_GROUPS = 256
_MAX_BUFFERED = 64 << 20
_MEMORY = 8192
"""Reliable commands of a stream that are remembered, to recognize resends."""
_MAX_BYTES = 256 << 20
"""Approximate memory of all streams, and of all connections. Beyond that only those used last remain."""
_STREAM_BYTES, _COMMAND_BYTES, _GROUP_BYTES, _FRAGMENT_BYTES = 1000, 240, 800, 250
"""Approximate overhead of Python for each, besides the data."""


class Packets(Enum):
    """The kind of packets in a recording."""

    AUTO = "auto"
    """Scene packets if the client sent an id when it connected, as ENetMultiplayerPeer does; else bytes."""
    SCENE = "scene"
    """Of a SceneMultiplayer."""
    VARIANT = "variant"
    """One Variant each, from ``put_var``."""
    BYTES = "bytes"


class Line(NamedTuple):
    """One command, or a datagram that cannot be parsed."""

    time: int
    """Microseconds from the beginning."""
    moment: Moment
    source: Address
    destination: Address
    command: str
    """ENet's name; ``DTLS`` or ``UNREADABLE`` for a whole datagram."""
    channel: int
    """-1 for a whole datagram."""
    sequence: int
    is_again: bool
    """Whether this reliable command is a repetition: resent or duplicated."""
    fields: dict[str, Any]
    packet: Packet | None


class _Stream:
    """The stream from one address to another."""

    def __init__(self, codecs: dict[Codec, Compressor]) -> None:
        self.unpacker = Unpacker(codecs)
        self.groups: dict[tuple[int, int, int], Held] = {}
        self.buffered = 0
        self.seen: dict[Head, None] = {}
        self.counted_size = 0

    @property
    def size(self) -> int:
        """See :class:`_Sized`."""
        return _STREAM_BYTES + self.buffered + _COMMAND_BYTES * len(self.seen)

    def note(self, head: Head) -> bool:
        """Whether a reliable command is a repetition."""
        if head in self.seen:
            return True
        self.seen[head] = None
        if len(self.seen) > _MEMORY:
            del self.seen[next(iter(self.seen))]
        return False

    def complete(self, head: Head, fragment: Fragment, data: bytes) -> bytes | None:
        """The packet that this fragment completes, if any."""
        key = (head.command, head.channel, fragment.start_sequence)
        held = self.groups.get(key)
        if held is None or held.fragment_count != fragment.fragment_count:
            if held is not None:
                self._drop(key)
            held = self.groups[key] = Held(0, 0, 0, b"", fragment.fragment_count, fragment.total_length)
            self.buffered += _GROUP_BYTES
        if held.add(fragment.fragment_number, fragment.fragment_offset, data):
            held.buffered_bytes += len(data)
            self.buffered += len(data) + _FRAGMENT_BYTES
        while self.buffered > _MAX_BUFFERED or len(self.groups) > _MAX_GROUPS:
            self._drop(next(iter(self.groups)))
        if held.remaining or held.buffered_bytes != held.total_length or key not in self.groups:
            return None
        self._drop(key)
        return held.join()

    def _drop(self, key: tuple[int, int, int]) -> None:
        held = self.groups.pop(key)
        self.buffered -= _GROUP_BYTES + held.buffered_bytes + _FRAGMENT_BYTES * len(held.fragments)


class _Connection:
    """The connection between two addresses."""

    def __init__(self) -> None:
        self.has_ids = False
        """Whether the client has sent an id, as ENetMultiplayerPeer does."""
        self.size = _STREAM_BYTES
        self.counted_size = 0
        self._names: dict[tuple[Address, int], SceneNames] = {}

    def names(self, sender: Address, relayed: int) -> SceneNames:
        """The names given by a sender; with relayed packets, those for the client at the other end."""
        key = (sender, relayed)
        names = self._names.get(key)
        if names is None:
            names = self._names[key] = SceneNames()
            self.size += names.size
            if len(self._names) > _MAX_RELAYED:
                self.size -= self._names.pop(next(iter(self._names))).size
        return names


class _Sized(Protocol):
    """An object whose memory grows."""

    @property
    def size(self) -> int:
        """Its approximate memory."""

    counted_size: int
    """The part of its memory that its table has counted."""


_Key = TypeVar("_Key")
_Made = TypeVar("_Made", bound=_Sized)


class _Recent(Generic[_Key, _Made]):
    """The most recently used objects, within a limit of memory.

    Args:
        make: creates a new one.
    """

    def __init__(self, make: Callable[[], _Made]) -> None:
        self._make = make
        self._known: OrderedDict[_Key, _Made] = OrderedDict()
        self._size = 0

    def get(self, key: _Key) -> _Made:
        """The object with this key, or a new one."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._make()
            self.count(found)
            self.count(found)
        else:
            self._known.move_to_end(key)
        return found

    def renew(self, key: _Key) -> _Made:
        """A new object with this key."""
        old = self._known.pop(key, None)
        if old is not None:
            self._size -= old.counted_size
        return self.get(key)

    def count(self, changed: _Made) -> None:
        """Count the memory of the object that was used last, and drop others if the limit is exceeded."""
        self._size += changed.size - changed.counted_size
        changed.counted_size = changed.size
        while len(self._known) > 1 and (self._size > _MAX_BYTES or len(self._known) > _MAX_STREAMS):
            self._size -= self._known.popitem(last=False)[1].counted_size


class Decoder:
    """Decodes the datagrams of one recording, in their order.

    Args:
        packets: the kind of packets.
        methods: names of RPC methods, which are not sent.
    """

    def __init__(self, packets: Packets = Packets.AUTO, methods: MethodNames | None = None) -> None:
        self._packets = packets
        self._methods = methods or {}
        codecs: dict[Codec, Compressor] = {}
        self._streams = _Recent[tuple[Moment, Address, Address], _Stream](lambda: _Stream(codecs))
        self._connections = _Recent[tuple[Address, Address], _Connection](_Connection)

    def lines(self, datagram: RecordedDatagram) -> Iterator[Line]:
        """The commands of a datagram."""
        time, moment, source, destination, data = datagram
        stream = self._streams.get((moment, source, destination))
        plain = stream.unpacker.unpack(data)
        body = body_of(plain)[0] if len(plain) >= 2 else b""
        if not body:
            kind = "DTLS" if is_record(data) else "UNREADABLE"
            fields: dict[str, Any] = {"size": len(data)}
            if kind == "UNREADABLE":
                fields["reason"] = "not ENet" if plain or not data else stream.unpacker.undecodable
            yield Line(time, moment, source, destination, kind, -1, -1, False, fields, None)
            return
        for head, command in split_commands(body):
            number = Command(head.command & COMMAND_MASK)
            fields, carried = command_fields(command)
            is_again = bool(head.command & COMMAND_FLAG_ACKNOWLEDGE) and stream.note(head)
            packet: bytes | None = None
            if number is Command.CONNECT:
                if not is_again:  # a new connection between the two
                    self._connections.renew(_pair(source, destination)).has_ids = fields["data"] > 1
            elif number in _WITH_PACKETS:
                packet = carried
            elif number in _FRAGMENTS:
                packet = stream.complete(head, Fragment(**fields), carried)
            self._streams.count(stream)
            read = None if packet is None else self._read(source, destination, packet)
            yield Line(
                time, moment, source, destination, number.name, head.channel, head.sequence, is_again, fields, read
            )

    def _read(self, source: Address, destination: Address, packet: bytes) -> Packet:
        connection = self._connections.get(_pair(source, destination))
        kind = self._packets
        if kind is Packets.AUTO:
            kind = Packets.SCENE if connection.has_ids else Packets.BYTES
        if kind is Packets.BYTES:
            return Packet("BYTES", {"bytes": packet})
        if kind is Packets.VARIANT:
            return _read_variant(packet)
        read = self._read_scene(connection, source, destination, packet, 0)
        self._connections.count(connection)
        return read

    def _read_scene(
        self, connection: _Connection, source: Address, destination: Address, packet: bytes, relayed: int
    ) -> Packet:
        theirs, ours = connection.names(destination, relayed), connection.names(source, relayed)
        before = ours.size
        read = read_scene_packet(packet, ours, theirs, self._methods)
        connection.size += ours.size - before
        if read.kind != "RELAY":
            return read
        inner = read.fields.pop("packet")
        if relayed:  # a server relays no RELAY
            return read
        return read._replace(inner=self._read_scene(connection, source, destination, inner, read.fields["peer"]))


def _pair(one: Address, other: Address) -> tuple[Address, Address]:
    return (one, other) if one < other else (other, one)


def _read_variant(packet: bytes) -> Packet:
    try:
        return Packet("VARIANT", {"value": decode_variant(packet)[0]})
    except DecodeError as error:
        return Packet("MALFORMED", {"reason": str(error), "bytes": packet})
