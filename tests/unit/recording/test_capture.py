"""Captures of other programs: their UDP datagrams, whatever carries them."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.core import Address
from godot_enet.recording import Moment, RecordingError
from godot_enet.recording.capture import is_capture, read_capture

dpkt = pytest.importorskip("dpkt")

V4 = Address("10.0.0.2", 50000), Address("10.0.0.1", 7777)
V6 = Address("fd00::2", 50000), Address("fd00::1", 7777)


def packet(source: Address, destination: Address, data: bytes) -> Any:
    """An IP packet."""
    import ipaddress

    udp = dpkt.udp.UDP(sport=source.port, dport=destination.port, data=data, ulen=8 + len(data))
    ends = {"src": ipaddress.ip_address(source.host).packed, "dst": ipaddress.ip_address(destination.host).packed}
    if ":" in source.host:
        return dpkt.ip6.IP6(nxt=17, data=udp, plen=len(udp), **ends)
    return dpkt.ip.IP(p=17, data=udp, len=20 + len(udp), **ends)


def in_ethernet(inner: Any) -> bytes:
    kind = 0x0800 if isinstance(inner, dpkt.ip.IP) else 0x86DD
    return bytes(dpkt.ethernet.Ethernet(type=kind, data=inner))


def in_loopback(inner: Any) -> bytes:
    return (2 if isinstance(inner, dpkt.ip.IP) else 10).to_bytes(4, sys.byteorder) + bytes(inner)


def in_cooked(inner: Any) -> bytes:
    kind = 0x0800 if isinstance(inner, dpkt.ip.IP) else 0x86DD
    return bytes(dpkt.sll.SLL(ethtype=kind, data=inner))


LINKS: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "ethernet": (dpkt.pcap.DLT_EN10MB, in_ethernet),
    "loopback": (dpkt.pcap.DLT_NULL, in_loopback),
    "cooked": (dpkt.pcap.DLT_LINUX_SLL, in_cooked),
    "raw": (101, bytes),
}


def capture(frames: list[bytes], link: int, kind: str = "pcap") -> bytes:
    file = io.BytesIO()
    writer = (
        dpkt.pcapng.Writer(file, linktype=link)
        if kind == "pcapng"
        else dpkt.pcap.Writer(file, linktype=link, nano=kind == "nano")
    )
    for number, frame in enumerate(frames):
        writer.writepkt(frame, 1_700_000_000 + number / 4)
    return file.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.pcap"


@pytest.mark.parametrize("kind", ["pcap", "nano", "pcapng"])
@pytest.mark.parametrize("link", LINKS)
def test_udp_is_found(file: Path, link: str, kind: str) -> None:
    number, wrap = LINKS[link]
    tcp = dpkt.ip.IP(p=6, src=bytes(4), dst=bytes(4), data=dpkt.tcp.TCP(sport=1, dport=2), len=40)
    frames = [wrap(packet(*V4, b"one")), wrap(tcp), b"\xff", wrap(packet(*V6, b""))]
    file.write_bytes(capture(frames, number, kind))
    assert is_capture(file)
    assert list(read_capture(file)) == [
        (0, Moment.CAPTURED, *V4, b"one"),
        (750_000, Moment.CAPTURED, *V6, b""),
    ]


def test_datagrams_that_were_cut_are_left_out(file: Path) -> None:
    whole = in_ethernet(packet(*V4, bytes(100)))
    fragment = packet(*V4, bytes(100))
    fragment.mf = 1
    fragment.data = fragment.data.pack()[:64]
    fragment.len = 84
    file.write_bytes(capture([whole[:80], in_ethernet(fragment), whole], dpkt.pcap.DLT_EN10MB))
    assert [len(datagram.data) for datagram in read_capture(file)] == [100]


def refusal(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        list(read_capture(file))
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{file}: ")


def test_files_that_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = capture([in_ethernet(packet(*V4, b"one"))], dpkt.pcap.DLT_EN10MB)
    assert refusal(file, good[:20]).startswith("damaged: ")
    assert refusal(file, good[:30]).startswith("damaged: ")
    other = capture([b""], dpkt.pcap.DLT_IEEE802_11)
    assert refusal(file, other).startswith("link type 105 is not supported; capture on")

    monkeypatch.setattr("godot_enet.recording.capture.MAX_LIMIT", 30)
    assert refusal(file, good) == "more than 30 bytes; capture with a filter such as 'udp port 7777'"
    monkeypatch.setitem(sys.modules, "dpkt", None)
    assert refusal(file, good) == "reading a capture needs the package dpkt: pip install 'godot_enet[trace]'"


def test_a_length_that_lies_takes_no_memory(file: Path) -> None:
    good = capture([in_ethernet(packet(*V4, b"one"))], dpkt.pcap.DLT_EN10MB)
    file.write_bytes(good[:32] + b"\xff\xff\xff\xff" * 2 + good[40:])
    assert [datagram.data for datagram in read_capture(file)] == [b"one"]


@given(st.sampled_from(["pcap", "nano", "pcapng"]), st.sampled_from(list(LINKS)), st.binary(max_size=100), st.data())
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, link: str, junk: bytes, data: st.DataObject
) -> None:
    number, wrap = LINKS[link]
    content = capture([wrap(packet(*V4, b"one")), junk], number, kind)
    at = data.draw(st.integers(4, len(content)))
    file = tmp_path_factory.mktemp("captures") / "a"
    file.write_bytes(content[:at] + junk + content[at + len(junk) :])
    with suppress(RecordingError):
        assert len(list(read_capture(file))) < 10


def test_packets_in_packets_do_not_end_the_reading(file: Path) -> None:
    deep = bytes(packet(*V4, b"one"))
    while len(deep) < 60000:
        deep = bytes([0x45, 0, *(len(deep) + 20).to_bytes(2, "big"), 0, 0, 0, 0, 64, 4, 0, 0, *bytes(8)]) + deep
    file.write_bytes(capture([deep, bytes(packet(*V4, b"two"))], 101))
    assert [found.data for found in read_capture(file)] == [b"two"]
