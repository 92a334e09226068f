"""One end of a connection, in a process of its own, that says what happens to it.

Arguments: "server" or "client", the port (0: any), "threaded" or "inline", and how long a silent remote is kept, in ms.
A server sends back what it gets. A client sends a number ten times a second, and says which have come back.
"""

from __future__ import annotations

import sys
import time

from godot_enet import ENetConnection, ENetPacketPeer

_PERIOD = 0.1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def keep(peer: ENetPacketPeer, silence: int) -> None:
    """Give it up when it has been silent for so long."""
    peer.set_timeout(1, silence - 1, silence)
    peer.ping_interval(100)


def serve(server: ENetConnection, silence: int) -> None:
    while True:
        event = server.service(20)
        if event.type == ENetConnection.EVENT_CONNECT and event.peer is not None:
            keep(event.peer, silence)
            say("connect")
        elif event.type == ENetConnection.EVENT_DISCONNECT:
            say(f"disconnect {event.data}")
        elif event.type == ENetConnection.EVENT_RECEIVE and event.peer is not None:
            event.peer.send(0, event.peer.get_packet(), ENetPacketPeer.FLAG_RELIABLE)
        elif event.type == ENetConnection.EVENT_ERROR:
            say("error")
            return


def play(client: ENetConnection, port: int, silence: int) -> None:
    peer = client.connect_to_host("127.0.0.1", port, 1)
    assert peer is not None
    keep(peer, silence)
    number, expected, due = 0, 0, 0.0
    while True:
        event = client.service(20)
        if event.type == ENetConnection.EVENT_CONNECT:
            say(f"connect from {client.get_local_port()}")
        elif event.type == ENetConnection.EVENT_DISCONNECT:
            say(f"disconnect {event.data}")
            return
        elif event.type == ENetConnection.EVENT_RECEIVE:
            assert int(peer.get_packet()) == expected, "something was lost, or came twice"
            say(f"back {expected}")
            expected += 1
        elif event.type == ENetConnection.EVENT_ERROR:
            say("error")
            return
        if time.monotonic() >= due and peer.get_state() == ENetPacketPeer.STATE_CONNECTED:
            peer.send(0, b"%d" % number, ENetPacketPeer.FLAG_RELIABLE)
            number += 1
            due = time.monotonic() + _PERIOD


def main() -> None:
    role, port, driver, silence = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    connection = ENetConnection(threaded=driver == "threaded")
    if role == "server":
        assert connection.create_host_bound("127.0.0.1", port) == 0
        say(f"port {connection.get_local_port()}")
        serve(connection, silence)
    else:
        connection.create_host(1)
        play(connection, port, silence)


if __name__ == "__main__":
    main()
