"""Ends with live connections in every state of use, and destroys none of them.

Argument: how the program ends ("return", "exit", "error", "interrupt").
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time

from godot_enet import ENetConnection, ENetPacketPeer

CONNECTED = ENetPacketPeer.STATE_CONNECTED
kept: list[object] = []
"""What module globals still hold when the interpreter takes itself apart."""


def connect(threaded: bool) -> tuple[ENetConnection, ENetConnection, ENetPacketPeer]:
    """A server and a client that have connected."""
    server, client = ENetConnection(threaded=threaded), ENetConnection(threaded=threaded)
    server.create_host_bound("127.0.0.1", 0)
    client.create_host(1)
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    while peer.get_state() != CONNECTED or not server.get_peers():
        server.service(1)
        client.service(1)
    return server, client, peer


def main() -> None:
    gc.disable()
    for threaded in (True, False):
        kept.extend(connect(threaded))  # held by a global
        server, client, peer = connect(threaded)  # held by this frame
        vars(client)["self"] = client  # held by itself

        def block(connection: ENetConnection = server) -> None:
            while True:
                connection.service(60_000)

        def spin(connection: ENetConnection = client, remote: ENetPacketPeer = peer) -> None:
            while True:
                remote.send(0, b"x", 1)
                connection.service()

        threading.Thread(target=block, daemon=True).start()
        threading.Thread(target=spin, daemon=True).start()
    time.sleep(0.2)
    if sys.argv[1] == "exit":
        sys.exit(3)
    if sys.argv[1] == "error":
        raise SystemError("on purpose")
    if sys.argv[1] == "interrupt":
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
        signal.raise_signal(signal.SIGINT)  # in this thread: sent to the process, another one may take it
        time.sleep(30)


if __name__ == "__main__":
    main()
