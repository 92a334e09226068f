"""Numbers of shards, as given and as possible."""

from __future__ import annotations

import os

import pytest

from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.shards import parse_shards, possible_shards


@pytest.mark.parametrize("shards", [1, 2, 64])
def test_numbers(shards: int) -> None:
    assert parse_shards(shards) == shards
    assert HostConfig(shards=shards, peer_count=4095 * shards).peer_count == 4095 * shards
    with pytest.raises(ValueError, match=rf"peer_count must be 1\.\.{4095 * shards}, not"):
        HostConfig(shards=shards, peer_count=4095 * shards + 1)


@pytest.mark.parametrize("shards", [0, -1, 65])
def test_impossible_numbers(shards: int) -> None:
    with pytest.raises(ValueError, match=r"shards must be 1\.\.64"):
        parse_shards(shards)
    with pytest.raises(ValueError, match=r"shards must be 1\.\.64"):
        HostConfig(shards=shards)


@pytest.mark.parametrize("shards", ["all", "", "4"])
def test_other_words(shards: str) -> None:
    with pytest.raises(ValueError, match='or "auto"'):
        parse_shards(shards)


@pytest.mark.parametrize("shards", [True, 2.0, None])
def test_other_types(shards: object) -> None:
    with pytest.raises(TypeError, match="shards must be an int"):
        parse_shards(shards)  # type: ignore[arg-type]


def test_as_many_as_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, expected in ((1, 1), (6, 6), (500, 64)):
        monkeypatch.setattr(os, "process_cpu_count", lambda count=count: count, raising=False)
        assert parse_shards("auto") == expected
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    assert 1 <= parse_shards("auto") <= 64


def test_other_systems_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    config = HostConfig(shards=2, peer_count=20)
    monkeypatch.setattr("sys.platform", "darwin")
    assert possible_shards(config, engine="native", bind="*", threaded=True) == HostConfig(peer_count=20)
    monkeypatch.setattr("sys.platform", "linux")
    assert possible_shards(config, engine="native", bind="*", threaded=True) is config
