"""Coverage-guided fuzzing of the Variant decoder, and of the encoder with what it found; see README.md.

``python -m tests.fuzz.fuzz_variant``; arguments go to libFuzzer.
"""

from __future__ import annotations

import importlib
import logging
import sys

from godot_enet.compat.variant import DecodeError, decode_variant, encode_variant

__all__ = ["check", "main"]


def check(data: bytes) -> None:
    """One input is decoded; what it is can be encoded, and after that bytes and value stay the same.

    Before that they may differ: the input need not be in the shortest form, it may hold elements that do not fit, and
    components of 64 bits, which are encoded with 32 and may then be the same key of a dictionary. Whatever the bytes
    are, nothing but ``DecodeError`` is raised.
    """
    for allow_objects in (False, True):
        try:
            value, size = decode_variant(data, allow_objects=allow_objects)
        except DecodeError:
            continue
        # only the padding of a last PackedByteArray may be missing
        assert 4 <= size < len(data) + 4, (data, size)
        assert size % 4 == 0 or len(data) % 4, (data, size)
        if size <= len(data):
            assert decode_variant(data[:size], allow_objects=allow_objects)[1] == size, data
        rounded, _ = decode_variant(encode_variant(value, full_objects=allow_objects), allow_objects=allow_objects)
        coded = encode_variant(rounded, full_objects=allow_objects)
        assert len(coded) % 4 == 0, data
        again, length = decode_variant(coded, allow_objects=allow_objects)
        assert length == len(coded), data
        assert encode_variant(again, full_objects=allow_objects) == coded, data


def main() -> None:
    logging.disable()  # elements that do not fit are logged
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
