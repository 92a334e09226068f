"""Decodes packets of a SceneMultiplayer without its nodes: names come from packets and notes of the same recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from godot_enet.compat.scene.arguments import decode_values
from godot_enet.compat.scene.path_cache import parse_confirmation, parse_path
from godot_enet.compat.scene.replication.packets import (
    CUSTOM,
    PATH_ID,
    MalformedPacket,
    parse_despawn,
    parse_elements,
    parse_spawn,
    spawn_head,
    split_argument,
)
from godot_enet.compat.scene.rpc_packet import parse_arguments, parse_call
from godot_enet.compat.scene.scene_commands import (
    ADD_PEER,
    AUTH,
    COMMAND_MASK,
    CONFIRM_PATH,
    DEL_PEER,
    DESPAWN,
    RAW,
    RELAY,
    REMOTE_CALL,
    SIMPLIFY_PATH,
    SPAWN,
    SYS,
    SYS_HEAD,
)
from godot_enet.compat.variant import DecodeError

__all__ = ["MethodNames", "Packet", "SceneNames", "read_scene_packet"]

_K = TypeVar("_K", int, str)
_V = TypeVar("_V", str, tuple[str, str])

MethodNames = Mapping[str, Mapping[int, str]]
"""The RPC methods by number, for each list of methods by its checksum."""
_MAX_NAMES = 65536
"""Paths and spawned nodes remembered for one sender; the oldest are forgotten."""
_CHARACTER_BYTES = 4
"""Memory that a character takes at most."""
_NAME_BYTES = 300
"""Approximate memory of a remembered name, besides its characters."""


class Packet(NamedTuple):
    """The content of a packet."""

    kind: str
    """Such as ``RPC``, ``SYNC`` or ``BYTES``."""
    fields: dict[str, Any]
    """By name; values are Variants."""
    inner: Packet | None = None
    """The packet inside a relayed one."""


class SceneNames:
    """The names of one sender's nodes, for one receiver."""

    def __init__(self) -> None:
        self.size = 1000
        """The approximate memory of the names."""
        self._paths: dict[int, tuple[str, str]] = {}
        """Path and checksum, by the number of the node."""
        self._checksums: dict[str, str] = {}
        """By path."""
        self._spawned: dict[int, str] = {}
        """Names of spawned nodes, by their numbers."""
        self._synchronizers: dict[int, str] = {}
        """The spawned node of each, by its number."""

    def learn_path(self, number: int, path: str, checksum: str) -> None:
        """Assign a number to a path."""
        self._remember(self._paths, number, (path, checksum))
        self._remember(self._checksums, path, checksum)

    def learn_spawn(self, node: int, name: str, synchronizers: Sequence[int]) -> None:
        """Assign numbers to a spawned node and its synchronizers."""
        self._remember(self._spawned, node, name)
        for number in synchronizers:
            self._remember(self._synchronizers, number, name)

    def _remember(self, known: dict[_K, _V], key: _K, value: _V) -> None:
        if key in known:
            self.size -= _size_of(key, known.pop(key))
        known[key] = value
        self.size += _size_of(key, value)
        if len(known) > _MAX_NAMES:
            oldest = next(iter(known))
            self.size -= _size_of(oldest, known.pop(oldest))

    def path_of(self, number: int) -> str:
        """The path of a number, or the number with ``#``."""
        return self._paths[number][0] if number in self._paths else f"#{number}"

    def spawned(self, number: int) -> str:
        """The name of a spawned node."""
        return self._spawned.get(number, f"#{number}")

    def synchronizer(self, number: int) -> str:
        """The path of a synchronizer, or the spawned node that it belongs to."""
        if number & PATH_ID:
            return self.path_of(number & ~PATH_ID)
        return f"{self._synchronizers[number]}#{number}" if number in self._synchronizers else f"#{number}"

    def checksum(self, number: int, path: str | None) -> str:
        """The checksum of the methods of a node, given by its number or its path; empty if unknown."""
        if path is not None:
            return self._checksums.get(path, "")
        return self._paths[number][1] if number in self._paths else ""


def _size_of(key: int | str, value: str | tuple[str, str]) -> int:
    texts = [each for each in (key, *([value] if isinstance(value, str) else value)) if isinstance(each, str)]
    return _NAME_BYTES + _CHARACTER_BYTES * sum(map(len, texts))


