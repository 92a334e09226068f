"""Addresses that depend on this machine's networks: IPv6 zones, and addresses that are answered from others.

Users write the name or the number of an interface as the zone of a link-local address (RFC 4007). The core uses numbers
only, as received datagrams do, and only where they matter: two spellings of one address would be two addresses.
"""

from __future__ import annotations

import errno
import ipaddress
import socket

from godot_enet.core.errors import UnknownZone
from godot_enet.core.interface import Address
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["may_answer_from_elsewhere", "needs_zone", "network_of", "with_zone_number", "zone_number"]

LIMITED_BROADCAST = "255.255.255.255"
"""All hosts in the network of this machine's default route."""
_LINK_LOCAL = (
    ipaddress.IPv6Network("fe80::/10"),
    ipaddress.IPv6Network("ff01::/16"),
    ipaddress.IPv6Network("ff02::/16"),
)


def zone_number(zone: str) -> int:
    """The number of the network interface that ``zone`` names or counts.

    Raises:
        UnknownZone: this machine has no such interface.
    """
    try:
        if not (zone.isascii() and zone.isdecimal()):
            return socket.if_nametoindex(zone)
        number = int(zone)
        socket.if_indextoname(number)
    except (OSError, OverflowError, ValueError):
        raise UnknownZone(f'this machine has no network interface "{zone}"') from None
    return number


def needs_zone(host: str) -> bool:
    """Whether an IP literal lacks the zone that makes it unambiguous on this machine."""
    return ":" in host and "%" not in host and any(ipaddress.IPv6Address(host) in network for network in _LINK_LOCAL)


def with_zone_number(address: Address) -> Address:
    """The address in the form that datagrams from it have.

    Raises:
        UnknownZone: this machine has no such interface.
    """
    host, _, zone = address.host.partition("%")
    if not zone:
        return address
    number = zone_number(zone)
    return Address(f"{host}%{number}" if needs_zone(host) else host, address.port)


def network_of(address: Address) -> str | bytes:
    """The key of one host: an IPv4 address, or an IPv6 /64, the smallest network assigned to a host."""
    host = address.host.partition("%")[0]
    return ipaddress.IPv6Address(host).packed[:8] if ":" in host else host


def may_answer_from_elsewhere(host: str) -> bool:
    """Whether datagrams to an IP literal are answered from other addresses.

    That is true for broadcast and multicast addresses, and for a link-local address without its zone, which the answer
    has. Which addresses are broadcast depends on the network masks of this machine. macOS and the BSDs do not
    reveal it; there only 255.255.255.255 counts.
    """
    if host == LIMITED_BROADCAST or ipaddress.ip_address(host).is_multicast or needs_zone(host):
        return True
    if ":" in host:
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Sends nothing. Without SO_BROADCAST a system refuses exactly broadcast addresses, with EACCES.
            probe.connect((host, 9))
    except OSError as error:
        if raised_by_signal_handler(error):
            raise
        return error.errno == errno.EACCES  # or no descriptor is left
    return False
