"""Arguments of the wrong type raise a TypeError that names them; whole numbers are cut to 32 bits, as Godot's are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, SupportsIndex

import pytest

from godot_enet import ENetConnection, ENetPacketPeer, Error
from tests.contract.api import load
from tests.contract.missing import MISSING
from tests.rows import each_row
from tests.unit.compat.stage import Link, Stage

GOOD: dict[str, Any] = {"int": 1, "String": "127.0.0.1", "PackedByteArray": b"x", "bool": True, "TLSOptions": None}
BAD: dict[str, list[Any]] = {
    "int": ["1", 1.0, None, b"1", [1]],
    "String": [1, b"127.0.0.1", None],
    "PackedByteArray": ["x", 1, [1], None, range(3)],
    "bool": ["yes", None],
}


def cases() -> Iterator[Any]:
    """Every argument that has a plain type, with everything that it is not."""
    for cls in ("ENetConnection", "ENetPacketPeer", "PacketPeer"):
        for method, described in load().classes[cls]["methods"].items():
            types = ["int" if each["type"].startswith("enum::") else each["type"] for each in described["arguments"]]
            if f"{cls}.{method}" in MISSING or "Variant" in types or method == "get_var":
                continue
            for index, (kind, argument) in enumerate(zip(types, described["arguments"], strict=True)):
                for bad in BAD.get(kind, []):
                    arguments = [GOOD[each] for each in types]
                    arguments[index] = bad
                    case = f"{method}({argument['name']}={bad!r})"
                    yield pytest.param(cls, method, arguments, argument["name"], id=case)


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    stage = Stage(threaded=False)
    yield stage.link()
    stage.close()


@each_row(("cls", "method", "arguments", "name"), list(cases()))
def test_a_wrong_type_is_named(link: Link, cls: str, method: str, arguments: list[Any], name: str) -> None:
    target = link.client if cls == "ENetConnection" else link.at_client
    if method.startswith("create_host"):
        target = ENetConnection(threaded=False)
    with pytest.raises(TypeError, match=rf"\b{name}\b"):
        getattr(target, method)(*arguments)
    assert link.at_client.get_state() == ENetPacketPeer.STATE_CONNECTED
    assert link.client.get_peers() == [link.at_client]


@pytest.mark.parametrize(
    "send",
    [
        lambda link: link.at_client.send(0, "text", 1),
        lambda link: link.at_client.put_packet("text"),
        lambda link: link.client.broadcast(0, "text", 1),
        lambda link: link.client.socket_send("127.0.0.1", 1, "text"),
    ],
    ids=["send", "put_packet", "broadcast", "socket_send"],
)
def test_text_is_refused_with_what_to_do(link: Link, send: Callable[[Link], None]) -> None:
    with pytest.raises(TypeError, match=r"encode"):
        send(link)


class Whole:
    """A whole number that is no int, as those of numerical libraries are."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


@pytest.mark.parametrize(
    ("packet", "content"),
    [
        (b"bytes", b"bytes"),
        (bytearray(b"array"), b"array"),
        (memoryview(b"view"), b"view"),
        (memoryview(b"a-b-c-")[::2], b"abc"),
        (memoryview(bytes(8)).cast("I"), bytes(8)),
    ],
    ids=["bytes", "bytearray", "memoryview", "strided", "cast"],
)
def test_everything_that_holds_bytes_is_a_packet(
    link: Link, packet: bytes | bytearray | memoryview, content: bytes
) -> None:
    stage, server = link.stage, link.at_server
    link.client.broadcast(0, packet, 1)
    assert link.at_client.send(0, packet, 1) is Error.OK
    assert link.at_client.put_packet(packet) is Error.OK
    if isinstance(packet, bytearray):
        packet[:] = b"later"  # what was sent is what it held then
    stage.run(lambda: server.get_available_packet_count() == 3)
    assert [server.get_packet() for _ in range(3)] == [content] * 3
    plain = stage.socket()
    link.client.socket_send("127.0.0.1", plain.getsockname()[1], memoryview(content))
    assert plain.recv(100) == content


@pytest.mark.parametrize(
    ("channel", "flags"),
    [
        (Whole(1), Whole(1)),
        (True, True),
        (2**32 + 1, 2**32 + 1),
        (-(2**32) + 1, 1 - 2**40),
        (Whole(2**32 + 1), Whole(2**33 + 1)),
        (1, ENetPacketPeer.FLAG_RELIABLE),
    ],
    ids=["whole", "bool", "over", "under", "whole over", "plain"],
)
def test_whole_numbers_are_taken_and_cut(link: Link, channel: SupportsIndex, flags: SupportsIndex) -> None:
    link.stage.events(link.server)
    number: Any = channel
    bits: Any = flags
    assert link.at_client.send(number, b"x", bits) is Error.OK
    link.client.broadcast(number, b"y", bits)
    link.stage.run(lambda: link.at_server.get_available_packet_count() == 2)
    assert [event.channel for event in link.stage.events(link.server)] == [1, 1]
    assert [link.at_server.get_packet_flags(), link.at_server.get_packet()] == [1, b"x"]
    assert [link.at_server.get_packet_flags(), link.at_server.get_packet()] == [1, b"y"]


@pytest.mark.parametrize(
    ("data", "arrives"),
    [
        (0, 0),
        (77, 77),
        (-1, 2**32 - 1),
        (2**31 - 1, 2**31 - 1),
        (2**31, 2**31),
        (-(2**31), 2**31),
        (2**32 - 1, 2**32 - 1),
        (2**32 + 5, 5),
        (-(2**32) - 2, 2**32 - 2),
        (Whole(9), 9),
    ],
)
def test_data_travels_as_an_unsigned_32_bit_number(data: Any, arrives: int) -> None:
    stage = Stage(threaded=False)
    server, client = stage.server(), stage.client()
    peer = client.connect_to_host("127.0.0.1", server.get_local_port(), 0, data)
    assert peer is not None
    stage.run(lambda: stage.peek(client) and stage.peek(server))
    assert [event.data for event in stage.events(client) + stage.events(server)] == [0, arrives]
    peer.peer_disconnect(data)
    stage.run(lambda: stage.peek(client) and stage.peek(server))
    assert [event.data for event in stage.events(client) + stage.events(server)] == [0, arrives]
    stage.close()


def test_what_godot_does_with_numbers_that_wrap() -> None:
    connection = ENetConnection(threaded=False)
    assert connection.create_host(2**32 + 1, 2**32) is Error.OK  # 1 and 0
    assert connection.get_max_channels() == 255
    assert connection.service(2**32) == (ENetConnection.EVENT_NONE, None, 0, 0)  # no wait
    connection.channel_limit(2**32 + 3)
    assert connection.get_max_channels() == 3
    connection.destroy()
    assert connection.create_host_bound("127.0.0.1", 2**16) is Error.ERR_INVALID_PARAMETER
    assert connection.create_host_bound("127.0.0.1", 2**32) is Error.OK  # any port
    connection.destroy()
