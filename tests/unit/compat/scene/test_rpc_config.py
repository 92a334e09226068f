"""Options, numbers and checksums of methods."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.compat.scene.parameters import ArgumentsError
from godot_enet.compat.scene.rpc_config import (
    NODE_TABLE,
    RpcConfig,
    RpcEntry,
    RPCMode,
    RpcTable,
    config_from_annotation,
    config_from_dictionary,
)
from tests.rows import each_row


@pytest.mark.parametrize(
    ("options", "config"),
    [
        ([], (2, 2, False, 0)),
        (["any_peer", "call_local", "reliable", 2], (1, 2, True, 2)),
        (["unreliable", "any_peer"], (1, 0, False, 0)),
        (["call_remote", "authority", "unreliable_ordered", 7], (2, 1, False, 7)),
        ([3], (2, 2, False, 3)),
    ],
)
def test_what_an_annotation_says(options: list[Any], config: tuple[Any, ...]) -> None:
    assert config_from_annotation(options) == config


@each_row(
    ("options", "error"),
    [
        (["anybody"], ValueError),
        (["any_peer", "authority"], ValueError),
        (["reliable", "unreliable"], ValueError),
        (["call_local", "call_local"], ValueError),
        ([1, "any_peer"], TypeError),
        ([1, 2], TypeError),
        ([1.5], TypeError),
        ([None], TypeError),
    ],
)
def test_what_no_annotation_says(options: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error, match="@rpc"):
        config_from_annotation(options)


def test_what_a_dictionary_says() -> None:
    assert config_from_dictionary({"rpc_mode": 1}) == (1, 2, False, 0)
    full = {"rpc_mode": RPCMode.RPC_MODE_AUTHORITY, "transfer_mode": 0, "call_local": True, "channel": 4}
    assert config_from_dictionary(full) == (2, 0, True, 4)
    assert config_from_dictionary({"channel": 4}) is None


def test_a_channel_has_32_bits() -> None:
    assert config_from_annotation([2**32 + 3]).channel == 3
    assert config_from_dictionary({"rpc_mode": 1, "channel": 2**63 - 1}) == (1, 2, False, -1)


def test_a_config_in_words() -> None:
    assert str(RpcConfig()) == "authority, call_remote, reliable, channel 0"
    assert str(RpcConfig(1, 0, True, 3)) == "any_peer, call_local, unreliable, channel 3"


def method(node: object, a: int, b: float = 0.0) -> tuple[Any, ...]:
    return (node, a, b)


def table(node: dict[str, RpcConfig | None], *script: str) -> RpcTable:
    return RpcTable(node, {name: (RpcConfig(), method) for name in script})


def test_numbers_and_checksum_as_in_godot() -> None:
    made = table(
        {"native_two": RpcConfig(1), "native_one": RpcConfig(1)}, "beta", "alpha", "gamma", "Zeta", "many", "_under"
    )
    assert made.ids == {
        "Zeta": 0, "_under": 1, "alpha": 2, "beta": 3, "gamma": 4, "many": 5,
        "native_one": 0x8000, "native_two": 0x8001,
    }  # fmt: skip
    assert made.checksum == "699a92f1ac40a4ca2d9727428490994e"
    assert str(made) == "native_one, native_two, Zeta, _under, alpha, beta, gamma, many"


def test_no_methods() -> None:
    assert table({}).checksum == "d41d8cd98f00b204e9800998ecf8427e"
    assert str(table({})) == "none"


def test_the_decorated_one_wins_for_sending() -> None:
    made = table({"both": RpcConfig(1)}, "both")
    assert made.ids == {"both": 0}
    assert made.entries[0].function is method
    assert made.entries[NODE_TABLE].function is None


def test_without_a_mode_only_the_number_is_taken() -> None:
    made = table({"a": None, "b": RpcConfig(1)})
    assert made.ids == {"b": 0x8001}
    assert list(made.entries) == [0x8001]
    assert made.names == ["a", "b"]


def test_an_entry_prepares_calls() -> None:
    node = object()
    decorated = RpcEntry("method", RpcConfig(), method)
    assert decorated.prepare(node, [1.5, 2])() == (node, 1, 2.0)
    with pytest.raises(ArgumentsError):
        decorated.prepare(node, ["x"])
    configured = RpcEntry("upper", RpcConfig())
    assert configured.prepare("x", [])() == "X"
    with pytest.raises(AttributeError):
        configured.prepare(node, [])
