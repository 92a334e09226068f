"""Calls every method from where a program's code may run in the middle of another call: it must end, or raise.

Arguments: "threaded" or "inline", and the seconds for each kind of host and way of calling. Tells how many calls were
made, and which exceptions they raised; a call that hangs ends the program with a traceback of every thread.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import logging
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from godot_enet import Crypto, ENetConnection, ENetPacketPeer, TLSOptions
from godot_enet.tools.bad_network import BadNetwork

DEADLINE = 50
"""Seconds that no frame takes unless it hangs."""
KINDS = ("plain", "zlib", "impaired", "hooked", "encrypted")


class Ends:
    """A server and a client of one kind, which talk."""

    def __init__(self, kind: str, threaded: bool, options: tuple[TLSOptions, TLSOptions] | None) -> None:
        self.kind = kind
        self.options = options
        self.server, self.client = ENetConnection(threaded=threaded), ENetConnection(threaded=threaded)
        self.calls: Counter[str] = Counter()
        self.peer: ENetPacketPeer | None = None
        self.random = random.Random(kind)
        self.depth = 0
        self.over = False
        """Whether finalizers that still come are to leave closed ends closed."""

    def open(self) -> None:
        """Begin, where that was not done or somebody has destroyed one of them."""
        if self.server.engine_name and self.client.engine_name and self.peer is not None and self.peer.is_active():
            return
        for connection in (self.server, self.client):
            if connection.engine_name:
                connection.destroy()
        self.server.create_host_bound("127.0.0.1", 0)
        self.client.create_host(1)
        for connection in (self.server, self.client):
            if self.kind == "zlib":
                connection.compress(ENetConnection.COMPRESS_ZLIB)
            elif self.kind == "impaired" and connection.engine_name:
                with contextlib.suppress(ValueError):  # destroyed a moment ago
                    BadNetwork(connection, latency=1, loss=0.05)
        if self.kind == "hooked":
            self.server.on_connect_request(lambda *_: ENetConnection.ConnectVerdict.ACCEPT)
        if self.options is not None and self.kind == "encrypted":
            self.server.dtls_server_setup(self.options[0])
            self.client.dtls_client_setup("localhost", self.options[1])
        port = self.server.get_local_port()
        self.peer = self.client.connect_to_host("127.0.0.1", port) if port else None

    def actions(self) -> list[Callable[[], object]]:
        """Every method there is."""
        found: list[Callable[[], object]] = []
        for connection in (self.server, self.client):
            peers = list(connection._peers.values())
            found += [
                connection.service,
                partial(connection.service, 1),
                connection.flush,
                partial(connection.broadcast, 0, b"all", 1),
                partial(connection.socket_send, "127.0.0.1", 9, b"raw"),
                partial(connection.bandwidth_limit, 0, 0),
                partial(connection.channel_limit, 8),
                partial(connection.pop_statistic, 0),
                connection.get_max_channels,
                connection.get_local_port,
                connection.get_peers,
                connection.counters,
                partial(connection.connect_to_host, "127.0.0.1", 9),
                partial(connection.create_host, 1),
                partial(connection.on_connect_request, lambda *_: 0),
                partial(connection.compress, 3 if self.kind == "zlib" else 0),
                partial(connection.refuse_new_connections, False),
                partial(repr, connection),
            ]
            if self.random.random() < 0.02:
                found = [connection.destroy]
            for peer in peers:
                found += [
                    partial(peer.send, 0, b"x" * 2000, 1),
                    partial(peer.send, 9, b"late", 8),
                    peer.get_packet,
                    peer.get_packet_flags,
                    peer.get_available_packet_count,
                    peer.get_state,
                    peer.get_channels,
                    peer.get_remote_port,
                    partial(peer.get_statistic, 3),
                    peer.ping,
                    partial(peer.ping_interval, 100),
                    partial(peer.set_timeout, 0, 0, 0),
                    partial(peer.throttle_configure, 5000, 2, 2),
                    partial(repr, peer),
                ]
                if self.random.random() < 0.05:
                    ways = [peer.peer_disconnect, peer.peer_disconnect_later, peer.peer_disconnect_now, peer.reset]
                    found.append(self.random.choice(ways))
        return found

    def act(self) -> None:
        """Call one of them, at random."""
        if self.over or self.depth >= 3:  # such as a log handler of what it does itself
            return
        self.depth += 1
        try:
            self.random.choice(self.actions())()
            self.calls["made"] += 1
        except Exception as error:
            self.calls[type(error).__name__] += 1
        finally:
            self.depth -= 1

    def frame(self) -> None:
        """What the program does all the time."""
        self.open()
        peer = self.peer
        if peer is not None:
            peer.send(0, b"packet", 1)
        for connection in (self.client, self.server):
            for _ in range(20):
                event = connection.service()
                if event.type in (ENetConnection.EVENT_NONE, ENetConnection.EVENT_ERROR):
                    break
                if event.peer is not None:
                    event.peer.get_packet()
            connection.service(1)


class Player:
    """Ends in a cycle, so that the collector finds it, wherever that runs."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.me = self
        self.act = act

    def __del__(self) -> None:
        self.act()


