"""The interface to C: structs for ctypes, results and flags. The C header is generated from it.

When the library is loaded, the struct layout of its compiler is compared with that of ctypes.
"""

from __future__ import annotations

import ctypes
import ipaddress
from dataclasses import fields
from socket import inet_ntoa

from godot_enet.core.addressing import zone_number
from godot_enet.core.errors import UnknownZone
from godot_enet.core.interface import Address
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import KEY_SIZE, ROUND_TRIP_BOUNDS
from godot_enet.core.protocol.enums import NamedIntEnum, NamedIntFlag
from godot_enet.core.protocol.events import DisconnectReason, Event, EventType, PeerHandle
from godot_enet.core.rng import key_from

__all__ = [
    "STRUCTS",
    "CAddress",
    "CConfig",
    "CDropReport",
    "CEvent",
    "CPeerInfo",
    "CSummary",
    "HostFlag",
    "Result",
    "address_from",
    "address_of",
    "c_address",
    "c_config",
    "event_of",
    "layout",
]


class CAddress(ctypes.Structure):
    """``gde_address``: IPv4 is written as IPv6."""

    _fields_ = [
        ("ip", ctypes.c_uint8 * 16),
        ("scope", ctypes.c_uint32),
        ("port", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16),
    ]


_CONFIG_NAMES = tuple(setting.name for setting in fields(HostConfig) if setting.name != "seed")


class CConfig(ctypes.Structure):
    """``gde_config``: a :class:`HostConfig`, with the secret key in place of its seed."""

    _fields_ = [*((name, ctypes.c_uint32) for name in _CONFIG_NAMES), ("key", ctypes.c_uint8 * KEY_SIZE)]


class CPeerInfo(ctypes.Structure):
    """``gde_peer_info``."""

    _fields_ = [
        ("peer", ctypes.c_uint64),
        ("address", CAddress),
        ("state", ctypes.c_uint32),
        ("channel_count", ctypes.c_uint32),
        ("mtu", ctypes.c_uint32),
        ("connect_id", ctypes.c_uint32),
        ("window_size", ctypes.c_uint32),
        ("incoming_bandwidth", ctypes.c_uint32),
        ("outgoing_bandwidth", ctypes.c_uint32),
        ("reliable_data_in_transit", ctypes.c_uint32),
        ("waiting_data", ctypes.c_uint64),
        ("packets_queued", ctypes.c_uint64),
    ]


class CSummary(ctypes.Structure):
    """``gde_summary``: a :class:`~godot_enet.core.interface.Summary`."""

    _fields_ = [
        ("connecting", ctypes.c_uint64),
        ("connected", ctypes.c_uint64),
        ("disconnecting", ctypes.c_uint64),
        ("half_open", ctypes.c_uint64),
        ("packets_queued", ctypes.c_uint64),
        ("queued_data", ctypes.c_uint64),
        ("buffered_data", ctypes.c_uint64),
        ("reliable_data_in_transit", ctypes.c_uint64),
        ("packet_loss", ctypes.c_uint64),
        ("packet_throttle", ctypes.c_uint64),
        ("round_trip_time", ctypes.c_uint64),
        ("round_trip_times", ctypes.c_uint64 * (len(ROUND_TRIP_BOUNDS) + 1)),
    ]


class CEvent(ctypes.Structure):
    """``gde_event``; the packet's bytes stay valid until the next call of gde_poll_event or gde_engine_destroy."""

    _fields_ = [
        ("peer", ctypes.c_uint64),
        ("packet", ctypes.c_void_p),
        ("length", ctypes.c_uint64),
        ("type", ctypes.c_uint32),
        ("channel", ctypes.c_uint32),
        ("data", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("reason", ctypes.c_uint32),
        ("command", ctypes.c_uint32),
    ]


def event_of(record: CEvent) -> Event:
    """An event with a copy of its packet."""
    return Event(
        EventType(record.type),
        PeerHandle(record.peer),
        record.channel,
        record.data,
        ctypes.string_at(record.packet, record.length) if record.length else b"",
        record.flags,
        DisconnectReason(record.reason),
        record.command,
    )


class CDropReport(ctypes.Structure):
    """``gde_drop_report``."""

    _fields_ = [("address", CAddress), ("cause", ctypes.c_uint32), ("times", ctypes.c_uint32)]


STRUCTS: dict[str, type[ctypes.Structure]] = {
    "gde_address": CAddress,
    "gde_config": CConfig,
    "gde_peer_info": CPeerInfo,
    "gde_summary": CSummary,
    "gde_event": CEvent,
    "gde_drop_report": CDropReport,
}
"""By their names in C, each after those that it contains."""


class Result(NamedIntEnum):
    """Results of functions; those that return a number return it as positive."""

    OK = 0
    ERR_MEMORY = -1
    ERR_UNKNOWN_PEER = -2
    ERR_NOT_CONNECTED = -3
    ERR_CHANNEL = -4
    ERR_TOO_LARGE = -5
    ERR_NO_FREE_PEER = -6
    ERR_ARGUMENT = -7
    ERR_SPACE = -8
    ERR_CLOSED = -9
    ERR_QUEUE_FULL = -10
    ERR_SHARDS = -11


class HostFlag(NamedIntFlag):
    """How a host in C is created."""

    BOUND = 1
    """Bound to the given address."""
    WILDCARD = 2
    """Bound to its port on all addresses."""
    THREADED = 4
    NO_OFFLOAD = 8
    """One datagram a system call, for tests."""


def layout(record: type[ctypes.Structure]) -> list[int]:
    """The offsets of the fields of a struct, and its size."""
    return [*(getattr(record, name).offset for name, *_ in record._fields_), ctypes.sizeof(record)]


_MAPPED = b"\0" * 10 + b"\xff\xff"
_CACHE_LIMIT = 8192
_to_c: dict[Address, CAddress] = {}
_from_c: dict[bytes, Address] = {}


def c_config(config: HostConfig) -> CConfig:
    """A config for the C side, with a key of its own unless it has a seed."""
    record = CConfig(*(int(getattr(config, name)) for name in _CONFIG_NAMES))
    record.key[:] = key_from(config.seed)
    return record


def c_address(address: Address) -> CAddress:
    """An address for the C side. The host must be an IP literal."""
    made = _to_c.get(address)
    if made is None:
        host, _, scope = address.host.partition("%")
        packed = ipaddress.ip_address(host).packed
        raw = packed if len(packed) == 16 else _MAPPED + packed
        made = CAddress((ctypes.c_uint8 * 16)(*raw), _scope_id(scope), address.port, 0)
        if len(_to_c) >= _CACHE_LIMIT:
            _to_c.clear()
        _to_c[address] = made
    return made


def address_of(record: CAddress) -> Address:
    """An address of the C side."""
    return address_from(bytes(record))


def address_from(key: bytes) -> Address:
    """The same, from the bytes of the record."""
    made = _from_c.get(key)
    if made is None:
        record = CAddress.from_buffer_copy(key)
        raw = key[:16]
        host = inet_ntoa(raw[12:]) if raw.startswith(_MAPPED) else str(ipaddress.IPv6Address(raw))
        made = Address(f"{host}%{record.scope}" if record.scope else host, record.port)
        if len(_from_c) >= _CACHE_LIMIT:
            _from_c.clear()
        _from_c[key] = made
    return made


def _scope_id(zone: str) -> int:
    """0 for none. Datagrams to a zone that this machine does not have are lost."""
    if not zone:
        return 0
    try:
        return zone_number(zone)
    except UnknownZone:
        return 0
