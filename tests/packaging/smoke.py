"""Two connections exchange one packet on each engine, with an installed godot_enet.

usage: smoke.py [--under FOLDER] ENGINE...

``ENGINE...`` are all the engines that must be available, the preferred one first; with ``--under`` godot_enet must
have been imported from under that folder. Exit code 0, or a message that says what failed.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import godot_enet
from godot_enet import ENetConnection, ENetPacketPeer, Error
from godot_enet.core.native import why_no_hot_types

__all__ = ["main"]

DEADLINE = 30.0  # seconds; loopback needs milliseconds
MESSAGE = b"once, and in order"


def main(arguments: Sequence[str]) -> None:
    """Raises SystemExit with a message unless all is as it was asked for and each packet arrives."""
    place = Path(godot_enet.__file__).resolve()
    engines = tuple(arguments)
    if engines[:1] == ("--under",):
        if not place.is_relative_to(Path(engines[1]).resolve()):
            raise SystemExit(f"godot_enet was imported from {place}, not from under {engines[1]}")
        engines = engines[2:]
    if not (place.parent / "py.typed").is_file():
        raise SystemExit("py.typed is missing")
    if godot_enet.available_engines() != engines:
        raise SystemExit(f"the engines are {godot_enet.available_engines()}, not {engines}")
    if "native" in engines and why_no_hot_types():
        raise SystemExit(f"the native engine has no C methods: {why_no_hot_types()}")
    for number, engine in enumerate(engines):
        if number:  # the first one is used unasked
            os.environ["GODOT_ENET_ENGINE"] = engine
        check(engine)


def check(engine: str) -> None:
    """One packet from a client to a server."""
    server, client = ENetConnection(), ENetConnection()
    try:
        if server.create_host_bound("127.0.0.1", 0, 1) != Error.OK or client.create_host(1) != Error.OK:
            raise SystemExit("a host could not be created")
        if server.engine_name != engine:
            raise SystemExit(f"the host runs on the {server.engine_name} engine, not on the {engine} one")
        client.connect_to_host("127.0.0.1", server.get_local_port(), 1)
        if exchange(server, client) != MESSAGE:
            raise SystemExit(f"the packet did not arrive as it was sent, with the {engine} engine")
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
    main(sys.argv[1:])