class Handler(logging.Handler):
    """Calls back."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self.act = act

    def emit(self, record: logging.LogRecord) -> None:
        self.act()


def by_signals(ends: Ends) -> Callable[[], None]:
    """From a signal handler, a thousand times a second; returns how that ends."""
    rest = random.Random(1)

    def handle(*_: object) -> None:
        ends.act()
        if signal.getsignal(signal.SIGALRM) is handle:
            signal.setitimer(signal.ITIMER_REAL, rest.uniform(0.0001, 0.002))

    def stop() -> None:
        # Not SIG_IGN: Python complains of a signal that came just before it.
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 0)

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    return stop


def by_finalizers(ends: Ends) -> Callable[[], None]:
    """From the collector, which runs all the time, in every thread that makes objects."""
    frame = ends.frame

    def littering() -> None:
        for _ in range(20):
            Player(ends.act)
        if not hasattr(gc, "set_threshold"):  # PyPy's collector runs when it wants, or is asked
            gc.collect()
        frame()

    ends.frame = littering  # type: ignore[method-assign]
    if not hasattr(gc, "set_threshold"):
        return lambda: None
    before = gc.get_threshold()
    gc.set_threshold(20, 2, 2)
    return lambda: gc.set_threshold(*before)


def by_log_handlers(ends: Ends) -> Callable[[], None]:
    """From a handler of all that is logged, of which there is enough: calls on what is inactive, junk that arrives."""
    handler = Handler(ends.act)
    logger = logging.getLogger("godot_enet")
    logger.addHandler(handler)
    frame, junk = ends.frame, logging.getLogger("godot_enet.network")

    def noisy() -> None:
        ENetConnection().flush()
        junk.info("from the program")
        ends.client.socket_send("127.0.0.1", ends.server.get_local_port() or 9, b"\0")
        frame()

    ends.frame = noisy  # type: ignore[method-assign]
    return lambda: logger.removeHandler(handler)


def by_hooks(ends: Ends) -> Callable[[], None]:
    """From the hook for connect requests."""
    frame = ends.frame

    def hook(*_: object) -> int:
        ends.act()
        return ENetConnection.ConnectVerdict.ACCEPT

    def connecting() -> None:
        if ends.random.random() < 0.2 and ends.client.engine_name:
            ends.client.destroy()
        ends.open()
        ends.server.on_connect_request(hook)
        frame()

    ends.frame = connecting  # type: ignore[method-assign]
    return lambda: None


def credentials() -> Iterator[tuple[TLSOptions, TLSOptions]]:
    """Options of a server and its clients, where there is what they need."""
    crypto = Crypto()
    key = crypto.generate_rsa(2048)
    if key is None:
        return
    certificate = crypto.generate_self_signed_certificate(key, "CN=localhost,O=Test,C=DE")
    yield TLSOptions.server(key, certificate), TLSOptions.client_unsafe()


def at_once(ends: Ends) -> Callable[[], None]:
    """All of these."""
    stops = [way(ends) for way in (by_signals, by_finalizers, by_log_handlers, by_hooks)]
    return lambda: [stop() for stop in stops].clear()


def main() -> None:
    threaded, seconds = sys.argv[1] == "threaded", float(sys.argv[2])
    logging.getLogger("godot_enet").addHandler(logging.NullHandler())
    logging.getLogger("godot_enet").propagate = False
    options = next(credentials(), None)
    for kind in KINDS:
        if kind == "encrypted" and options is None:
            continue
        for way in (by_signals, by_finalizers, by_log_handlers, by_hooks, at_once):
            ends = Ends(kind, threaded, options)
            ends.open()
            stop = way(ends)
            until, longest = time.monotonic() + seconds, 0.0
            while time.monotonic() < until:
                faulthandler.dump_traceback_later(DEADLINE, exit=True)
                began = time.monotonic()
                ends.frame()
                longest = max(longest, time.monotonic() - began)
            ends.over = True
            stop()
            ends.server.destroy()
            ends.client.destroy()
            raised = {name: count for name, count in ends.calls.items() if name != "made"}
            sys.stdout.write(
                f"{kind} {way.__name__}: {ends.calls['made']} calls, {raised}, longest frame {longest:.2f} s\n"
            )
            if raised.keys() - {"HostBusy"}:
                sys.exit(f"{kind}, {way.__name__}: {raised}")
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
