"""Addresses as Godot reads and writes them."""

from __future__ import annotations

import ipaddress
import logging
import socket
from typing import Any

from godot_enet.core.addressing import needs_zone, with_zone_number
from godot_enet.core.errors import UnknownZone
from godot_enet.core.interface import Address
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["find_target", "format_ip", "parse_bind_ip", "parse_ip", "resolve"]

_log = logging.getLogger("godot_enet")


def parse_ip(text: str) -> str | None:
    """The canonical form of an IP literal, or None for anything else (names, ``""``, ``"*"``).

    Like Godot it takes leading zeros in IPv4 ("127.0.0.01"). IPv4 written as IPv6 comes back as IPv4.
    """
    parts = text.split(".")
    if len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts):
        text = ".".join(part.lstrip("0") or "0" for part in parts)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def parse_bind_ip(text: str) -> str | None:
    """The same for an address to bind to, which may be ``"*"`` and has no zone, as in Godot."""
    return text if text == "*" else None if "%" in text else parse_ip(text)


def format_ip(host: str) -> str:
    """An address in Godot's spelling: IPv4 as usual, IPv6 as eight groups that are never shortened."""
    if ":" not in host:
        return host
    number = int(ipaddress.IPv6Address(host.partition("%")[0]))
    return ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -16, -16))


def resolve(name: str) -> str | None:
    """The first address of a host name, of either family; blocks. None if there is none.

    Where a name means this machine in both families, IPv4 wins: a server on "*" listens to both, one on
    "127.0.0.1" only to that.
    """
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        if raised_by_signal_handler(error):
            raise
        return None
    addresses = [parse_ip(_literal(entry[4])) for entry in found]
    literals = [address for address in addresses if address is not None]
    if "127.0.0.1" in literals and "::1" in literals:
        return "127.0.0.1"
    return literals[0] if literals else None


def _literal(name: tuple[Any, ...]) -> str:
    """The IP literal in a socket's address; a link-local one has its zone in a field of its own."""
    host = str(name[0])
    return f"{host}%{name[3]}" if len(name) == 4 and name[3] and "%" not in host else host


def find_target(text: str, port: int) -> Address | str:
    """Where to send to, for an IP literal or a name; or what is wrong with it. Looking a name up blocks."""
    if not 1 <= port <= 65535:
        return f"The remote port number must be between 1 and 65535 (inclusive). Got {port}."
    unresolved = f'Couldn\'t resolve the server IP address or domain name. Got "{text}"'
    host = parse_ip(text) or resolve(text)
    if host is None:
        return f"{unresolved}."
    try:
        target = with_zone_number(Address(host, port))
    except UnknownZone as error:
        return f"{unresolved}, and {error}."
    if needs_zone(target.host):
        _log.warning(
            "%s is link-local: add the network interface that it is behind, as in %s%%eth0.", target.host, target.host
        )
    return target
