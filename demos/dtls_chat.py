"""A chat in a terminal, encrypted and authenticated with DTLS and a certificate.

    python -m godot_enet demo dtls_chat --server           creates dtls_chat.key and dtls_chat.crt if needed; listens
    python -m godot_enet demo dtls_chat --host 127.0.0.1   joins; start any number of these, in other terminals

Type a line and press Enter; Ctrl-C, or the end of the input, leaves. To chat between two machines, copy dtls_chat.crt
to the other one: the client trusts this certificate and no other, whatever address the server has. dtls_chat.key stays
on the server. With --unsafe a client accepts any server: the chat is encrypted, but perhaps with an attacker.

Clients talk only to the server, which assigns the names and forwards each line.
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
CHAT = 0  # the only channel; all packets are reliable and in order
NAME = "dtls_chat"  # the name in the certificate; any name works if both sides use the same one
MAX_LINE = 500  # bytes of a line
GOODBYE = 1  # data of an intended disconnect; ENet reports 0 after a timeout
CONNECT_TIMEOUT = 3.0  # seconds that a client waits for the server
FRAME = 20  # milliseconds
MAX_EVENTS_PER_FRAME = 500  # handled per frame; the rest waits, so that a flood cannot stop the server
LINES = 10  # lines of one client per second


class DemoError(Exception):
    """An error that ends the demo, with a message for the user."""


def load_identity(folder: Path) -> tuple[CryptoKey, X509Certificate]:
    """The server's key and certificate; created on the first run."""
    key_file, certificate_file = folder / f"{NAME}.key", folder / f"{NAME}.crt"
    key, certificate = CryptoKey(), X509Certificate()
    if key_file.exists() and certificate_file.exists():
        if key.load(str(key_file)) != Error.OK or certificate.load(str(certificate_file)) != Error.OK:
            raise DemoError(f"Cannot read {key_file} and {certificate_file}; delete both to create new ones.")
        return key, certificate
    print("creating a key and a certificate")
    crypto = Crypto()
    new_key = crypto.generate_rsa(2048)
    assert new_key is not None
    made = crypto.generate_self_signed_certificate(new_key, f"CN={NAME}", "20250101000000", "20450101000000")
    assert made is not None
    # Only the owner can read the key file. The certificate is public.
    if new_key.save(str(key_file)) != Error.OK or made.save(str(certificate_file)) != Error.OK:
        raise DemoError(f"Cannot write to {folder}; choose another place with --folder.")
    return new_key, made


def load_trust(folder: Path) -> X509Certificate:
    """The certificate by which a client recognizes its server."""
    certificate = X509Certificate()
    file = folder / f"{NAME}.crt"
    if not file.exists():
        raise DemoError(f"There is no {file}: start the server here first, or copy the file from the server.")
    if certificate.load(str(file)) != Error.OK:
        raise DemoError(f"{file} is not a certificate.")
    return certificate


