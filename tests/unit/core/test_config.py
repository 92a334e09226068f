"""The settings of a host and their ranges."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from godot_enet.core.protocol.config import MIN_BUFFERED_DATA, HostConfig
from tests.rows import each_row

U32 = 0xFFFFFFFF


def test_defaults_are_enets() -> None:
    config = HostConfig()
    assert (config.peer_count, config.channel_limit, config.mtu) == (32, 0, 1392)
    assert (config.incoming_bandwidth, config.outgoing_bandwidth, config.checksum) == (0, 0, False)
    assert config.maximum_packet_size == config.maximum_waiting_data == 32 * 1024 * 1024
    assert config.duplicate_peers == 4095


RANGES = {one.name: one.metadata["range"] for one in fields(HostConfig) if "range" in one.metadata}


def test_ranges_are_enets() -> None:
    assert RANGES["peer_count"] == (1, 4095)
    assert RANGES["channel_limit"] == (0, 255)
    assert RANGES["mtu"] == (576, 4096)
    assert RANGES["incoming_bandwidth"] == RANGES["outgoing_bandwidth"] == RANGES["duplicate_peers"] == (0, U32)


def test_every_number_has_a_range() -> None:
    assert [one.name for one in fields(HostConfig) if one.name not in RANGES and not isinstance(one.default, bool)] == [
        "seed"
    ]


@each_row(("name", "lowest", "highest"), [*((n, *r) for n, r in RANGES.items()), ("seed", 0, 2**256 - 1)])
def test_ranges_are_inclusive_and_the_message_names_the_setting(name: str, lowest: int, highest: int) -> None:
    for value in (lowest, highest):
        assert getattr(HostConfig(**{name: value}), name) == value  # type: ignore[arg-type]
    for value in (lowest - 1, highest + 1, -(2**40), 2**300):
        with pytest.raises(ValueError, match=rf"^{name} .*{value}$"):
            HostConfig(**{name: value})  # type: ignore[arg-type]


def test_a_config_does_not_change() -> None:
    config = HostConfig()
    with pytest.raises(FrozenInstanceError):
        config.mtu = 600  # type: ignore[misc]


def test_memory_for_all_peers_has_room_for_what_each_has_under_way() -> None:
    assert HostConfig(peer_count=4095).maximum_buffered_data
    assert HostConfig(maximum_buffered_data=0).maximum_buffered_data == 0
    with pytest.raises(ValueError, match=r"^maximum_buffered_data .*1000$"):
        HostConfig(maximum_buffered_data=1000)
    with pytest.raises(ValueError, match=r"^maximum_buffered_data "):
        HostConfig(peer_count=1000, maximum_buffered_data=MIN_BUFFERED_DATA)
