"""A client whose main thread looks after everything but its connection.

Arguments: what it does ("sleeping" or "computing"), the server's port, and for how many seconds.
"""

from __future__ import annotations

import logging
import sys
import time

from godot_enet import ENetConnection


def main() -> None:
    load, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    connection = ENetConnection()
    connection.create_host(1)
    peer = connection.connect_to_host("127.0.0.1", port)
    assert peer is not None
    while connection.service(1000).type != ENetConnection.EVENT_CONNECT:
        pass
    ended = time.monotonic() + seconds
    while time.monotonic() < ended:
        if load == "computing":
            frame = time.monotonic() + 0.5
            number = 0
            while time.monotonic() < frame:
                number += 1
            connection.service()
        else:
            time.sleep(seconds)
    logging.getLogger("godot_enet.network").setLevel(logging.ERROR)  # the server does not stop before it hears of this
    peer.peer_disconnect()
    while connection.service(1000).type != ENetConnection.EVENT_DISCONNECT:
        pass
    connection.destroy()


if __name__ == "__main__":
    main()
