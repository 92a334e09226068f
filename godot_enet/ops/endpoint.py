"""A small HTTP server for probes and scrapes, in threads beside the game."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socket import AF_INET6, SHUT_RDWR, socket
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, NamedTuple

from godot_enet.core.reporting import Limiter, with_repeat_count

__all__ = ["Answer", "Endpoint"]

_log = logging.getLogger("godot_enet.ops")
_MAX_REQUESTS = 16
"""Requests that are answered at the same time; others are closed, so that callers cost no more threads than this."""
_PATIENCE = 5.0
"""Seconds from a connection to the end of its answer, however slowly the caller sends or reads."""
_CLOSE_POLL = 0.05
"""Seconds between checks whether to close, and for requests that take too long."""


class Answer(NamedTuple):
    """The answer to a GET request."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


class Endpoint:
    """Answers GET requests.

    Args:
        host: the address to listen on, of IPv4 or IPv6.
        port: the port, 0 for any free one.
        routes: a function for each path. It is called in other threads than the game's.

    Raises:
        OSError: the port cannot be bound.
    """

    def __init__(self, host: str, port: int, routes: Mapping[str, Callable[[], Answer]]) -> None:
        self._server = _Server((host, port), routes)
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(_CLOSE_POLL,), name="godot_enet endpoint", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Server(ThreadingMixIn, TCPServer):
    # Not an HTTPServer, which looks its own name up when it is bound: without a name server that takes many seconds.

    allow_reuse_address = os.name != "nt"  # which on Windows lets two programs have the same port
    daemon_threads = True
    request_queue_size = 64
    block_on_close = False

    def __init__(self, address: tuple[str, int], routes: Mapping[str, Callable[[], Answer]]) -> None:
        self.routes = routes
        self.failures = Limiter()
        """Limits log lines by path: anyone can cause thousands."""
        self._places = threading.BoundedSemaphore(_MAX_REQUESTS)
        self._due: dict[socket, float] = {}
        """When each request has to be answered; the first ones come first."""
        if ":" in address[0]:
            self.address_family = AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        assert isinstance(request, socket)
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        self._due[request] = time.monotonic() + _PATIENCE
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread can be started
            self._leave(request)
            raise

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        assert isinstance(request, socket)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._leave(request)

    def service_actions(self) -> None:
        """End the requests whose time limit is over. A timeout of their sockets is not enough, as each byte restarts
        it."""
        now = time.monotonic()
        for request, due in list(self._due.items()):
            if due > now:
                return
            if self._due.pop(request, None) is not None:
                with suppress(OSError):  # it has just ended
                    request.shutdown(SHUT_RDWR)

    def _leave(self, request: socket) -> None:
        self._due.pop(request, None)
        self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        _log.debug("A request from %s failed.", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE  # the timeout of each read and write, after the endpoint was closed

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        route = self.server.routes.get(path)
        try:
            answer = Answer(404, b"not found\n") if route is None else route()
        except Exception:
            if times := self.server.failures.count(path, int(time.monotonic() * 1000)):
                _log.exception("%s", with_repeat_count(f"The answer to GET {path} failed.", times))
            answer = Answer(500, b"failed\n")
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        _log.debug(format, *args)
