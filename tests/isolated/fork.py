"""Forks with live connections while other threads use them.

Arguments: "threaded", "inline" or "sharded" (the server), how the child ends ("destroy", "leave", "exit"), and what its
datagrams pass through ("plain", "zlib", "encrypted"). Ends with what went wrong.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import warnings

from godot_enet import Crypto, ENetConnection, ENetPacketPeer, Error, TLSOptions

ROUNDS = 10


def child(connection: ENetConnection, peer: ENetPacketPeer, ending: str) -> None:
    """What the child finds; exits with a code that says what was wrong."""
    signal.alarm(10)  # kills a child that hangs
    logging.disable(logging.CRITICAL)
    if connection.service() != (ENetConnection.EVENT_ERROR, None, 0, 0):
        os._exit(10)
    if peer.send(0, b"from the child", 1) is not Error.ERR_UNCONFIGURED:
        os._exit(11)
    if connection.service(60_000).type != ENetConnection.EVENT_ERROR:
        os._exit(12)
    connection.flush()
    if (connection.get_local_port(), connection.get_peers(), connection.engine_name) != (0, [], ""):
        os._exit(15)
    if peer.is_active() or peer.get_state() != ENetPacketPeer.STATE_DISCONNECTED:
        os._exit(16)
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
    driver, ending, passing = sys.argv[1:]
    threaded = driver != "inline"
    # Later Pythons warn of a fork while there are threads, which is what this is about.
    warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*fork.*")
    server = ENetConnection(threaded=threaded, shards=4 if driver == "sharded" else 1)
    client = ENetConnection(threaded=threaded)
    server.create_host_bound("127.0.0.1", 0)
    client.create_host(1)
    if passing == "zlib":
        server.compress(ENetConnection.COMPRESS_ZLIB)
        client.compress(ENetConnection.COMPRESS_ZLIB)
    elif passing == "encrypted":
        crypto = Crypto()
        key = crypto.generate_rsa(2048)
        certificate = crypto.generate_self_signed_certificate(key, "CN=localhost")
        server.dtls_server_setup(TLSOptions.server(key, certificate))
        client.dtls_client_setup("localhost", TLSOptions.client_unsafe())
    peer = client.connect_to_host("127.0.0.1", server.get_local_port())
    assert peer is not None
    while peer.get_state() != ENetPacketPeer.STATE_CONNECTED or not server.get_peers():
        server.service(1)
        client.service(1)
    (at_server,) = server.get_peers()
    ended = threading.Event()

    def block() -> None:
        while not ended.is_set():
            server.service(100)
            while at_server.get_available_packet_count() > 1000:  # what nobody takes stops the client in the end
                at_server.get_packet()

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
            child(client if number % 2 else server, peer if number % 2 else at_server, ending)
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
    logging.disable(logging.CRITICAL)  # an encrypted client warns of the server's end
    server.destroy()
    client.destroy()
    sys.exit("\n".join(problems) or None)


if __name__ == "__main__":
    main()
