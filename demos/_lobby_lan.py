"""Finding lobbies on the local network: who searches calls into the room by UDP broadcast, who hosts answers.

No answer is longer than its question, so nobody can make a host flood a stranger; a host answers a few questions a
frame, and a search ends by itself.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

LAN_PORT = 8911  # beside the game's 8910
MAGIC = b"godot_enet lobby 1\n"
NONCE, SIZE = 8, 160  # bytes; of a question all, of an answer at most
ANSWERS_A_FRAME = 4
SECONDS, EVERY = 1.5, 0.5  # how long a search lasts, and how often it asks
MOST = 9  # lobbies


class Found(NamedTuple):
    """A lobby that has answered."""

    address: str
    port: int
    players: int
    encrypted: bool
    title: str


class Beacon:
    """A host's side. ``working`` is False where the port is taken: then the lobby cannot be found, only joined."""

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
        for _ in range(ANSWERS_A_FRAME if self.working else 0):
            try:
                question, sender = self._socket.recvfrom(SIZE + 1)
            except OSError:
                return  # nobody asks; or, on Windows, somebody who asked is gone
            if len(question) == SIZE and question.startswith(MAGIC):
                nonce = question[len(MAGIC) :][:NONCE]
                text = f"{self._id}\t{port}\t{players}\t{int(encrypted)}\t{title}"
                with contextlib.suppress(OSError):
                    self._socket.sendto((MAGIC + nonce + text.encode())[:SIZE], sender)

    def close(self) -> None:
        self.working = False
        self._socket.close()


class Search:
    """Asks around for a short while; ``found`` grows meanwhile."""

    def __init__(self, targets: Sequence[str] = ("255.255.255.255", "127.0.0.1"), port: int = LAN_PORT) -> None:
        self.found: dict[str, Found] = {}
        """By the lobby's id: one that answers from two addresses is there once."""
        self._targets = [(target, port) for target in targets]
        self._nonce = os.urandom(NONCE)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._end = time.monotonic() + SECONDS
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
            self._next = now + EVERY
            for target in self._targets:
                with contextlib.suppress(OSError):  # no network, or none that knows broadcasts
                    self._socket.sendto((MAGIC + self._nonce).ljust(SIZE, b"\0"), target)
        for _ in range(2 * MOST):
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
            return  # anybody may answer anything
        id, port, players, encrypted, title = fields
        if id not in self.found and len(self.found) < MOST and 0 < int(port) < 65536:
            self.found[id] = Found(address, int(port), int(players), encrypted == "1", printable(title, 40))


def printable(text: str, most: int) -> str:
    """What may be shown of what came from outside: a terminal obeys control characters."""
    return "".join(char for char in text[: 2 * most] if char.isprintable()).strip()[:most]
