"""A process that stands still for long, and a remote whose patience is half of that, or twice.

``python -m tests.faults --seconds 20``: a player is suspended for so long; where that is longer than the other side
waits it is given up on both sides, and otherwise nothing is lost.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.faults.player_process import pair

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 if everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args(arguments).seconds
    for engine in ("python", "native"):
        for driver in ("threaded", "inline"):
            for who in ("server", "client"):
                for factor in (0.5, 2.0):
                    suspend(engine, driver, who, seconds, int(seconds * factor * 1000))
                    sys.stdout.write(f"{engine}, {driver}: {who} suspended, time-out x {factor}: as it should be\n")
                    sys.stdout.flush()
    return 0


def suspend(engine: str, driver: str, who: str, seconds: float, silence: int) -> None:
    """One player stands still. Raises ``AssertionError`` where something is not as it should be."""
    server, client = pair(driver, silence, engine)
    with server, client:
        still = server if who == "server" else client
        still.stop()
        time.sleep(seconds)
        still.go_on()
        if silence < seconds * 1000:
            server.wait_for_disconnects(1)
            client.wait_for_disconnects(1)
        else:
            client.wait_for_more(8)
            assert (server.disconnects(), client.disconnects()) == (0, 0), server.output + client.output


if __name__ == "__main__":
    sys.exit(main())
