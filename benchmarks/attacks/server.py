"""A server under attack, in its own process: ``python -m benchmarks.attacks.server ENGINE [KIND] [at HOST]``.

ENGINE is one of ours, or ``pyenet``; KIND is one of ``programs.PROGRAMS``. Prints its port. It answers each
line of its standard input with its state as one JSON object, and ends with that input. An empty line also resets the
longest measured turn.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time

from benchmarks.attacks.programs import PROGRAMS, of_libenet

IDLE = 0.0005
"""Turns with fewer CPU seconds are not counted."""


def memory() -> int:
    """Resident bytes of this process."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def main(engine: str, kind: str = "plain", host: str = "127.0.0.1") -> None:
    """Serve until standard input closes."""
    if engine == "pyenet":
        program = of_libenet(kind, host)
    else:
        os.environ["GODOT_ENET_ENGINE"] = engine
        program = PROGRAMS[kind](host)
    print(program.port, flush=True)
    joined, received, longest, work, base = 0, 0, 0.0, 0.0, memory()
    peak = base
    last_look = time.monotonic()
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.0)
        if ready:
            if not (line := sys.stdin.readline()):
                return
            received += program.received()
            state = {
                "joined": joined,
                "peers": program.peers(),
                "longest": longest,
                "work": work,
                "memory": peak - base,
                "cpu": time.process_time(),
                "received": received,
                "dropped": program.dropped(),
            }
            print(json.dumps(state), flush=True)
            if line == "\n":
                longest = 0.0
        before = time.thread_time()
        joined += program.turn()
        turn = time.thread_time() - before
        longest = max(longest, turn)
        work += turn if turn > IDLE else 0.0
        now = time.monotonic()
        if now - last_look > 0.05:
            peak, last_look = max(peak, memory()), now
        time.sleep(0.0005)


if __name__ == "__main__":
    words = sys.argv[1:]
    at = words[words.index("at") + 1] if "at" in words else "127.0.0.1"
    main(words[0], words[1] if len(words) > 1 and words[1] != "at" else "plain", at)
