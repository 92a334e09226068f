"""Connections in a process that has no descriptor left.

Argument: "threaded" or "inline". Says what each call returned.
"""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import sys

from godot_enet import ENetConnection, ENetPacketPeer
from godot_enet.compat import errors
from tests.every_line import EveryLine


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def starve(left: int) -> list[int]:
    """Take all descriptors but so many; those taken."""
    taken: list[int] = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.dup(0))
    for descriptor in taken[:left]:
        os.close(descriptor)
    return taken[left:]


def main() -> None:
    logging.basicConfig(stream=sys.stdout, format="log: %(message)s")
    errors._limiter = EveryLine()
    threaded = sys.argv[1] == "threaded"
    server = ENetConnection(threaded=threaded)
    server.create_host_bound("127.0.0.1", 0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    for left in range(4):
        taken = starve(left)
        connection = ENetConnection(threaded=threaded)
        error = connection.create_host(1)
        if error == 0:
            peer = connection.connect_to_host("127.0.0.1", server.get_local_port(), 1)
            assert peer is not None
            for _ in range(1000):
                connection.service(5)
                server.service(0)
                if peer.get_state() == ENetPacketPeer.STATE_CONNECTED:
                    break
            else:
                say(f"{left}: not connected")
            connection.destroy()
        for descriptor in taken:
            os.close(descriptor)
        say(f"{left}: {'created' if error == 0 else 'not created'}")
        # As soon as there are some again, everything works.
        assert connection.create_host(1) == 0
        connection.service(5)
        connection.destroy()
    say("end")


if __name__ == "__main__":
    main()
