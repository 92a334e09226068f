"""The functions that everybody calls, and the two methods of PacketPeer that stand on them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from godot_enet import Error, PacketPeer
from godot_enet.compat.variant import (
    Array,
    EncodedObjectAsID,
    PackedByteArray,
    VariantType,
    Vector2,
    Vector2i,
    bytes_to_var,
    bytes_to_var_with_objects,
    var_to_bytes,
    var_to_bytes_with_objects,
)

Logged = Callable[[], list[str]]

TOO_DEEP = "Potential infinite recursion detected. Bailing."
FULL_OBJECT = bytes.fromhex("180000000a000000526566436f756e746564000000000000")


class Loop(PacketPeer):
    """Gives back what it was given."""

    def __init__(self, *packets: bytes) -> None:
        super().__init__()
        self.packets = deque(packets)

    def get_available_packet_count(self) -> int:
        return len(self.packets)

    def _take_packet(self) -> tuple[Error, bytes]:
        return (Error.OK, self.packets.popleft()) if self.packets else (Error.ERR_UNAVAILABLE, b"")

    def _put_packet(self, packet: bytes) -> Error:
        self.packets.append(packet)
        return Error.FAILED if len(self.packets) > 1 else Error.OK


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def test_bytes_of_every_kind_are_decoded() -> None:
    data = var_to_bytes({"position": Vector2(1, 2)})
    for given in (data, bytearray(data), memoryview(data), PackedByteArray(data)):
        assert bytes_to_var(given) == {"position": Vector2(1, 2)}


@pytest.mark.parametrize("given", ["text", None, 5, [1, 2]])
def test_anything_else_is_not(given: Any) -> None:
    with pytest.raises(TypeError, match="bytes must be bytes"):
        bytes_to_var(given)


def test_endless_recursion_is_an_error(logged: Logged) -> None:
    assert var_to_bytes(endless()) == b""
    assert logged() == [TOO_DEEP]
    assert var_to_bytes({"a": [1, endless()]}) == b""
    assert logged() == [TOO_DEEP]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ((1, 2), "use a list, or one of Godot's types such as Vector2"),
        ({1, 2}, "use a list"),
        (frozenset(), "use a list"),
        (1j, "complex is not a Variant type"),
        (object(), "object is not a Variant type"),
        (Vector2, "type is not a Variant type"),
    ],
)
def test_what_is_no_variant_is_refused_with_a_hint(given: Any, hint: str) -> None:
    for value in (given, [given], {"a": given}, {"a": [[given]]}):
        with pytest.raises(TypeError, match=hint):
            var_to_bytes(value)


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1, 1 << 200])
def test_an_int_must_fit_64_bits(value: int) -> None:
    with pytest.raises(OverflowError, match=f"{value} does not fit the 64 bits"):
        var_to_bytes([value])


@pytest.mark.parametrize("value", [Vector2i(1 << 31, 0), Vector2i(0, -(1 << 31) - 1)])
def test_a_component_must_fit_32_bits(value: Vector2i) -> None:
    with pytest.raises(OverflowError, match="does not fit 32 bits"):
        var_to_bytes(value)


def test_objects_are_refused_with_and_without_objects(logged: Logged) -> None:
    for decode in (bytes_to_var, bytes_to_var_with_objects):
        assert decode(FULL_OBJECT) is None
        assert logged() == ["objects are never decoded"]


def test_only_with_objects_names_of_classes_are_kept() -> None:
    nodes = Array([None, EncodedObjectAsID(7)], VariantType.TYPE_OBJECT, "Node")
    assert b"EncodedObjectAsID" in var_to_bytes(nodes)
    full = var_to_bytes_with_objects(nodes)
    assert full.hex() == "1c000200040000004e6f64650200000000000000180001000700000000000000"
    assert bytes_to_var(full).get_typed_class_name() == "EncodedObjectAsID"
    assert bytes_to_var_with_objects(full).get_typed_class_name() == "Node"
    assert list(bytes_to_var_with_objects(full)) == [None, EncodedObjectAsID(7)]


def test_only_with_objects_paths_of_scripts_are_kept(logged: Logged) -> None:
    scripted = Array([], VariantType.TYPE_OBJECT, "Node", "res://player.gd")
    full = var_to_bytes_with_objects(scripted)
    assert full[:4].hex() == "1c000300"
    assert bytes_to_var_with_objects(full).get_typed_script() == "res://player.gd"
    assert bytes_to_var(full).get_typed_script() == ""
    assert var_to_bytes(scripted)[:4].hex() == "1c000200"
    assert logged() == []
    stray = Array([], VariantType.TYPE_OBJECT, "Node", "user://player.gd")
    assert var_to_bytes_with_objects(stray) == b""
    assert logged() == ["Failed to encode a path to a custom script for a container type."]
    assert bytes_to_var_with_objects(full.replace(b"res:", b"ftp:")) is None
    assert logged() == ["invalid script path 'ftp://player.gd'"]


def test_a_value_is_put_and_got() -> None:
    peer = Loop()
    assert peer.put_var({"id": 7}) is Error.OK
    assert peer.packets[0] == var_to_bytes({"id": 7})
    assert peer.get_var() == {"id": 7}
    assert peer.put_var(1) is Error.OK
    assert peer.put_var(2) is Error.FAILED  # what put_packet gives


def test_a_value_may_take_what_the_buffer_holds_and_no_more(logged: Logged) -> None:
    peer = Loop()
    peer.encode_buffer_max_size = 1024
    assert peer.put_var(bytes(1016)) is Error.OK
    assert peer.put_var(bytes(1017)) is Error.ERR_OUT_OF_MEMORY
    assert peer.put_var([0] * 127) is Error.FAILED  # 1024 bytes, and so it was put
    assert peer.put_var([0] * 128) is Error.ERR_OUT_OF_MEMORY
    assert peer.get_available_packet_count() == 2
    text = (
        "Failed to encode variant, encode size is bigger than encode_buffer_max_size (1024 bytes). "
        "Consider raising it via 'set_encode_buffer_max_size'."
    )
    assert logged() == [text] * 2


def test_what_cannot_be_encoded_is_not_put(logged: Logged) -> None:
    peer = Loop()
    assert peer.put_var(endless()) is Error.ERR_OUT_OF_MEMORY
    with pytest.raises(TypeError, match="tuple is not a Variant type"):
        peer.put_var((1, 2))
    assert peer.get_available_packet_count() == 0
    assert logged() == [TOO_DEEP]


def test_a_packet_that_is_no_value_is_taken_nevertheless(logged: Logged) -> None:
    peer = Loop(b"\xff\0\0\0", FULL_OBJECT, var_to_bytes(5))
    assert peer.get_var() is None
    assert logged() == ["unknown Variant type 255"]
    assert peer.get_var(True) is None
    assert logged() == ["objects are never decoded"]
    assert peer.get_var() == 5
    assert peer.get_packet_error() is Error.OK
    assert peer.get_var() is None
    assert peer.get_packet_error() is Error.OK  # get_var never changes it


def test_the_flag_for_objects_reaches_the_format() -> None:
    nodes = Array([], VariantType.TYPE_OBJECT, "Node")
    peer = Loop()
    peer.put_var(nodes)
    assert peer.get_var(True).get_typed_class_name() == "EncodedObjectAsID"
    peer.put_var(nodes, True)
    assert peer.get_var(allow_objects=True).get_typed_class_name() == "Node"
    peer.put_var(nodes, full_objects=True)
    assert peer.get_var().get_typed_class_name() == "EncodedObjectAsID"
