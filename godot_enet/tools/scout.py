"""Asks a port two things that ENet cannot ask: whether it speaks DTLS, and whether the system says that it is closed.

It sends the first message of a DTLS handshake, which needs no OpenSSL. A server with DTLS answers it, one without
ignores it. The socket is connected to the port, so that the system hands over its "port unreachable".
"""

from __future__ import annotations

import os
import socket
from enum import Enum

from godot_enet.core.dtls.records import is_record
from godot_enet.core.interface import Address

__all__ = ["Scout", "Sight"]


class Sight(Enum):
    """What a scout has seen."""

    NOTHING = "nothing"
    DTLS = "DTLS"
    UNREACHABLE = "unreachable"


def _client_hello() -> bytes:
    """RFC 6347, 4.2; RFC 5246, 7.4.1.2 and 7.4.1.4.1; RFC 8422, 5.1."""
    suites = bytes.fromhex("c02bc02fc02cc030cca9cca8c023c027c009c013c00ac014009c009d002f0035")
    groups = b"\x00\x0a\x00\x08\x00\x06\x00\x1d\x00\x17\x00\x18"
    points = b"\x00\x0b\x00\x02\x01\x00"
    signatures = b"\x00\x0d\x00\x0e\x00\x0c\x04\x03\x05\x03\x06\x03\x04\x01\x05\x01\x06\x01"
    extensions = groups + points + signatures
    body = b"\xfe\xfd" + os.urandom(32) + b"\x00" + b"\x00"  # no session, no cookie
    body += len(suites).to_bytes(2, "big") + suites + b"\x01\x00"
    body += len(extensions).to_bytes(2, "big") + extensions
    length = len(body).to_bytes(3, "big")
    message = b"\x01" + length + bytes(2) + bytes(3) + length + body
    return b"\x16\xfe\xff" + bytes(8) + len(message).to_bytes(2, "big") + message


class Scout:
    """A socket to one port.

    Raises:
        OSError: the address cannot be reached from here at all, such as one of IPv6 without a network that has it.
    """

    def __init__(self, address: Address) -> None:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self._hello = _client_hello()
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            host, _, zone = address.host.partition("%")
            name = (host, address.port, 0, int(zone or 0)) if family == socket.AF_INET6 else (host, address.port)
            self._socket.connect(name)
        except OSError:
            self._socket.close()
            raise

    def ask(self) -> None:
        """Send the question, again after a second or so without an answer."""
        try:
            self._socket.send(self._hello)
        except ConnectionError:  # about an earlier one; `look` sees the next
            self._socket.send(self._hello)

    def look(self) -> Sight:
        """What has come back so far. Does not wait."""
        try:
            while True:
                if is_record(self._socket.recv(4096)):
                    return Sight.DTLS
        except BlockingIOError:
            return Sight.NOTHING
        except ConnectionError:  # ECONNREFUSED; on Windows WSAECONNRESET
            return Sight.UNREACHABLE

    def close(self) -> None:
        """Close the socket. Idempotent."""
        self._socket.close()
