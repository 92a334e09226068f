"""What this machine's networks make of an address: the zones of IPv6, and addresses that never answer themselves.

Users write an interface's name or its number as the zone of a link-local address (RFC 4007). The core knows numbers
only, as received datagrams have them, and only where they mean something: two spellings of one address would be two
addresses.
"""

from __future__ import annotations

import errno
import ipaddress
import socket

from godot_enet.core.errors import UnknownZone
from godot_enet.core.interface import Address
from godot_enet.core.interrupts import raised_by_signal_handler

__all__ = ["may_answer_from_elsewhere", "needs_zone", "with_zone_number", "zone_number"]

LIMITED_BROADCAST = "255.255.255.255"
"""Everybody in the network of this machine's default route."""
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
    """Whether an IP literal lacks a zone, and so is another address in each of this machine's networks."""
    return ":" in host and "%" not in host and any(ipaddress.IPv6Address(host) in network for network in _LINK_LOCAL)


def with_zone_number(address: Address) -> Address:
    """The address as datagrams from it will have it.

    Raises:
        UnknownZone: this machine has no such interface.
    """
    host, _, zone = address.host.partition("%")
    if not zone:
        return address
    number = zone_number(zone)
    return Address(f"{host}%{number}" if needs_zone(host) else host, address.port)


def may_answer_from_elsewhere(host: str) -> bool:
    """Whether what is sent to an IP literal is answered from other ones.

    So it is with broadcast and multicast addresses, and with a link-local one without its zone, which the answer has.
    Which addresses are broadcasts depends on the masks of this machine's networks. macOS and the BSDs do not tell;
    there it is 255.255.255.255 alone.
    """
    if host == LIMITED_BROADCAST or ipaddress.ip_address(host).is_multicast or needs_zone(host):
        return True
    if ":" in host:
        return False
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Sends nothing. Without SO_BROADCAST a system refuses broadcast addresses, and these alone, with EACCES.
            probe.connect((host, 9))
    except OSError as error:
        if raised_by_signal_handler(error):
            raise
        return error.errno == errno.EACCES  # or there is no descriptor left to ask with
    return False