class Server:
    """Forwards each line to all clients, including its sender."""

    def __init__(self, address: str, port: int, folder: Path) -> None:
        key, certificate = load_identity(folder)
        self.connection = ENetConnection()
        if self.connection.create_host_bound(address, port, MAX_CLIENTS) != Error.OK:
            raise DemoError(f"Cannot listen on port {port}: is another program using it? Choose another with --port.")
        # Check the result: otherwise the chat would continue unencrypted.
        if self.connection.dtls_server_setup(TLSOptions.server(key, certificate)) != Error.OK:
            raise DemoError("Cannot encrypt.")
        self.names: dict[ENetPacketPeer, str] = {}
        self.guests = 0
        self.lines: dict[ENetPacketPeer, int] = {}
        """Number of lines from each client in this second."""
        self.second = 0
        print(f"listening on port {self.connection.get_local_port()}, encrypted")

    def service(self) -> bool:
        """Handle the events of a frame. Always returns True."""
        if self.second != int(time.monotonic()):
            self.second = int(time.monotonic())
            self.lines.clear()
        for count in range(MAX_EVENTS_PER_FRAME):
            event = self.connection.service(0 if count else FRAME)
            if event.peer is None:
                break
            if event.type == ENetConnection.EVENT_CONNECT:
                self.guests += 1
                self.names[event.peer] = f"guest {self.guests}"
                self.say(f"{self.names[event.peer]} joined")
            elif event.type == ENetConnection.EVENT_RECEIVE:
                # Never print received text as it is: a terminal executes control characters.
                text = event.peer.get_packet()[:MAX_LINE].decode("utf-8", "replace")
                self.lines[event.peer] = self.lines.get(event.peer, 0) + 1
                if self.lines[event.peer] > LINES:
                    continue  # each line is sent to all clients
                self.say(f"{self.names[event.peer]}: {''.join(c for c in text if c.isprintable())}")
            elif event.type == ENetConnection.EVENT_DISCONNECT:
                self.say(f"{self.names.pop(event.peer)} {'left' if event.data == GOODBYE else 'timed out'}")
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
    """Sends typed lines, and prints received ones."""

    def __init__(self, address: str, port: int, options: TLSOptions) -> None:
        self.connection = ENetConnection()
        self.connection.create_host(1)
        # The name is that in the certificate, not the address, which may change.
        if self.connection.dtls_client_setup(NAME, options) != Error.OK:
            raise DemoError("Cannot encrypt.")
        peer = self.connection.connect_to_host(address, port, 1)
        if peer is None:
            raise DemoError(f"Cannot connect to {address}:{port}: invalid host or port.")
        self.peer = peer
        self.deadline = time.monotonic() + CONNECT_TIMEOUT
        self.connected = False
        self.ended = False
        self.unsent: list[str] = []

    def service(self) -> bool:
        """Handle the events of a frame. Returns False at the end of the connection."""
        wait = FRAME
        while (event := self.connection.service(wait)).type != ENetConnection.EVENT_NONE:
            wait = 0
            if event.type == ENetConnection.EVENT_ERROR:
                # The log gives the reason: an untrusted certificate, or a server that closed the connection.
                raise DemoError("The encrypted connection failed.")
            if event.type == ENetConnection.EVENT_CONNECT:
                print("connected, encrypted")
                self.connected = True
            elif event.type == ENetConnection.EVENT_RECEIVE:
                print(self.peer.get_packet().decode())
            else:
                print("The server said goodbye." if event.data == GOODBYE else "The server timed out.")
                self.ended = True
                return False
        if self.connected:
            for line in self.unsent:
                self.peer.send(CHAT, line.encode()[:MAX_LINE], ENetPacketPeer.FLAG_RELIABLE)
            self.unsent.clear()
        elif time.monotonic() > self.deadline:
            raise DemoError("No answer: no server is running there, or it does not use DTLS.")
        return True

    def type(self, line: str) -> None:
        self.unsent.append(line)

    def close(self) -> None:
        if self.connected and not self.ended:
            self.peer.peer_disconnect_later(GOODBYE)  # after the last lines have arrived
            until = time.monotonic() + CONNECT_TIMEOUT
            while time.monotonic() < until:
                if self.connection.service(FRAME).type in (
                    ENetConnection.EVENT_DISCONNECT,
                    ENetConnection.EVENT_ERROR,
                ):
                    break
        self.connection.destroy()


def read_lines(lines: queue.Queue[str | None]) -> None:
    """Runs on its own thread, because reading blocks."""
    for line in sys.stdin:
        lines.put(line.strip())
    lines.put(None)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    description = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser("python -m godot_enet demo dtls_chat", description=description)
    side = parser.add_mutually_exclusive_group(required=True)
    side.add_argument("--server", action="store_true", help="run the server")
    side.add_argument("--host", help="join this server")
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s")
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="folder of the key and the certificate; default: here"
    )
    parser.add_argument("--unsafe", action="store_true", help="accept any server")
    parser.add_argument("--say", action="append", default=[], help="send this line, and leave; may be repeated")
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
