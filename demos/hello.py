"""Two peers in one process, without a window: connect, talk, disconnect.

    python -m godot_enet demo hello        ends by itself, well within ten seconds

Each side has an ENetConnection, and gets its events one by one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from godot_enet import ENetConnection, ENetPacketPeer, Error

RELIABLE, UNRELIABLE = 0, 1  # channels; each has its own order


def main(argv: Sequence[str] = ()) -> int:
    server, client = ENetConnection(), ENetConnection()
    if server.create_host_bound("127.0.0.1", 0, max_peers=1) != Error.OK or client.create_host(1) != Error.OK:
        return 1
    print(f"server: listening on port {server.get_local_port()}")
    client.connect_to_host("127.0.0.1", server.get_local_port(), channels=2, data=7)

    replies, finished, deadline = 0, False, time.monotonic() + 10
    while not finished and time.monotonic() < deadline:
        kind, peer, data, channel = server.service(5)  # waits at most 5 ms for an event
        if peer is None:  # no event
            pass
        elif kind == ENetConnection.EVENT_CONNECT:
            print(f"server: {peer.get_remote_address()} connected and said {data}")
        elif kind == ENetConnection.EVENT_RECEIVE:
            flags, message = peer.get_packet_flags(), peer.get_packet()
            print(f"server: got {message.decode()!r} on channel {channel}")
            peer.send(channel, b"you said " + message, flags)
        elif kind == ENetConnection.EVENT_DISCONNECT:
            print(f"server: the client left and said {data}")
            finished = True

        kind, peer, data, channel = client.service(5)
        if kind == ENetConnection.EVENT_CONNECT and peer is not None:
            print("client: connected")
            peer.send(UNRELIABLE, b"I may get lost", 0)
            peer.send(RELIABLE, b"I always arrive", ENetPacketPeer.FLAG_RELIABLE)
        elif kind == ENetConnection.EVENT_RECEIVE and peer is not None:
            print(f"client: got {peer.get_packet().decode()!r} on channel {channel}")
            replies += 1
            if replies == 2:
                peer.peer_disconnect(42)

    client.destroy()
    server.destroy()
    print("both sides are closed" if finished else "gave up after 10 seconds")
    return 0 if finished else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
