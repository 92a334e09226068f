"""What all multiplayers have in common."""

from __future__ import annotations

import pytest

from godot_enet import aio
from godot_enet.compat.scene.multiplayer_api import MultiplayerAPI
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from godot_enet.compat.scene.scene_tree import SceneTree


class OurOwnMultiplayer(SceneMultiplayer):
    pass


def test_it_is_abstract() -> None:
    with pytest.raises(TypeError):
        MultiplayerAPI()  # type: ignore[abstract]


def test_the_class_for_asyncio_is_not_the_default() -> None:
    """Although it has the same name."""
    assert aio.SceneMultiplayer.__name__ == MultiplayerAPI.get_default_interface()
    assert type(MultiplayerAPI.create_default_interface()) is SceneMultiplayer


def test_the_default_interface(caplog: pytest.LogCaptureFixture) -> None:
    assert MultiplayerAPI.get_default_interface() == "SceneMultiplayer"
    assert type(MultiplayerAPI.create_default_interface()) is SceneMultiplayer
    MultiplayerAPI.set_default_interface("NoSuchClass")
    assert "does not extend MultiplayerAPI" in caplog.text
    MultiplayerAPI.set_default_interface("MultiplayerAPI")
    assert MultiplayerAPI.get_default_interface() == "SceneMultiplayer"
    MultiplayerAPI.set_default_interface("OurOwnMultiplayer")
    try:
        assert isinstance(SceneTree().get_multiplayer(), OurOwnMultiplayer)
    finally:
        MultiplayerAPI.set_default_interface("SceneMultiplayer")


def test_modes() -> None:
    assert [mode.value for mode in MultiplayerAPI.RPCMode] == [0, 1, 2]
    assert MultiplayerAPI.RPC_MODE_ANY_PEER is MultiplayerAPI.RPCMode.RPC_MODE_ANY_PEER
