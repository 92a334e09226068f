"""A lobby with chat, ready states, reconnecting, and discovery on the local network.

    python -m godot_enet demo lobby                                    a window: choose a lobby, or host one
    python -m godot_enet demo lobby --server --name ann                host at once
    python -m godot_enet demo lobby --host 127.0.0.1 --name bob        join at once; start any number of these
    python -m godot_enet demo lobby --text                             any of these in a terminal, without pygame
    python -m godot_enet demo lobby --dtls .                           any of these encrypted: see demos/dtls_chat.py

Type and press Enter to chat. /ready or TAB marks you as ready, /kick NAME removes a player if you host, /quit leaves.
If you stop the host with Ctrl-C, it notifies its players. If you kill it, they try to reconnect, as they do when their
own connection is lost. _lobby_room.py is the lobby, _lobby_seat.py a player in it, _lobby_lan.py the discovery, and
_lobby_window.py the window.
"""

from __future__ import annotations

import argparse
import queue
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from godot_enet import ENetMultiplayerPeer, Error, SceneTree, TLSOptions

from . import dtls_chat
from ._lobby_lan import Beacon, Found, Search, printable
from ._lobby_room import HELP, Room, Secure
from ._options import DemoError, make_parser

TEXT_FPS = 20
GOODBYE = 0.5  # maximum seconds for the last messages to arrive


class Screen(Protocol):
    """A window or a terminal."""

    @property
    def running(self) -> bool: ...
    def typed(self) -> list[str]: ...
    def draw(self, room: Room, lobbies: Sequence[Found] | None) -> None: ...
    def tick(self) -> None: ...
    def close(self) -> None: ...


class Terminal:
    """A screen that prints each line once. At the end of the input a player leaves; a host stays."""

    def __init__(self, frames: int | None, hosts: bool) -> None:
        self.running = True
        self._frames = frames
        self._hosts = hosts
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._shown = 0
        self._said: set[str] = set()
        threading.Thread(target=self._read, daemon=True).start()
        print(HELP)

    def _read(self) -> None:
        """Runs on its own thread, because reading blocks."""
        for line in sys.stdin:
            self._lines.put(line)
        self._lines.put(None)

    def typed(self) -> list[str]:
        lines = []
        while not self._lines.empty():
            line = self._lines.get()
            if line is not None:
                lines.append(line.strip())
            elif not self._hosts:
                lines.append("/quit")
        return lines

    def draw(self, room: Room, lobbies: Sequence[Found] | None) -> None:
        for line in room.lines[max(0, len(room.lines) + self._shown - room.heard) :]:
            print(line)
        self._shown = room.heard
        news = [f"({room.status})"] if room.status else []
        if room.roster:
            news.append(
                "(here: " + ", ".join(name + " is ready" * ready for name, ready, here in room.roster if here) + ")"
            )
        for number, lobby in enumerate(lobbies or (), 1):
            news.append(f"{number}: {lobby.title}, {lobby.players} players{', encrypted' if lobby.encrypted else ''}")
        for line in news:
            if line not in self._said:
                print(line)
        self._said = set(news)

    def tick(self) -> None:
        time.sleep(1 / TEXT_FPS)
        if self._frames is not None:
            self._frames -= 1
            self.running = self._frames > 0

    def close(self) -> None:
        self.running = False


def make_secure(folder: Path | None) -> Secure:
    """A function that encrypts a new connection; without a folder for the certificate it does nothing."""

    def secure(peer: ENetMultiplayerPeer) -> None:
        assert folder
        assert peer.host
        if peer.get_unique_id() == 1:
            error = peer.host.dtls_server_setup(TLSOptions.server(*dtls_chat.load_identity(folder)))
        else:
            options = TLSOptions.client(dtls_chat.load_trust(folder))
            error = peer.host.dtls_client_setup(dtls_chat.NAME, options)
        if error != Error.OK:
            raise DemoError("Cannot encrypt; is pyOpenSSL installed?")

    return secure if folder else lambda _: None


def choose(room: Room, text: str, lobbies: Sequence[Found], options: argparse.Namespace) -> None:
    """Handle a line that was entered before joining a lobby."""
    lobby = lobbies[int(text) - 1] if text.isdecimal() and 0 < int(text) <= len(lobbies) else None
    try:
        if text == "h":
            room.host(options.port)
        elif lobby and lobby.encrypted != bool(options.dtls):
            room.status = f"That lobby is{'' if lobby.encrypted else ' not'} encrypted: see --dtls."
        elif lobby:
            room.join(lobby.address, lobby.port)
        elif text:
            room.join(text, options.port)
    except DemoError as reason:
        room.status = str(reason)


def handle_command(room: Room, text: str) -> None:
    """Handle a line that was entered in a lobby."""
    if text == "/ready":
        room.set_ready.rpc_id(1, not any(ready for name, ready, _ in room.roster if name == room.player))
    elif text.startswith("/kick ") and room.hosts:
        room.kick(text.removeprefix("/kick ").strip())
    elif text and not text.startswith("/"):
        room.say.rpc_id(1, text)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("lobby", __doc__)
    parser.add_argument("--name", default="player", help="your name; default: %(default)s")
    parser.add_argument("--text", action="store_true", help="in the terminal, without pygame")
    parser.add_argument(
        "--dtls", metavar="FOLDER", type=Path, help="encrypt, with the key and certificate in this folder"
    )
    return parser.parse_args(argv)


def make_screen(options: argparse.Namespace) -> Screen:
    if options.text:
        return Terminal(options.frames, options.server)
    from ._lobby_window import Window

    return Window(options.frames, options.screenshot)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    tree, room = SceneTree(), Room(printable(options.name, 16), make_secure(options.dtls))
    tree.root.add_child(room)
    screen: Screen | None = None
    search: Search | None = None
    beacon: Beacon | None = None
    waiting: list[str] = []  # lines entered before the connection was established
    try:
        screen = make_screen(options)
        if options.server:
            room.host(options.port)
        elif options.host:
            room.join(options.host, options.port)
        else:
            search = Search()
        last = time.monotonic()
        while screen.running and not room.ended:
            lobbies = list(search.found.values()) if search and not room.begun else None
            waiting += screen.typed()
            while waiting and (room.inside or lobbies is not None or waiting[0] == "/quit"):
                text = waiting.pop(0)
                if text == "/quit":
                    room.ended = True
                elif lobbies is not None:
                    choose(room, text, lobbies, options)
                else:
                    handle_command(room, text)
            now = time.monotonic()
            tree.process(now - last)
            last = now
            if search:
                search.update()
            if room.hosts:
                beacon = beacon or Beacon(room.id)
                beacon.answer(options.port, len(room.roster), bool(options.dtls), f"{room.player}'s lobby")
            screen.draw(room, lobbies)
            screen.tick()
        if room.ended and not options.text:
            print(room.status)
    except KeyboardInterrupt:
        print()
    except (DemoError, dtls_chat.DemoError) as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        room.say_goodbye()
        end = time.monotonic() + GOODBYE
        while len(room.multiplayer.get_peers()) and time.monotonic() < end:
            tree.process(0.01)
            time.sleep(0.01)
        room.leave(room.status)
        for each in (beacon, search, screen):
            if each:
                each.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