def read_scene_packet(packet: bytes, ours: SceneNames, theirs: SceneNames, methods: MethodNames) -> Packet:
    """Decode a packet, and remember the names in it.

    Args:
        packet: the whole packet.
        ours: the names that its sender has given.
        theirs: those that its receiver has given.
        methods: the names of methods.

    Returns:
        Its content; ``MALFORMED`` with the reason if it cannot be decoded.
    """
    try:
        return _read(packet, ours, theirs, methods)
    except (DecodeError, MalformedPacket) as error:
        return Packet("MALFORMED", {"reason": str(error), "bytes": packet})


def _read(packet: bytes, ours: SceneNames, theirs: SceneNames, methods: MethodNames) -> Packet:
    if not packet:
        raise MalformedPacket("an empty packet")
    command = packet[0] & COMMAND_MASK
    if command == REMOTE_CALL:
        return _read_call(packet, ours, methods)
    if command == SIMPLIFY_PATH:
        introduction = parse_path(packet)
        if introduction is None:
            raise MalformedPacket("too short for a SIMPLIFY_PATH")
        checksum, path = _text(introduction[0]), _text(introduction[2])
        number = int.from_bytes(introduction[1], "little")
        ours.learn_path(number, path, checksum)
        return Packet("SIMPLIFY_PATH", {"number": number, "path": path, "methods": checksum})
    if command == CONFIRM_PATH:
        confirmation = parse_confirmation(packet)
        if confirmation is None:
            raise MalformedPacket("a CONFIRM_PATH of another size")
        same, number = confirmation
        return Packet("CONFIRM_PATH", {"number": number, "path": theirs.path_of(number), "same_methods": same})
    if command == RAW:
        return Packet("RAW", {"bytes": packet[1:]})
    if command == SPAWN:
        return _read_spawn(packet, ours)
    if command == DESPAWN:
        return Packet("DESPAWN", {"node": ours.spawned(int.from_bytes(parse_despawn(packet), "little"))})
    if command == SYS:
        return _read_system(packet)
    return _read_values(packet, ours)


def _read_call(packet: bytes, names: SceneNames, methods: MethodNames) -> Packet:
    call = parse_call(packet)
    path = None if call.path is None else _text(call.path)
    known = methods.get(names.checksum(call.node, path), {})
    fields = {
        "node": names.path_of(call.node) if path is None else path,
        "method": known.get(call.method, f"method#{call.method}"),
        "arguments": parse_arguments(packet, call),
    }
    return Packet("RPC", fields)


def _read_spawn(packet: bytes, names: SceneNames) -> Packet:
    spawner = spawn_head(packet)
    spawn = parse_spawn(packet)
    rest = spawn.rest
    numbers = [
        int.from_bytes(spawn.synchronizers[at : at + 4], "little") for at in range(0, len(spawn.synchronizers), 4)
    ]
    node, name = int.from_bytes(spawn.node, "little"), _text(spawn.name)
    fields: dict[str, Any] = {"spawner": names.path_of(spawner), "name": name, "node": node, "synchronizers": numbers}
    if spawn.scene == CUSTOM:
        argument, rest = split_argument(rest)
        fields["argument"] = decode_values(argument, 0, 1)[0][0]
    else:
        fields["scene"] = spawn.scene
    fields["values"] = _values(rest)
    names.learn_spawn(node, name, numbers)
    return Packet("SPAWN", fields)


def _read_values(packet: bytes, names: SceneNames) -> Packet:
    elements: list[dict[str, Any]] = []
    kind = "SYNC"
    for number, bits, values in parse_elements(packet):
        element = {"synchronizer": names.synchronizer(number), "values": _values(values)}
        if bits is not None:
            kind = "DELTA"
            element["properties"] = [index for index in range(64) if bits >> index & 1]
        elements.append(element)
    return Packet(kind, {"elements": elements})


def _read_system(packet: bytes) -> Packet:
    if packet.startswith(AUTH):
        return Packet("AUTH", {"bytes": packet[len(AUTH) :]})
    if len(packet) < SYS_HEAD.size:
        raise MalformedPacket("too short for a system command")
    _, command, peer = SYS_HEAD.unpack_from(packet)
    kind = {ADD_PEER: "ADD_PEER", DEL_PEER: "DEL_PEER", RELAY: "RELAY"}.get(command)
    if kind is None:
        raise MalformedPacket(f"an unknown system command, {command}")
    return Packet(kind, {"peer": peer} | ({"packet": packet[SYS_HEAD.size :]} if command == RELAY else {}))


def _values(data: bytes) -> list[Any]:
    """All values in these bytes: only the two ends know their number."""
    values: list[Any] = []
    at = 0
    while at < len(data):
        [value], at = decode_values(data, at, 1)
        values.append(value)
    return values


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
