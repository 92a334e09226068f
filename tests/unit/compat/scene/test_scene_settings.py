"""Getters, setters and properties, with Godot's defaults and refusals."""

from __future__ import annotations

from typing import Any, cast

import pytest

from godot_enet.compat.globals import Error
from godot_enet.compat.scene.node import Node
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.variant import NodePath


@pytest.fixture
def api() -> SceneMultiplayer:
    return SceneMultiplayer()


def test_defaults(api: SceneMultiplayer) -> None:
    assert api.root_path == NodePath()
    assert api.auth_callback is None
    assert api.auth_timeout == 3.0
    assert api.allow_object_decoding is False
    assert api.refuse_new_connections is False
    assert api.server_relay is True
    assert api.max_sync_packet_size == 1350
    assert api.max_delta_packet_size == 65535
    assert api.get_unique_id() == 1
    assert api.is_server()
    assert api.has_multiplayer_peer()
    assert list(api.get_peers()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("root_path", NodePath("/root/X")),
        ("auth_callback", print),
        ("auth_timeout", 0.5),
        ("allow_object_decoding", True),
        ("refuse_new_connections", True),
        ("server_relay", False),
        ("max_sync_packet_size", 128),
        ("max_delta_packet_size", 128),
    ],
)
def test_properties(api: SceneMultiplayer, name: str, value: object) -> None:
    setattr(api, name, value)
    assert getattr(api, name) == value


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("root_path", "foo", "SceneMultiplayer root path must be absolute. Got 'foo'."),
        ("auth_timeout", -1, "Timeout must be greater or equal to 0 (where 0 means no timeout). Got -1."),
        ("max_sync_packet_size", 127, "Sync maximum packet size must be at least 128 bytes. (got 127)"),
        ("max_delta_packet_size", 127, "Sync maximum packet size must be at least 128 bytes. (got 127)"),
    ],
)
def test_what_is_refused(
    api: SceneMultiplayer, name: str, value: object, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = getattr(api, name)
    setattr(api, name, value)
    assert getattr(api, name) == before
    assert [record.getMessage() for record in caplog.records] == [text]


@pytest.mark.parametrize(
    ("name", "value"), [("auth_callback", 5), ("auth_timeout", "3"), ("server_relay", "no"), ("root_path", 5)]
)
def test_what_is_of_a_wrong_type(api: SceneMultiplayer, name: str, value: object) -> None:
    with pytest.raises(TypeError):
        setattr(api, name, value)


def test_without_a_peer(api: SceneMultiplayer, caplog: pytest.LogCaptureFixture) -> None:
    api.multiplayer_peer = None
    assert api.refuse_new_connections is False
    api.refuse_new_connections = True
    assert [record.getMessage() for record in caplog.records] == [
        "No multiplayer peer is assigned. Unable to get 'refuse_new_connections'.",
        "No multiplayer peer is assigned. Unable to set 'refuse_new_connections'.",
    ]


def test_configurations(api: SceneMultiplayer) -> None:
    assert api.object_configuration_add(None, NodePath("/root/X")) is Error.OK
    assert api.root_path == NodePath("/root/X")
    assert api.object_configuration_remove(None, NodePath("/root/Y")) is Error.ERR_INVALID_PARAMETER
    assert api.object_configuration_remove(None, NodePath("/root/X")) is Error.OK
    assert api.root_path.is_empty()
    assert api.object_configuration_add(None, 5) is Error.ERR_INVALID_PARAMETER
    spawner = cast("Any", Node())
    assert api.object_configuration_add(spawner, spawner) is Error.ERR_INVALID_PARAMETER
    assert api.object_configuration_remove(spawner, spawner) is Error.ERR_INVALID_PARAMETER
