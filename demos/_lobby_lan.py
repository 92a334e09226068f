"""Discovery of lobbies on the local network: a search sends UDP broadcasts, and hosts answer.

An answer is never longer than its request, so forged requests cannot amplify traffic. A host answers only a few
requests in each frame, and a search ends by itself.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

LAN_PORT = 8911  # next to the game's 8910
MAGIC = b"godot_enet lobby 1\n"
NONCE, SIZE = 8, 160  # bytes; a request has exactly SIZE, an answer at most
ANSWERS_PER_FRAME = 4
DURATION, INTERVAL = 1.5, 0.5  # duration of a search, and interval of its broadcasts
MAX_LOBBIES = 9  # lobbies


class Found(NamedTuple):
    """A lobby that has answered."""

    address: str
    port: int
    players: int
    encrypted: bool
    title: str


class Beacon:
    """The host's side. If the port is taken, ``working`` is False: players cannot find the lobby, but can join it."""

    def __init__(self, id: str, address: str = "", port: int = LAN_PORT) -> None:
        self._id = id
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # several lobbies on one machine
        if sys.platform == "darwin":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.working = True
        try:
            self._socket.bind((address, port))
        except OSError:
            self.close()

    def answer(self, port: int, players: int, encrypted: bool, title: str) -> None:
        """Once per frame."""
        for _ in range(ANSWERS_PER_FRAME if self.working else 0):
            try:
                request, sender = self._socket.recvfrom(SIZE + 1)
            except OSError:
                return  # no request; or, on Windows, a requester has gone
            if len(request) == SIZE and request.startswith(MAGIC):
                nonce = request[len(MAGIC) :][:NONCE]
                text = f"{self._id}\t{port}\t{players}\t{int(encrypted)}\t{title}"
                with contextlib.suppress(OSError):
                    self._socket.sendto((MAGIC + nonce + text.encode())[:SIZE], sender)

    def close(self) -> None:
        self.working = False
        self._socket.close()


class Search:
    """Searches for a short time, and collects the answers in ``found``."""

    def __init__(self, targets: Sequence[str] = ("255.255.255.255", "127.0.0.1"), port: int = LAN_PORT) -> None:
        self.found: dict[str, Found] = {}
        """By the lobby's id, so that a lobby with two addresses is listed once."""
        self._targets = [(target, port) for target in targets]
        self._nonce = os.urandom(NONCE)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._end = time.monotonic() + DURATION
        self._next = 0.0

    @property
    def running(self) -> bool:
        return self._socket.fileno() >= 0

    def update(self) -> None:
        """Once per frame."""
        now = time.monotonic()
        if now > self._end:
            self.close()
        if not self.running:
            return
        if now >= self._next:
            self._next = now + INTERVAL
            for target in self._targets:
                with contextlib.suppress(OSError):  # no network, or no broadcasts
                    self._socket.sendto((MAGIC + self._nonce).ljust(SIZE, b"\0"), target)
        for _ in range(2 * MAX_LOBBIES):
            try:
                answer, sender = self._socket.recvfrom(SIZE)
            except OSError:
                return
            if answer.startswith(MAGIC + self._nonce):
                self._note(answer[len(MAGIC) + NONCE :], sender[0])

    def close(self) -> None:
        self._socket.close()

    def _note(self, text: bytes, address: str) -> None:
        fields = text.decode("utf-8", "replace").split("\t")
        if len(fields) != 5 or not all(field.isascii() and field.isdigit() for field in fields[1:4]):
            return  # untrusted data
        id, port, players, encrypted, title = fields
        if id not in self.found and len(self.found) < MAX_LOBBIES and 0 < int(port) < 65536:
            self.found[id] = Found(address, int(port), int(players), encrypted == "1", printable(title, 40))


def printable(text: str, limit: int) -> str:
    """Untrusted text without control characters, which a terminal would execute."""
    return "".join(char for char in text[: 2 * limit] if char.isprintable()).strip()[:limit]
