"""A chat that nobody on the way can read or change: DTLS, with a certificate that is made on the first run.

    python demos/dtls_chat.py --server             makes dtls_chat.key and dtls_chat.crt if need be, and listens
    python demos/dtls_chat.py --host 127.0.0.1     joins; start as many as you like, in other terminals

Type a line and press Enter; Ctrl-C, or the end of the input, leaves. To chat between two machines, copy dtls_chat.crt
to the other one: the client trusts this certificate and no other, whatever address the server has. dtls_chat.key stays
on the server. With --unsafe a client takes anybody for the server; the words are encrypted, but perhaps for a stranger.

Everybody speaks to the server alone, and the server passes it on: it decides who is called what.
"""

from __future__ import annotations

import argparse
import queue
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from godot_enet import Crypto, CryptoKey, ENetConnection, ENetPacketPeer, Error, TLSOptions, X509Certificate

PORT = 8912
MAX_CLIENTS = 32
CHAT = 0  # the only channel: what is said arrives, and in order
NAME = "dtls_chat"  # what the certificate is made out to; any name will do, as long as both sides use the same
LONGEST = 500  # bytes of a line
GOODBYE = 1  # data of a disconnect on purpose; ENet reports 0 for a remote that fell silent
PATIENCE = 3.0  # seconds that a client waits for the server
FRAME = 20  # milliseconds


class DemoError(Exception):
    """Why the demo cannot go on, in words for the user."""


def load_identity(folder: Path) -> tuple[CryptoKey, X509Certificate]:
    """The server's key and certificate, new ones on the first run."""
    key_file, certificate_file = folder / f"{NAME}.key", folder / f"{NAME}.crt"
    key, certificate = CryptoKey(), X509Certificate()
    if key_file.exists() and certificate_file.exists():
        if key.load(str(key_file)) != Error.OK or certificate.load(str(certificate_file)) != Error.OK:
            raise DemoError(f"Cannot read {key_file} and {certificate_file}; delete both to have new ones made.")
        return key, certificate
    print("making a key and a certificate")
    crypto = Crypto()
    new_key = crypto.generate_rsa(2048)
    assert new_key is not None
    made = crypto.generate_self_signed_certificate(new_key, f"CN={NAME}", "20250101000000", "20450101000000")
    assert made is not None
    # Only its owner can read the file with the key. The certificate is for everybody.
    if new_key.save(str(key_file)) != Error.OK or made.save(str(certificate_file)) != Error.OK:
        raise DemoError(f"Cannot write to {folder}; --folder chooses another place.")
    return new_key, made


def load_trust(folder: Path) -> X509Certificate:
    """The certificate by which a client knows its server."""
    certificate = X509Certificate()
    file = folder / f"{NAME}.crt"
    if not file.exists():
        raise DemoError(f"There is no {file}: start the server here first, or copy the file from where it runs.")
    if certificate.load(str(file)) != Error.OK:
        raise DemoError(f"{file} is not a certificate.")
    return certificate


class Server:
    """Passes every line on to everybody, the speaker included."""

    def __init__(self, address: str, port: int, folder: Path) -> None:
        key, certificate = load_identity(folder)
        self.connection = ENetConnection()
        if self.connection.create_host_bound(address, port, MAX_CLIENTS) != Error.OK:
            raise DemoError(f"Cannot listen on port {port}: is another program using it? --port chooses another.")
        # Look at the result: without this the chat would go on unencrypted.
        if self.connection.dtls_server_setup(TLSOptions.server(key, certificate)) != Error.OK:
            raise DemoError("Cannot encrypt.")
        self.names: dict[ENetPacketPeer, str] = {}
        self.guests = 0
        print(f"listening on port {self.connection.get_local_port()}, encrypted")

    def service(self) -> bool:
        """Handle what has happened; always goes on."""
        wait = FRAME
        while (event := self.connection.service(wait)).peer is not None:
            wait = 0
            if event.type == ENetConnection.EVENT_CONNECT:
                self.guests += 1
                self.names[event.peer] = f"guest {self.guests}"
                self.say(f"{self.names[event.peer]} is here")
            elif event.type == ENetConnection.EVENT_RECEIVE:
                # Never print what comes from outside as it is: a terminal obeys control characters.
                text = event.peer.get_packet()[:LONGEST].decode("utf-8", "replace")
                self.say(f"{self.names[event.peer]}: {''.join(c for c in text if c.isprintable())}")
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                self.say(f"{self.names.pop(event.peer)} {'left' if event.data == GOODBYE else 'vanished'}")
        return True

    def say(self, text: str) -> None:
        print(text)
        self.connection.broadcast(CHAT, text.encode(), ENetPacketPeer.FLAG_RELIABLE)

    def type(self, line: str) -> None:
        self.say(f"server: {line}")

    def close(self) -> None:
        for peer in self.names:
            peer.peer_disconnect_now(GOODBYE)
        self.connection.destroy()


