"""SceneReplicationConfig: the list of properties, and what each is used for."""

from __future__ import annotations

from typing import Any

import pytest

from godot_enet.compat.scene.replication.config import SceneReplicationConfig
from godot_enet.compat.variant import Array, NodePath, VariantType

A, B, C = ".:a", ".:b", ".:c"


@pytest.fixture
def config() -> SceneReplicationConfig:
    config = SceneReplicationConfig()
    for path in (A, B, C):
        config.add_property(path)
    return config


def names(config: SceneReplicationConfig) -> list[str]:
    return [str(path) for path in config.get_properties()]


def test_properties_are_typed_and_in_order(config: SceneReplicationConfig) -> None:
    assert isinstance(config.get_properties(), Array)
    assert config.get_properties().get_typed_builtin() is VariantType.TYPE_NODE_PATH
    assert names(config) == [A, B, C]
    config.add_property(".:first", 0)
    config.add_property(".:last", 4)
    config.add_property(".:also", -7)
    assert names(config) == [".:first", A, B, C, ".:last", ".:also"]
    config.remove_property(B)
    config.remove_property(B)
    assert names(config) == [".:first", A, C, ".:last", ".:also"]
    assert config.has_property(NodePath(A))
    assert not config.has_property(B)
    assert config.property_get_index(C) == 2


def test_a_new_one_is_spawned_and_always_sent(config: SceneReplicationConfig) -> None:
    assert config.property_get_spawn(A)
    assert config.property_get_replication_mode(A) is SceneReplicationConfig.REPLICATION_MODE_ALWAYS
    assert config.property_get_sync(A)
    assert not config.property_get_watch(A)


def test_the_lists_by_use(config: SceneReplicationConfig) -> None:
    config.property_set_spawn(A, False)
    config.property_set_replication_mode(B, SceneReplicationConfig.REPLICATION_MODE_ON_CHANGE)
    config.property_set_replication_mode(C, 0)
    used = [[str(path.path) for path in paths] for paths in config._by_use()[:3]]
    assert used == [[B, C], [A], [B]]
    config.property_set_watch(A, True)
    config.property_set_sync(C, True)
    used = [[str(path.path) for path in paths] for paths in config._by_use()[:3]]
    assert used == [[B, C], [C], [A, B]]


def test_the_old_names_of_modes(config: SceneReplicationConfig) -> None:
    config.property_set_watch(A, True)
    assert (config.property_get_watch(A), config.property_get_sync(A)) == (True, False)
    config.property_set_sync(A, False)  # it was not that one
    assert config.property_get_watch(A)
    config.property_set_watch(A, False)
    assert config.property_get_replication_mode(A) is SceneReplicationConfig.REPLICATION_MODE_NEVER
    config.property_set_sync(A, True)
    assert config.property_get_sync(A)


def test_any_number_is_a_mode_as_in_godot(config: SceneReplicationConfig) -> None:
    config.property_set_replication_mode(A, 9)
    assert config.property_get_replication_mode(A) == 9
    assert [str(path.path) for path in config._by_use().sync] == [B, C]


@pytest.mark.parametrize(
    ("name", "arguments", "result", "text"),
    [
        ("add_property", (A,), None, 'Condition "properties.find(p_path)" is true.'),
        ("add_property", ("",), None, 'Condition "p_path == NodePath()" is true.'),
        ("add_property", (".:x", 4), None, "Index p_index = 4 is out of bounds (properties.size() = 3)."),
        ("property_get_index", (".:x",), -1, "Method/function failed. Returning: -1"),
        ("property_get_spawn", (".:x",), False, 'Condition "!E" is true. Returning: false'),
        ("property_set_spawn", (".:x", True), None, 'Condition "!E" is true.'),
        (
            "property_get_replication_mode",
            (".:x",),
            SceneReplicationConfig.REPLICATION_MODE_NEVER,
            'Condition "!E" is true. Returning: REPLICATION_MODE_NEVER',
        ),
        ("property_set_replication_mode", (".:x", 1), None, 'Condition "!E" is true.'),
        ("property_get_sync", (".:x",), False, 'Condition "!E" is true. Returning: false'),
        ("property_set_sync", (".:x", True), None, 'Condition "!E" is true.'),
        ("property_get_watch", (".:x",), False, 'Condition "!E" is true. Returning: false'),
        ("property_set_watch", (".:x", True), None, 'Condition "!E" is true.'),
    ],
)
def test_what_is_refused(
    config: SceneReplicationConfig,
    name: str,
    arguments: tuple[Any, ...],
    result: object,
    text: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert getattr(config, name)(*arguments) == result
    assert [record.getMessage() for record in caplog.records] == [text]
    assert names(config) == [A, B, C]


@pytest.mark.parametrize(
    "call",
    [
        lambda config: config.add_property(5),
        lambda config: config.add_property(".:x", "0"),
        lambda config: config.property_set_spawn(A, "yes"),
        lambda config: config.property_set_replication_mode(A, None),
    ],
)
def test_other_types_are_refused(config: SceneReplicationConfig, call: Any) -> None:
    with pytest.raises(TypeError):
        call(config)


def test_it_prints_its_properties(config: SceneReplicationConfig) -> None:
    assert repr(config) == "<SceneReplicationConfig of .:a, .:b, .:c>"
    assert repr(SceneReplicationConfig()) == "<SceneReplicationConfig of nothing>"
