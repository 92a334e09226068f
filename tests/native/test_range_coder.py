"""The range coder in C, compiled by itself, gives what the one in Python gives: with x86's vectors and without.

The one in Python is held to libenet's results in ``tests/unit/core/compression``.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from godot_enet.core import native
from godot_enet.core.compression import RangeCoder
from tests.unit.core.compression.test_range_coder import LIMIT, payloads, streams

COMPILER = shutil.which(os.environ.get("CC", "cc"))
SOURCE = Path(native.__file__).parent / "src" / "rangecoder.c"
ROOM = 1 << 18

pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")


class Coder:
    """``rangecoder.c``; both methods return None where it returns 0."""

    def __init__(self, folder: Path, *options: str) -> None:
        program = folder / "rangecoder.so"
        subprocess.run([str(COMPILER), "-O2", "-shared", "-fPIC", *options, "-o", program, SOURCE], check=True)
        self.library = ctypes.CDLL(str(program))

    def compress(self, data: bytes, limit: int) -> bytes | None:
        return self.call(self.library.range_coder_compress, data, limit)

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        return self.call(self.library.range_coder_decompress, data, limit)

    def call(self, function: Callable[..., int], data: bytes, limit: int) -> bytes | None:
        """``limit`` must be kept even though there is room for more."""
        out = ctypes.create_string_buffer(b"\xa5" * (limit + 64), limit + 64)
        size = function(data, len(data), out, limit)
        assert size <= limit
        assert out.raw[limit:] == b"\xa5" * 64
        return out.raw[:size] if size else None


@pytest.fixture(scope="module", params=["vectors", "portable"])
def coder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Coder:
    options = ["-DGDE_PORTABLE"] if request.param == "portable" else []
    return Coder(tmp_path_factory.mktemp("rangecoder"), *options)


def forged() -> Iterator[bytes]:
    """Streams that mean slots beyond all weights, in which the reference's tree shows, some after long valid parts."""
    random, coder = Random(3), RangeCoder()
    for number in range(150):
        alphabet = random.randbytes(random.choice((2, 20, 256)))
        coded = bytearray(coder.compress(bytes(random.choices(alphabet, k=random.randrange(1, 1200))), ROOM) or b"")
        at = random.randrange(len(coded))
        coded[at : at + random.randrange(1, 5)] = b"\xff" * random.randrange(1, 5)
        if number % 2:
            coded[at + 2 :] = random.randbytes(400)
        if number % 5 == 0:
            coded = bytearray(b"\xff" * random.randrange(1, 5) + random.randbytes(900))
        yield bytes(coded)


@pytest.mark.parametrize(
    "kind", ["few values", "mixed", "pool runs full", "counts are halved", "totals are halved", "deep trees"]
)
def test_coded_forms(coder: Coder, kind: str) -> None:
    for payload in payloads(kind):
        coded = RangeCoder().compress(payload, ROOM)
        assert coder.compress(payload, ROOM) == coded
        assert coder.decompress(coded or b"", len(payload)) == (payload or None)


@pytest.mark.parametrize("kind", ["random", "few values", "flipped", "cut", "forged"])
def test_plain_forms_of_what_nobody_coded(coder: Coder, kind: str) -> None:
    for stream in forged() if kind == "forged" else streams(kind):
        assert coder.decompress(stream, LIMIT) == RangeCoder().decompress(stream, LIMIT)


def test_limits(coder: Coder) -> None:
    """Here, as in libenet, what is as long as the limit fits."""
    for payload in payloads("mixed"):
        coded = RangeCoder().compress(payload, ROOM)
        if coded is not None:
            assert coder.compress(payload, len(coded)) == coded
            assert coder.compress(payload, len(coded) - 1) is None
            assert coder.decompress(coded, len(payload)) == payload
            assert coder.decompress(coded, len(payload) - 1) is None


def test_nothing(coder: Coder) -> None:
    assert coder.compress(b"", 10) is None
    assert coder.decompress(b"", 10) is None
