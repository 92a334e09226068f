"""PacketPeer: what every kind of peer has in common."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import pytest

from godot_enet import Error, PacketPeer

Logged = Callable[[], list[str]]


class Loop(PacketPeer):
    """Gives back what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: deque[bytes] = deque()

    def get_available_packet_count(self) -> int:
        return len(self.packets)

    def _take_packet(self) -> tuple[Error, bytes]:
        return (Error.OK, self.packets.popleft()) if self.packets else (Error.ERR_UNAVAILABLE, b"")

    def _put_packet(self, packet: bytes) -> Error:
        self.packets.append(packet)
        return Error.FAILED if packet == b"bad" else Error.OK


def test_it_is_abstract() -> None:
    with pytest.raises(TypeError):
        PacketPeer()  # type: ignore[abstract]


def test_what_was_put_is_got() -> None:
    peer = Loop()
    assert peer.put_packet(b"one") is Error.OK
    assert peer.put_packet(bytearray(b"two")) is Error.OK
    assert peer.put_packet(b"bad") is Error.FAILED
    assert [peer.get_packet() for _ in range(3)] == [b"one", b"two", b"bad"]


def test_putting_nothing_is_ok_and_does_nothing() -> None:
    peer = Loop()
    for nothing in (b"", bytearray(), memoryview(b"")):
        assert peer.put_packet(nothing) is Error.OK
    assert peer.get_available_packet_count() == 0


def test_the_error_is_that_of_the_last_get() -> None:
    peer = Loop()
    assert peer.get_packet_error() is Error.OK
    assert peer.get_packet() == b""
    assert peer.get_packet_error() is Error.ERR_UNAVAILABLE
    peer.put_packet(b"x")
    assert peer.get_packet_error() is Error.ERR_UNAVAILABLE
    assert peer.get_packet() == b"x"
    assert peer.get_packet_error() is Error.OK


@pytest.mark.parametrize(
    ("given", "result"),
    [(1024, 1024), (1025, 2048), (4096, 4096), (5000, 8192), (2**28 - 1, 2**28), (2**28, 2**28)],
)
def test_the_encode_buffer_is_a_power_of_two(logged: Logged, given: int, result: int) -> None:
    peer = Loop()
    assert peer.encode_buffer_max_size == 8 * 1024 * 1024
    peer.encode_buffer_max_size = given
    assert peer.encode_buffer_max_size == peer.get_encode_buffer_max_size() == result
    peer.set_encode_buffer_max_size(2048)
    assert peer.encode_buffer_max_size == 2048
    assert logged() == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (1023, "Max encode buffer must be at least 1024 bytes. Got 1023."),
        (0, "Max encode buffer must be at least 1024 bytes. Got 0."),
        (-1, "Max encode buffer must be at least 1024 bytes. Got -1."),
        (2**28 + 1, "Max encode buffer cannot exceed 256 MiB. Got 268435457 bytes."),
    ],
)
def test_the_encode_buffer_has_limits(logged: Logged, given: int, text: str) -> None:
    peer = Loop()
    peer.encode_buffer_max_size = given
    assert logged() == [text]
    assert peer.get_encode_buffer_max_size() == 8 * 1024 * 1024
