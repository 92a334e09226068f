"""Addresses as Godot reads and writes them."""

from __future__ import annotations

import ipaddress
import socket

__all__ = ["format_ip", "parse_ip", "resolve"]


def parse_ip(text: str) -> str | None:
    """The canonical form of an IP literal, or None for anything else (names, ``""``, ``"*"``).

    Like Godot it takes leading zeros in IPv4 ("127.0.0.01"). IPv4 written as IPv6 comes back as IPv4.
    """
    parts = text.split(".")
    if len(parts) == 4 and all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        text = ".".join(str(int(part)) for part in parts)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


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
    except (OSError, UnicodeError):
        return None
    addresses = [parse_ip(str(entry[4][0])) for entry in found]
    literals = [address for address in addresses if address is not None]
    if "127.0.0.1" in literals and "::1" in literals:
        return "127.0.0.1"
    return literals[0] if literals else None
