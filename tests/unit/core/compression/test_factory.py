"""Codecs by name."""

from __future__ import annotations

import pytest

from godot_enet.core.compression import Codec, FastLz, RangeCoder, Zlib, Zstd, make_compressor
from godot_enet.core.interface import Compressor

CLASSES = [("range_coder", RangeCoder), ("fastlz", FastLz), ("zlib", Zlib), ("zstd", Zstd)]


@pytest.mark.parametrize(("name", "kind"), CLASSES)
def test_each_name_has_its_class(name: str, kind: type[Compressor]) -> None:
    assert type(make_compressor(name)) is kind
    assert type(make_compressor(Codec(name))) is kind


def test_every_codec_has_a_class() -> None:
    assert [codec.value for codec in Codec] == [name for name, _ in CLASSES]


def test_each_host_gets_its_own() -> None:
    assert make_compressor(Codec.RANGE_CODER) is not make_compressor(Codec.RANGE_CODER)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="lzma"):
        make_compressor("lzma")
