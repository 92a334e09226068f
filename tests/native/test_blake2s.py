"""BLAKE2s in C gives what ``hashlib``'s gives, which is RFC 7693's."""

from __future__ import annotations

import ctypes
from hashlib import blake2s
from random import Random

import pytest

from godot_enet.core.native.loader import library
from godot_enet.core.native.structs import c_config
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.rng import key_from


def digest(size: int, key: bytes, data: bytes) -> bytes:
    """What the library makes of it."""
    out = ctypes.create_string_buffer(size)
    library().gde_blake2s(out, size, key, len(key), data, len(data))
    return out.raw


def test_the_vector_of_the_rfc() -> None:
    expected = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"
    assert digest(32, b"", b"abc").hex() == expected


@pytest.mark.parametrize("key_size", [0, 1, 16, 31, 32])
def test_any_length(key_size: int) -> None:
    random = Random(key_size)
    key = random.randbytes(key_size)
    for length in (*range(200), 1000, 4096):
        data = random.randbytes(length)
        size = random.randrange(1, 33)
        assert digest(size, key, data) == blake2s(data, digest_size=size, key=key).digest()


def test_a_config_carries_its_key_and_two_without_a_seed_differ() -> None:
    assert bytes(c_config(HostConfig(seed=2**200 + 5)).key) == key_from(2**200 + 5)
    assert bytes(c_config(HostConfig()).key) != bytes(c_config(HostConfig(seed=0)).key)
