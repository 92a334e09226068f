"""The lines of ``trace``: as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from reprlib import Repr
from typing import Any

from godot_enet.recording.decoder import Line
from godot_enet.recording.scene_packets import Packet

__all__ = ["as_object", "as_text"]

_MAX_BYTES = 32
_MAX_PACKET_TEXT = 1000
_short = Repr()
_short.maxstring = _short.maxother = 120
_short.maxlist = _short.maxdict = _short.maxtuple = 16


def as_text(line: Line) -> str:
    """One line, without control characters, and with long values shortened."""
    text = f"{line.time / 1e6:10.3f}  {line.moment.value:8}  {line.source} > {line.destination}  {line.command}"
    if line.channel >= 0:
        text += f" {line.channel}#{line.sequence}"
    if line.is_again:
        text += " (again)"
    fields = line.fields
    if line.packet is None:
        shown = [f"{name}={value}" for name, value in fields.items()]
    elif "fragment_number" in fields:
        shown = [f"fragment {fields['fragment_number'] + 1} of {fields['fragment_count']}, the last to arrive"]
    else:
        shown = [f"{fields['length']} bytes"]
    text += "  " + " ".join(shown) if shown else ""
    if line.packet is not None:
        packet = _packet_text(line.packet)
        text += f"  {packet}" if len(packet) <= _MAX_PACKET_TEXT else f"  {packet[:_MAX_PACKET_TEXT]} ..."
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _packet_text(packet: Packet) -> str:
    fields, kind = packet.fields, packet.kind
    if packet.inner is not None:
        return f"{kind} {fields['peer']}: {_packet_text(packet.inner)}"
    if kind == "RPC":
        arguments = ", ".join(_value(value) for value in fields["arguments"])
        return f"RPC {fields['node']}.{fields['method']}({arguments})"
    if kind in ("SYNC", "DELTA"):
        return f"{kind} {', '.join(map(_element, fields['elements']))}"
    return " ".join([kind, *(f"{name}={_value(value)}" for name, value in fields.items())])


def _element(element: Mapping[str, Any]) -> str:
    values = [_value(value) for value in element["values"]]
    if "properties" in element:
        values = [f"{index}: {value}" for index, value in zip(element["properties"], values, strict=False)]
    return f"{element['synchronizer']} [{', '.join(values)}]"


def _value(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        more = f"... ({len(value)} bytes)" if len(value) > _MAX_BYTES else ""
        return f"{bytes(value[:_MAX_BYTES])!r}{more}"
    return _short.repr(value)


def as_object(line: Line) -> dict[str, Any]:
    """One object for JSON."""
    return {
        "time": line.time / 1e6,
        "moment": line.moment.value,
        "source": str(line.source),
        "destination": str(line.destination),
        "command": line.command,
        "channel": line.channel,
        "sequence": line.sequence,
        "again": line.is_again,
        "fields": line.fields,
        "packet": None if line.packet is None else _packet_object(line.packet),
    }


def _packet_object(packet: Packet) -> dict[str, Any]:
    found = {"kind": packet.kind} | {name: _plain(value) for name, value in packet.fields.items()}
    return found if packet.inner is None else found | {"packet": _packet_object(packet.inner)}


def _plain(value: Any) -> Any:
    """A value as JSON has it: bytes as hexadecimal digits, and what JSON does not have as Python writes it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else repr(key): _plain(each) for key, each in value.items()}
    return repr(value)
