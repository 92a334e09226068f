"""Two connections exchange one packet, with the godot_enet installed under a given folder and no other.

usage: smoke.py FOLDER        exit code 0, or a message that says what failed
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import godot_enet
from godot_enet import ENetConnection, ENetPacketPeer, Error

__all__ = ["main"]

DEADLINE = 30.0  # seconds; loopback needs milliseconds
MESSAGE = b"once, and in order"


def main(folder: Path) -> None:
    """Raises SystemExit with a message unless the packet arrives."""
    place = Path(godot_enet.__file__).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise SystemExit(f"godot_enet was imported from {place}, not from under {folder}")
    if not (place.parent / "py.typed").is_file():
        raise SystemExit("py.typed is missing")

    server, client = ENetConnection(), ENetConnection()
    try:
        if server.create_host_bound("127.0.0.1", 0, 1) != Error.OK or client.create_host(1) != Error.OK:
            raise SystemExit("a host could not be created")
        client.connect_to_host("127.0.0.1", server.get_local_port(), 1)
        if exchange(server, client) != MESSAGE:
            raise SystemExit("the packet did not arrive as it was sent")
    finally:
        client.destroy()
        server.destroy()


def exchange(server: ENetConnection, client: ENetConnection) -> bytes | None:
    """What the server received from the client, or None at the deadline."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        event = client.service(5)
        if event.type == ENetConnection.EVENT_CONNECT and event.peer is not None:
            event.peer.send(0, MESSAGE, ENetPacketPeer.FLAG_RELIABLE)
        event = server.service(5)
        if event.type == ENetConnection.EVENT_RECEIVE and event.peer is not None:
            return event.peer.get_packet()
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