class Client:
    """Sends what is typed, and prints what the server says."""

    def __init__(self, address: str, port: int, options: TLSOptions) -> None:
        self.connection = ENetConnection()
        self.connection.create_host(1)
        # The name is the one in the certificate, not the address: that may change.
        if self.connection.dtls_client_setup(NAME, options) != Error.OK:
            raise DemoError("Cannot encrypt.")
        peer = self.connection.connect_to_host(address, port, 1)
        if peer is None:
            raise DemoError(f"Cannot connect to {address}:{port}: is this the name of a host, and a port?")
        self.peer = peer
        self.deadline = time.monotonic() + PATIENCE
        self.connected = False
        self.ended = False
        self.unsent: list[str] = []

    def service(self) -> bool:
        """Handle what has happened; False at the end of the connection."""
        wait = FRAME
        while (event := self.connection.service(wait)).type != ENetConnection.EVENT_NONE:
            wait = 0
            if event.type == ENetConnection.EVENT_ERROR:
                # The log says why: a certificate that is not the one trusted, or a server that has gone.
                raise DemoError("The encrypted connection failed.")
            if event.type == ENetConnection.EVENT_CONNECT:
                print("connected, encrypted")
                self.connected = True
            elif event.type == ENetConnection.EVENT_RECEIVE:
                print(self.peer.get_packet().decode())
            else:
                print("The server said goodbye." if event.data == GOODBYE else "The server vanished.")
                self.ended = True
                return False
        if self.connected:
            for line in self.unsent:
                self.peer.send(CHAT, line.encode()[:LONGEST], ENetPacketPeer.FLAG_RELIABLE)
            self.unsent.clear()
        elif time.monotonic() > self.deadline:
            raise DemoError("No server answers there, or it does not use DTLS.")
        return True

    def type(self, line: str) -> None:
        self.unsent.append(line)

    def close(self) -> None:
        if self.connected and not self.ended:
            self.peer.peer_disconnect_later(GOODBYE)  # after the last words have arrived
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                if self.connection.service(FRAME).type in (
                    ENetConnection.EVENT_DISCONNECT,
                    ENetConnection.EVENT_ERROR,
                ):
                    break
        self.connection.destroy()


def read_lines(lines: queue.Queue[str | None]) -> None:
    """On a thread of its own, since reading waits for the user."""
    for line in sys.stdin:
        lines.put(line.strip())
    lines.put(None)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="An encrypted chat.")
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--server", action="store_true", help="run the server")
    side.add_argument("--host", help="join the server there")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument("--folder", type=Path, default=Path(), help="where key and certificate are; default: here")
    parser.add_argument("--unsafe", action="store_true", help="take anybody for the server")
    parser.add_argument("--say", action="append", default=[], help="say this, and leave; may be repeated")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    side: Server | Client | None = None
    lines: queue.Queue[str | None] = queue.Queue()
    for line in options.say:
        lines.put(line)
    try:
        if options.server:
            side = Server("*", options.port, options.folder)
        else:
            unsafe = options.unsafe
            trust = TLSOptions.client_unsafe() if unsafe else TLSOptions.client(load_trust(options.folder))
            side = Client(options.host, options.port, trust)
        if options.say:
            lines.put(None)
        else:
            threading.Thread(target=read_lines, args=[lines], daemon=True).start()
        typing = True
        while side.service():
            while typing and not lines.empty():
                typed = lines.get()
                if typed:
                    side.type(typed)
                typing = typed is not None
            if not typing and isinstance(side, Client) and side.connected and not side.unsent:
                break
    except KeyboardInterrupt:
        print()
    except DemoError as reason:
        print(reason, file=sys.stderr)
        return 1
    finally:
        if side is not None:
            side.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
