"""IP addresses in Godot's format."""

from __future__ import annotations

import ipaddress
import logging
import socket
from typing import Any, NamedTuple

from godot_enet.core.addressing import needs_zone, with_zone_number
from godot_enet.core.errors import UnknownZone
from godot_enet.core.interface import Address
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["Target", "find_target", "format_ip", "parse_bind_ip", "parse_ip", "resolve"]

_log = logging.getLogger("godot_enet")


def parse_ip(text: str) -> str | None:
    """Return the canonical form of an IP literal; None for anything else (names, ``""``, ``"*"``).

    Leading zeros in IPv4 ("127.0.0.01") are accepted, as in Godot. IPv4-mapped IPv6 is returned as IPv4.
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
    """Return the canonical form of an address to bind to, which may be ``"*"`` and has no zone, as in Godot."""
    return text if text == "*" else None if "%" in text else parse_ip(text)


def format_ip(host: str) -> str:
    """Return an address in Godot's format: IPv6 as eight groups, never shortened."""
    if ":" not in host:
        return host
    number = int(ipaddress.IPv6Address(host.partition("%")[0]))
    return ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -16, -16))


def resolve(name: str) -> list[str]:
    """Resolve a host name to its addresses, IPv4 and IPv6, the preferred one first; empty if it has none. Blocks.

    If a name means this machine in both families, IPv4 is preferred: a server on "*" listens on both, one on
    "127.0.0.1" only on IPv4.
    """
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        if raised_by_signal_handler(error):
            raise
        return []
    addresses = [parse_ip(_literal(entry[4])) for entry in found]
    literals = dict.fromkeys(address for address in addresses if address is not None)
    if "127.0.0.1" in literals and "::1" in literals:
        literals = {"127.0.0.1": None, **literals}
    return list(literals)


def _literal(name: tuple[Any, ...]) -> str:
    """Return the IP literal of a socket address; the zone of a link-local one is in a separate field."""
    host = str(name[0])
    return f"{host}%{name[3]}" if len(name) == 4 and name[3] and "%" not in host else host


class Target(NamedTuple):
    """Where to connect to."""

    address: Address
    others: list[str]
    """Further addresses of the name that was given."""

    def note(self) -> str:
        """Return the text that a log line about this address should add: the other addresses, if there are any."""
        others = ", ".join(self.others)
        return others and f"; its name also has {others}, if the server listens only there"


def find_target(text: str, port: int) -> Target | str:
    """Return the address for an IP literal or a name, or an error text. Resolving a name blocks."""
    if not 1 <= port <= 65535:
        return f"The remote port number must be between 1 and 65535 (inclusive). Got {port}."
    unresolved = f'Couldn\'t resolve the server IP address or domain name. Got "{text}"'
    literal = parse_ip(text)
    found = resolve(text) if literal is None else [literal]
    if not found:
        return f"{unresolved}."
    host, *others = found
    try:
        target = with_zone_number(Address(host, port))
    except UnknownZone as error:
        return f"{unresolved}, and {error}."
    if needs_zone(target.host):
        _log.warning("%s is link-local: append the network interface, as in %s%%eth0.", target.host, target.host)
    return Target(target, others)
