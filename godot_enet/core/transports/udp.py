"""UDP over the operating system's sockets: IPv4, IPv6, or both through one socket.

Errors of the network (unreachable, refused, no buffers, too long) are packet loss here, as they are on the wire.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import sys
from collections.abc import Iterable
from typing import Any

from godot_enet.core.addressing import zone_number
from godot_enet.core.errors import BindError, UnknownZone
from godot_enet.core.interface import Address, Datagram
from godot_enet.core.interrupts import expecting, raised_by_signal_handler
from godot_enet.core.protocol.constants import HOST_SOCKET_RECEIVE_BUFFER, HOST_SOCKET_SEND_BUFFER, MAXIMUM_DATAGRAM

__all__ = ["UdpTransport", "is_ip_literal"]

_MAPPED = "::ffff:"
_CACHE_LIMIT = 8192
_LONGEST = MAXIMUM_DATAGRAM + 128
"""Bytes read of a datagram: more than ENet's longest, and room for what DTLS adds to that."""
_LONGEST_BLOCK = 65536
_UDP_GRO = 104
"""Of Linux: the control message that says how long each datagram of a block is; the last one may be shorter."""
_SIZE_ROOM = 64


def is_ip_literal(text: str) -> bool:
    """Whether ``text`` is an IPv4 or IPv6 address (with or without a scope), not a name."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class UdpTransport:
    """One UDP socket.

    Args:
        host: an IP literal to bind to; ``"*"`` for every address of both families; None to bind nothing, so that
            the operating system picks address and port with the first datagram sent.
        port: the port to bind, 0 for any free one.

    Raises:
        BindError: the socket cannot be had; the message says why.
    """

    def __init__(self, host: str | None = None, port: int = 0) -> None:
        self._addresses: dict[Any, Address] = {}
        self._names: dict[Address, Any] = {}
        self._block: bytearray | None = None
        literal = None if host in (None, "*") else host
        family = socket.AF_INET if literal is not None and ":" not in literal else socket.AF_INET6
        try:
            self._socket, self._family = _open(family, optional=literal is None)
            if host is not None:
                self._bind(literal, port)
        except OSError as error:
            if hasattr(self, "_socket"):
                self._socket.close()
            where = f"{host} port {port}" if host is not None else "a UDP socket"
            raise BindError(f"cannot bind {where}: {error.strerror or error}") from error

    @classmethod
    def adopt(cls, descriptor: int) -> UdpTransport:
        """Take over the UDP socket of a host in C, which may have Linux put equal datagrams of one sender together.

        What waits in the socket is put together already, and only says where to cut it while the option is on.
        """
        self = cls.__new__(cls)
        self._block = bytearray(_LONGEST_BLOCK) if sys.platform == "linux" else None
        self._addresses = {}
        self._names = {}
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._family = self._socket.family
        return self

    def _bind(self, literal: str | None, port: int) -> None:
        if self._family == socket.AF_INET:
            self._socket.bind((literal or "0.0.0.0", port))
        else:
            self._socket.bind(self._name_of(Address(literal or "::", port)))

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams, a block of them counted as one; empty ones are skipped."""
        if self._block is not None:
            return self._receive_blocks(self._block, limit)
        batch: list[Datagram] = []
        receive = self._socket.recvfrom
        addresses = self._addresses
        for _ in range(limit):
            try:
                data, name = receive(_LONGEST)
            except BlockingIOError as error:
                if raised_by_signal_handler(error):
                    raise
                break
            except OSError as error:
                if raised_by_signal_handler(error):
                    raise
                if error.errno in _CLOSED:
                    break
                continue
            address = addresses.get(name)
            if address is None:
                address = self._remember(name)
            if data:
                batch.append(Datagram(data, address))
        return batch

    def _receive_blocks(self, block: bytearray, limit: int) -> list[Datagram]:
        """The same where several datagrams may come as one block, which is cut up here."""
        batch: list[Datagram] = []
        receive = self._socket.recvmsg_into
        for _ in range(limit):
            try:
                length, ancillary, _, name = receive([block], _SIZE_ROOM)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno in _CLOSED:
                    break
                continue
            address = self._addresses.get(name) or self._remember(name)
            size = length
            for level, kind, data in ancillary:
                if level == socket.IPPROTO_UDP and kind == _UDP_GRO:
                    size = int.from_bytes(data[:4], sys.byteorder)
            batch += [
                Datagram(bytes(block[at : min(at + size, length)]), address) for at in range(0, length, size or 1)
            ]
        return batch

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Send them all; returns the bytes that the operating system took."""
        taken = 0
        send = self._socket.sendto
        names = self._names
        for data, address in batch:
            name = names.get(address)
            if name is None:
                name = self._name_of(address)
                if name is None:
                    continue
            with expecting(OSError):
                taken += send(data, name)
        return taken

    def poll_timeout(self) -> int | None:
        """Never: a socket has no timers."""
        return None

    def failed(self) -> bool:
        """Never: what goes wrong with a datagram is packet loss."""
        return False

    def fileno(self) -> int:
        """The socket's descriptor; -1 once closed."""
        return self._socket.fileno()

    def local_address(self) -> Address | None:
        """Where the socket is bound; None while it is not."""
        try:
            name = self._socket.getsockname()
        except OSError as error:
            if raised_by_signal_handler(error):
                raise
            return None
        return _address_of(name) if name[1] else None

    def close(self) -> None:
        """Release the socket."""
        self._socket.close()

    def _remember(self, name: Any) -> Address:
        """Addresses are kept as one object each, since comparing and printing them would cost more than they are
        worth; a flood of strangers only makes us forget and begin again."""
        if len(self._addresses) >= _CACHE_LIMIT:
            self._addresses.clear()
            self._names.clear()
        address = _address_of(name)
        self._addresses[name] = address
        self._names[address] = name
        return address

    def _name_of(self, address: Address) -> Any:
        """What the socket calls an address; None if this socket cannot reach its family."""
        host, port = address
        is_ipv6 = ":" in host
        name: Any
        if self._family == socket.AF_INET:
            name = None if is_ipv6 else (host, port)
        elif not is_ipv6:
            name = (_MAPPED + host, port, 0, 0)
        else:
            host, _, zone = host.partition("%")
            try:
                name = (host, port, 0, zone_number(zone) if zone else 0)
            except UnknownZone:
                name = None
        if name is not None and len(self._names) < _CACHE_LIMIT:
            self._names[address] = name
        return name


_CLOSED = frozenset({errno.EBADF, errno.ENOTSOCK, errno.EINVAL})


def _open(family: int, *, optional: bool) -> tuple[socket.socket, int]:
    """A non-blocking UDP socket; IPv4 instead of both where the system has no IPv6 and nobody insists on it."""
    try:
        sock = socket.socket(family, socket.SOCK_DGRAM)
    except OSError:
        if not optional:
            raise
        family = socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for option, size in (
            (socket.SO_RCVBUF, HOST_SOCKET_RECEIVE_BUFFER),
            (socket.SO_SNDBUF, HOST_SOCKET_SEND_BUFFER),
        ):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, option, size)
    except OSError:
        sock.close()
        raise
    return sock, family


def _address_of(name: Any) -> Address:
    host = name[0]
    if host.startswith(_MAPPED) and "." in host:
        host = host[len(_MAPPED) :]
    elif len(name) == 4 and name[3]:
        # Link-local: without its zone nothing could be sent there, nor could it be told from its like elsewhere.
        host = f"{host.partition('%')[0]}%{name[3]}"
    return Address(host, name[1])
