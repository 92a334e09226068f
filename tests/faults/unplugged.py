"""A connection in a network namespace of its own, whose only interface goes down and up again.

Argument: "threaded" or "inline". Says what happened, and "refused" where it may not have such a namespace.
"""

from __future__ import annotations

import ctypes
import fcntl
import logging
import socket
import struct
import sys
import time

from godot_enet import ENetConnection, ENetPacketPeer

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_SET_FLAGS, _UP = 0x8914, 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def set_interface(up: bool) -> None:
    """Switch the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", _UP if up else 0))


def main() -> None:
    if ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NET) != 0:
        say("refused")
        return
    logging.basicConfig(stream=sys.stdout, format="log: %(message)s")
    threaded = sys.argv[1] == "threaded"
    server, client = ENetConnection(threaded=threaded), ENetConnection(threaded=threaded)
    assert server.create_host_bound("*", 7000) == 0
    client.create_host(1)
    events: list[int] = []

    def run(seconds: float, until: int | None = None) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and (until is None or until not in events):
            events.append(int(client.service(5).type))
            if server.service(5).type == ENetConnection.EVENT_ERROR:
                say("error at the server")

    # From the beginning there is no way to anywhere: sending fails with ENETUNREACH.
    peer = client.connect_to_host("127.0.0.1", 7000, 1)
    assert peer is not None
    run(0.3)
    say(f"down: {sorted({event for event in events if event})}")
    set_interface(True)
    run(30, ENetConnection.EVENT_CONNECT)
    say(f"up: {sorted({event for event in events if event})}")
    (remote,) = server.get_peers()
    set_interface(False)
    for number in range(20):
        peer.send(0, b"%d" % number, ENetPacketPeer.FLAG_RELIABLE)
        run(0.02)
    say(f"down again: {remote.get_available_packet_count()}")
    set_interface(True)
    ends = time.monotonic() + 30
    while remote.get_available_packet_count() < 20 and time.monotonic() < ends:
        run(0.02)
    say(
        f"up again: {[int(remote.get_packet()) for _ in range(remote.get_available_packet_count())] == list(range(20))}"
    )
    say(f"events: {sorted({event for event in events if event})}")


if __name__ == "__main__":
    main()
