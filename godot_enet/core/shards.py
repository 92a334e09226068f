"""How many shards a host gets: sockets that share one port, each with its own peers, engine and network thread in C.

The kernel sends each remote's datagrams to one of them, by a keyed hash of the addresses, so clients notice nothing.
"""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace

from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import MAXIMUM_PEER_ID, MAXIMUM_SHARDS, SLOT_BITS
from godot_enet.core.protocol.events import PeerHandle

__all__ = ["parse_shards", "possible_shards", "shard_of", "with_one_shard"]

_log = logging.getLogger("godot_enet")


def parse_shards(shards: int | str) -> int:
    """A number of shards, or ``"auto"`` for as many as this process has processors.

    Raises:
        TypeError, ValueError: it is neither.
    """
    if isinstance(shards, str):
        if shards != "auto":
            raise ValueError(f'shards must be 1..{MAXIMUM_SHARDS} or "auto", not {shards!r}')
        return min(_processors(), MAXIMUM_SHARDS)
    if isinstance(shards, bool) or not isinstance(shards, int):
        raise TypeError(f'shards must be an int or "auto", not {type(shards).__name__}')
    if not 1 <= shards <= MAXIMUM_SHARDS:
        raise ValueError(f'shards must be 1..{MAXIMUM_SHARDS} or "auto", not {shards}')
    return shards


def _processors() -> int:
    """The processors that this process may use."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def shard_of(peer: PeerHandle) -> int:
    """The shard that serves a peer, 0 up to the number of shards - 1. For statistics: peers do not move."""
    return peer >> SLOT_BITS & MAXIMUM_SHARDS - 1


def possible_shards(config: HostConfig, *, engine: str, bind: str | None, threaded: bool) -> HostConfig:
    """The same config, or one with a single shard, and a log line that says why, where several are impossible."""
    if config.shards == 1:
        return config
    why = (
        "the Python engine has only one"
        if engine != "native"
        else f"sockets that share a port are not served evenly on {sys.platform}"
        if sys.platform != "linux"
        else "a host without a bound port has only one"
        if bind is None
        else "a host without network threads has only one"
        if not threaded
        else ""
    )
    return with_one_shard(config, why) if why else config


def with_one_shard(config: HostConfig, why: str) -> HostConfig:
    """The config with one shard and at most its number of peers; says so in a log line unless it has one already."""
    if config.shards == 1:
        return config
    peers = min(config.peer_count, MAXIMUM_PEER_ID)
    fewer = f", so at most {peers} peers instead of {config.peer_count}" if peers < config.peer_count else ""
    _log.warning("Using one shard instead of %d%s: %s.", config.shards, fewer, why)
    return replace(config, shards=1, peer_count=peers)
