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
from godot_enet.core.protocol.drops import Drop

__all__ = ["UdpTransport", "is_ip_literal"]

_MAPPED = "::ffff:"
_CACHE_LIMIT = 8192
_MAX_RECEIVE = MAXIMUM_DATAGRAM + 128
"""Bytes read of a datagram: more than ENet's maximum plus the overhead of DTLS."""
_MAX_BLOCK = 65536
_UDP_GRO = 104
"""Linux: the control message with the length of each datagram of a block; the last one may be shorter."""
_SIZE_ROOM = 64
_MSG_ERRQUEUE = 0x2000
_RECVERR = ((socket.IPPROTO_IP, 11), (socket.IPPROTO_IPV6, 25))
"""Linux: with these options a socket queues the errors that routers and remotes report."""
_MAX_ERRORS = 64
_UNREACHABLE = {
    errno.ECONNREFUSED: Drop.PORT_UNREACHABLE,
    errno.EHOSTUNREACH: Drop.ADDRESS_UNREACHABLE,
    errno.ENETUNREACH: Drop.ADDRESS_UNREACHABLE,
}


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
        BindError: the socket cannot be created or bound; the message says why.
    """

    def __init__(self, host: str | None = None, port: int = 0) -> None:
        self._addresses: dict[Any, Address] = {}
        self._names: dict[Address, Any] = {}
        self._block: bytearray | None = None
        self.unreachable: list[tuple[Address, Drop]] = []
        self._watches = False
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
        """Take over the UDP socket of a host in C, which may have asked Linux to combine equally long datagrams of one
        sender.

        Datagrams that wait in the socket are combined already, and their lengths are only reported while the option is
        on.
        """
        self = cls.__new__(cls)
        self._block = bytearray(_MAX_BLOCK) if sys.platform == "linux" else None
        self._addresses = {}
        self._names = {}
        self.unreachable = []
        self._watches = sys.platform == "linux"  # perhaps it was on already
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._family = self._socket.family
        return self

    def _bind(self, literal: str | None, port: int) -> None:
        if self._family == socket.AF_INET:
            self._socket.bind((literal or "0.0.0.0", port))
        else:
            self._socket.bind(self._name_of(Address(literal or "::", port)))

    def watch_unreachable(self) -> None:
        """Collect reports of unreachable addresses in :attr:`unreachable`, where the system has them.

        Only for hosts that connect: anybody can forge such reports, and each takes time.
        """
        if sys.platform == "linux" and not self._watches:
            self._watches = True
            for level, option in _RECVERR:
                with contextlib.suppress(OSError):
                    self._socket.setsockopt(level, option, 1)

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams, a block of them counted as one; empty ones are skipped."""
        if self._block is not None:
            return self._receive_blocks(self._block, limit)
        batch: list[Datagram] = []
        receive = self._socket.recvfrom
        addresses = self._addresses
        for _ in range(limit):
            try:
                data, name = receive(_MAX_RECEIVE)
            except BlockingIOError as error:
                if raised_by_signal_handler(error):
                    raise
                break
            except OSError as error:
                if raised_by_signal_handler(error):
                    raise
                if error.errno in _CLOSED:
                    break
                self._take_errors()
                continue
            address = addresses.get(name)
            if address is None:
                address = self._remember(name)
            if data:
                batch.append(Datagram(data, address))
        return batch

    def _receive_blocks(self, block: bytearray, limit: int) -> list[Datagram]:
        """The same if several datagrams may arrive as one block, which is split here."""
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
                self._take_errors()
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
            try:
                taken += send(data, name)
            except OSError as error:
                if raised_by_signal_handler(error):
                    raise
                if self._take_errors():  # it is about an earlier datagram; this one was not sent
                    with expecting(OSError):
                        taken += send(data, name)
                elif error.errno in _UNREACHABLE:
                    self._report(address, error.errno)
        return taken

    def _take_errors(self) -> int:
        """Empty the socket's queue of errors; with one pending, the next call of any kind fails. Returns how many."""
        if sys.platform != "linux" or not self._watches:
            return 0
        count = 0
        with expecting(OSError):
            while count < _MAX_ERRORS:
                _, details, _, name = self._socket.recvmsg(0, 128, _MSG_ERRQUEUE)
                count += 1
                for level, kind, data in details:
                    if (level, kind) in _RECVERR:
                        self._report(_address_of(name), int.from_bytes(data[:4], sys.byteorder))
        return count

    def _report(self, address: Address, error: int) -> None:
        cause = _UNREACHABLE.get(error)
        if cause is not None and len(self.unreachable) < _MAX_ERRORS:
            self.unreachable.append((address, cause))

    def poll_timeout(self) -> int | None:
        """Never: a socket has no timers."""
        return None

    def failed(self) -> bool:
        """Never: errors of a datagram count as packet loss."""
        return False

    def fileno(self) -> int:
        """The socket's descriptor; -1 once closed."""
        return self._socket.fileno()

    def local_address(self) -> Address | None:
        """The bound address; None while the socket is not bound."""
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
        """Cache one Address object per address, since making them is slow; a flood of addresses clears it."""
        if len(self._addresses) >= _CACHE_LIMIT:
            self._addresses.clear()
            self._names.clear()
        address = _address_of(name)
        self._addresses[name] = address
        self._names[address] = name
        return address

    def _name_of(self, address: Address) -> Any:
        """The socket name of an address; None if this socket cannot reach its family."""
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
    """A non-blocking UDP socket; IPv4 instead of both if the system has no IPv6 and it is not required."""
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
        # Link-local: without its zone it would be ambiguous, and unreachable.
        host = f"{host.partition('%')[0]}%{name[3]}"
    return Address(host, name[1])
