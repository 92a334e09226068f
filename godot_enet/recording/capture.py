"""Reads captures of tcpdump and Wireshark (pcap, pcapng), with the package dpkt."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from godot_enet.core.interface import Address
from godot_enet.recording.format import MAX_LIMIT, Moment, RecordedDatagram, RecordingError

__all__ = ["is_capture", "read_capture"]

_MAGIC = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x0a\x0d\x0d\x0a")
_MISSING = "reading a capture needs the package dpkt: pip install 'godot_enet[trace]'"
_MAX_NESTING = 8


def is_capture(path: str | Path) -> bool:
    """Whether a file begins like a capture.

    Raises:
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        return file.read(4) in _MAGIC


def read_capture(path: str | Path) -> Iterator[RecordedDatagram]:
    """The UDP datagrams of a capture, without truncated and fragmented ones.

    Raises:
        RecordingError: dpkt is not installed. The iterator raises it if the file is damaged, of a kind that is not
            read, or too large; and OSError if it cannot be read.
    """
    try:
        import dpkt
    except ModuleNotFoundError:
        raise RecordingError(_MISSING) from None
    return _datagrams(dpkt, path)


def _datagrams(dpkt: Any, path: str | Path) -> Iterator[RecordedDatagram]:
    with Path(path).open("rb") as opened:
        content = opened.read(MAX_LIMIT + 1)
    if len(content) > MAX_LIMIT:
        raise RecordingError(f"{path}: more than {MAX_LIMIT} bytes; capture with a filter such as 'udp port 7777'")
    broken = (
        *(dpkt.Error, ValueError, LookupError, ArithmeticError, AttributeError, TypeError, struct.error),
        RecursionError,  # nested packets, which dpkt parses recursively
    )
    try:
        frames = dpkt.pcap.UniversalReader(io.BytesIO(content))
        kind = frames.datalink()
    except broken as error:
        raise RecordingError(f"{path}: damaged: {error}") from None
    parse = _parsers(dpkt).get(kind)
    if parse is None:
        raise RecordingError(f"{path}: link type {kind} is not supported; capture on an Ethernet or loopback interface")
    began: float | None = None
    following = iter(frames)
    while True:
        try:
            moment, frame = next(following)
        except StopIteration:
            return
        except broken as error:
            raise RecordingError(f"{path}: damaged: {error}") from None
        began = float(moment) if began is None else began
        try:
            found = _datagram(dpkt, parse(frame))
        except broken:  # a frame of some other protocol
            continue
        if found is not None:
            yield RecordedDatagram(max(0, round((float(moment) - began) * 1e6)), Moment.CAPTURED, *found)


def _parsers(dpkt: Any) -> dict[int, Any]:
    """By link type."""
    pcap = dpkt.pcap

    def ip(frame: bytes) -> Any:
        return (dpkt.ip6.IP6 if frame[0] >> 4 == 6 else dpkt.ip.IP)(frame)

    return {
        pcap.DLT_EN10MB: dpkt.ethernet.Ethernet,
        **dict.fromkeys((pcap.DLT_NULL, pcap.DLT_LOOP), lambda frame: ip(frame[4:])),
        pcap.DLT_LINUX_SLL: dpkt.sll.SLL,
        pcap.DLT_LINUX_SLL2: dpkt.sll2.SLL2,
        **dict.fromkeys((12, 14, 101, pcap.DLT_IPV4, pcap.DLT_IPV6), ip),  # 12 and 14 are raw IP on some systems
    }


def _datagram(dpkt: Any, frame: Any) -> tuple[Address, Address, bytes] | None:
    """Source, destination and data of the UDP datagram in a frame, if it is whole."""
    for _ in range(_MAX_NESTING):
        inner = getattr(frame, "data", None)
        if isinstance(inner, dpkt.udp.UDP):
            data = bytes(inner.data)
            if inner.ulen - 8 != len(data):
                return None
            source, destination = (str(ip_address(bytes(end))) for end in (frame.src, frame.dst))
            return Address(source, inner.sport), Address(destination, inner.dport), data
        frame = inner
    return None
