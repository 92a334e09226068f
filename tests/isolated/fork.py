"""Forks with live connections while other threads use them.

Arguments: "threaded" or "inline", and how the child ends ("destroy", "leave", "exit"). Ends with what went wrong.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import warnings

from godot_enet import ENetConnection, ENetPacketPeer, Error

ROUNDS = 10


def child(connection: ENetConnection, peer: ENetPacketPeer, threaded: bool, ending: str) -> None:
    """What the child finds; exits with a code that says what was wrong."""
    signal.alarm(10)  # kills a child that hangs
    logging.disable(logging.CRITICAL)
    if threaded:
        if connection.service() != (ENetConnection.EVENT_ERROR, None, 0, 0):
            os._exit(10)
        if peer.send(0, b"from the child", 1) is Error.OK:
            os._exit(11)
        if connection.service(60_000).type != ENetConnection.EVENT_ERROR:
            os._exit(12)
        connection.flush()
        connection.get_local_port()
    if ending == "destroy":
        connection.destroy()
        if connection.create_host_bound("127.0.0.1", 0) is not Error.OK:
            os._exit(13)
        if connection.service(1).type != ENetConnection.EVENT_NONE:
            os._exit(14)
        connection.destroy()
        os._exit(0)
    if ending == "leave":
        os._exit(0)
    sys.exit(0)


def main() -> None:
    threaded, ending = sys.argv[1] == "threaded", sys.argv[2]
    # Later Pythons warn of a fork while there are threads, which is what this is about.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    server, client = ENetConnection(threaded=threaded), ENetConnection(threaded=threaded)
    server.create_host_bound("127.0.0.1", 0)
    client.create_host(1)
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    while peer.get_state() != ENetPacketPeer.STATE_CONNECTED or not server.get_peers():
        server.service(1)
        client.service(1)
    ended = threading.Event()

    def block() -> None:
        while not ended.is_set():
            server.service(100)

    def spin() -> None:
        while not ended.is_set():
            peer.send(0, b"x", 1)
            client.service()

    threads = [threading.Thread(target=target) for target in (block, spin)]
    for thread in threads:
        thread.start()
    problems = []
    for number in range(ROUNDS):
        time.sleep(0.001 * (number % 7))
        pid = os.fork()
        if pid == 0:
            child(server if number % 2 else client, peer, threaded, ending)
        _, status = os.waitpid(pid, 0)
        if status:
            problems.append(f"round {number}: child ended with {os.waitstatus_to_exitcode(status)}")
    ended.set()
    for thread in threads:
        thread.join()
    # The parent's connection has not noticed anything.
    while server.service().type:
        pass
    waiting = server.get_peers()[0].get_available_packet_count()
    peer.send(0, b"last", 1)
    client.flush()
    while server.get_peers()[0].get_available_packet_count() == waiting:
        if server.service(5000).type not in (ENetConnection.EVENT_RECEIVE, ENetConnection.EVENT_NONE):
            problems.append("the parent's connection is broken")
            break
        client.service()
    server.destroy()
    client.destroy()
    sys.exit("\n".join(problems) or None)


if __name__ == "__main__":
    main()
