"""``python -m benchmarks.compression``: savings and costs of each compression mode, for typical game traffic.

Each sample is the body of one datagram: the header of a SEND_UNRELIABLE command and its packet. As on the wire, a body
that does not get shorter counts uncompressed. See docs/compression.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import platform
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from statistics import median
from typing import NamedTuple

from godot_enet.core.compression import Codec, CodecUnavailable, make_compressor
from godot_enet.core.interface import Compressor

LIMIT = 4092
PHRASES = ("gg", "well played", "on my way", "need help at the bridge", "two of them behind you", "who has the flag")


class Result(NamedTuple):
    """One codec on one kind of traffic."""

    size: float
    """Mean bytes of a body as sent."""
    compress: float
    """Microseconds per datagram."""
    decompress: float
    """Microseconds per datagram that was sent compressed; 0 where none was."""


def inputs(random: Random) -> bytes:
    """60 bytes: the last five inputs of a player, because datagrams may be lost."""
    tick = random.randrange(1 << 16)
    buttons, yaw = random.choice((0, 0, 1, 2, 5)), random.uniform(-math.pi, math.pi)
    packet = b""
    for back in range(5):
        aim = (yaw + back * 0.01, random.gauss(0.1, 0.02))
        packet += struct.pack("<HHff", tick - back & 0xFFFF, buttons, *aim)
    return packet


def state(random: Random) -> bytes:
    """200 bytes: ten objects that move on a plane."""
    packet = b""
    for number in range(10):
        place = (random.uniform(-100, 100), 0.0, random.uniform(-100, 100))
        packet += struct.pack("<HfffHBxH", number, *place, random.randrange(65536), 100, random.choice((0, 0, 0, 1)))
    return packet


def snapshot(random: Random) -> bytes:
    """1 KB: thirty-two objects, half of them at rest."""
    packet = b""
    for number in range(32):
        place = [round(random.uniform(-500, 500) * 64) / 64 for _ in range(3)]
        speed = [random.gauss(0, 3) for _ in range(3)] if number % 2 else [0.0] * 3
        packet += struct.pack("<Iffffff", 1000 + number, *place, *speed) + struct.pack("<HH", 100, number % 3)
    return packet


def text(random: Random) -> bytes:
    """About 150 bytes: a chat message as JSON."""
    phrases = random.sample(PHRASES, random.randrange(1, 4))
    message = {"type": "chat", "from": f"player{random.randrange(32)}", "channel": "team", "text": ", ".join(phrases)}
    return json.dumps(message | {"time": random.randrange(10**6)}).encode()


TRAFFIC: dict[str, Callable[[Random], bytes]] = {
    "60-byte inputs": inputs,
    "200-byte states": state,
    "1 KB snapshots": snapshot,
    "text": text,
}


def bodies(kind: str, count: int) -> list[bytes]:
    """The samples, the same in each run."""
    random = Random(kind)
    packets = [TRAFFIC[kind](random) for _ in range(count)]
    return [struct.pack(">BBHHH", 7, 0, 1, i & 0xFFFF, len(packet)) + packet for i, packet in enumerate(packets)]


def clock(work: Callable[[], object], count: int, rounds: int) -> float:
    """Microseconds of CPU time for each of ``count`` operations of ``work``."""
    samples = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        samples.append(time.process_time() - start)
    return median(samples) / count * 1e6


def measure(compressor: Compressor, plain: Sequence[bytes], rounds: int) -> Result:
    coded = [compressor.compress(body, len(body)) for body in plain]
    streams = [stream for stream in coded if stream is not None]
    size = sum(len(stream or body) for stream, body in zip(coded, plain, strict=True)) / len(plain)
    compress = clock(lambda: [compressor.compress(body, len(body)) for body in plain], len(plain), rounds)
    if not streams:
        return Result(size, compress, 0.0)
    decompress = clock(lambda: [compressor.decompress(stream, LIMIT) for stream in streams], len(streams), rounds)
    return Result(size, compress, decompress)


def available() -> dict[str, Compressor]:
    """The codecs that can run here, by name."""
    found: dict[str, Compressor] = {}
    for codec in Codec:
        with contextlib.suppress(CodecUnavailable):
            found[codec.name] = make_compressor(codec)
    return found


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown, with a title above."""
    title, *names = heading
    lines = [["traffic", *names], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["| " + " | ".join(map(str.rjust, line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|"
    return "\n".join(["", title, "", text[0], rule, *text[1:]])


def speed(size: float, microseconds: float) -> str:
    return f"{size / microseconds:.2f}" if microseconds else "-"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compression", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few samples, to check that everything runs")
    options = parser.parse_args(argv)
    count, rounds = (5, 1) if options.quick else (200, 9)

    codecs = available()
    sizes: dict[str, float] = {}
    results: dict[str, list[Result]] = {}
    for kind in TRAFFIC:
        plain = bodies(kind, count)
        sizes[kind] = sum(map(len, plain)) / count
        results[kind] = [measure(codec, plain, rounds) for codec in codecs.values()]

    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}; medians of {rounds}.")
    if len(codecs) < len(Codec):
        print("Without ZSTD: install the package zstandard.")
    print(
        table(
            ["Mean bytes of a datagram's commands, as sent", "NONE", *codecs],
            ([kind, f"{sizes[kind]:.0f}", *(f"{each.size:.0f}" for each in row)] for kind, row in results.items()),
        )
    )
    print(
        table(
            ["Processor time per datagram in microseconds: to compress + to decompress", *codecs],
            ([kind, *(f"{e.compress:.1f} + {e.decompress:.1f}" for e in row)] for kind, row in results.items()),
        )
    )
    print(
        table(
            ["The same as speed, in 10^6 plain bytes per second: compressing, decompressing", *codecs],
            (
                [kind, *(f"{speed(sizes[kind], e.compress)}, {speed(sizes[kind], e.decompress)}" for e in row)]
                for kind, row in results.items()
            ),
        )
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
