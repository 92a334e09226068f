"""Coverage-guided fuzzing of the decoders, and of each encoder against its decoder; see README.md.

``python -m tests.fuzz.fuzz_compression``; arguments go to libFuzzer.
"""

from __future__ import annotations

import importlib
import sys

from godot_enet.core.compression import Codec, make_compressor

__all__ = ["check", "main"]

CODECS = list(Codec)
LIMITS = (4092, 4088, 64, 16, 15, 1)
COMPRESSORS = {codec: make_compressor(codec) for codec in CODECS}
"""Made once and used for everything, as a host does: what one input leaves behind must not matter to the next."""


def check(data: bytes) -> None:
    """One input: the first byte chooses codec and limit, the rest is decoded, and coded and decoded again.

    Whatever the bytes are, nothing raises, no limit is exceeded, and what was coded comes back.
    """
    if not data:
        return
    choice, body = data[0], data[1:]
    codec = CODECS[choice % len(CODECS)]
    limit = LIMITS[choice // len(CODECS) % len(LIMITS)]
    compressor = COMPRESSORS[codec]

    plain = compressor.decompress(body, limit)
    assert plain is None or 0 < len(plain) <= limit, (codec, body, limit)
    assert compressor.decompress(body, limit) == plain, (codec, body, limit)

    coded = compressor.compress(body, 2 * len(body) + 64)
    if not body:
        assert coded is None, codec
        return
    assert coded, (codec, body)
    padded = body.ljust(16, b"\0") if codec is Codec.FASTLZ else body
    assert compressor.decompress(coded, len(padded)) == padded, (codec, body)
    assert compressor.compress(body, len(coded)) is None, (codec, body)
    assert compressor.decompress(coded, len(body)) == body, (codec, body)


def main() -> None:
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
