"""Zones and broadcasts, as the core has them."""

from __future__ import annotations

import socket
import sys

import pytest

from godot_enet.core.addressing import may_answer_from_elsewhere, needs_zone, with_zone_number, zone_number
from godot_enet.core.errors import UnknownZone
from godot_enet.core.host import Host
from godot_enet.core.interface import Address

INDEX, NAME = socket.if_nameindex()[0]


def test_a_zone_is_a_name_or_a_number() -> None:
    assert zone_number(NAME) == zone_number(str(INDEX)) == INDEX


@pytest.mark.parametrize("zone", ["no-such-interface", "4000000000", "9" * 30, "-1", "\u0661", "\0", ""])
def test_a_zone_that_is_not_there_is_refused(zone: str) -> None:
    with pytest.raises(UnknownZone, match="has no network interface"):
        zone_number(zone)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("fe80::1", True),
        ("fe80::1%1", False),
        ("febf::1", True),
        ("ff02::1", True),
        ("fec0::1", False),
        ("ff05::1", False),
        ("::1", False),
        ("2001:db8::1", False),
        ("169.254.0.1", False),
    ],
)
def test_only_link_local_addresses_need_a_zone(host: str, expected: bool) -> None:
    assert needs_zone(host) is expected


def test_the_core_has_numbers_and_only_where_they_mean_something() -> None:
    assert with_zone_number(Address(f"fe80::1%{NAME}", 5)) == Address(f"fe80::1%{INDEX}", 5)
    assert with_zone_number(Address(f"fe80::1%{INDEX}", 5)) == Address(f"fe80::1%{INDEX}", 5)
    assert with_zone_number(Address(f"::1%{NAME}", 5)) == Address("::1", 5)
    for plain in (Address("fe80::1", 5), Address("127.0.0.1", 5)):
        assert with_zone_number(plain) is plain


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("255.255.255.255", True),
        ("224.0.0.1", True),
        ("ff02::1%1", True),
        ("fe80::1", True),
        ("fe80::1%1", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("2001:db8::1", False),
        ("0.0.0.0", False),
        pytest.param(
            "127.255.255.255",
            True,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the loopback knows no broadcasts"),
        ),
    ],
)
def test_some_addresses_may_be_answered_from_elsewhere(host: str, expected: bool) -> None:
    assert may_answer_from_elsewhere(host) is expected


@pytest.mark.parametrize("threaded", [True, False])
def test_hosts_refuse_an_unknown_zone(host_engine: str, threaded: bool) -> None:
    host = Host.open(threaded=threaded)
    with pytest.raises(UnknownZone):
        host.connect(Address("fe80::1%no-such-interface", 9))
    assert host.peers() == []
    peer = host.connect(Address(f"fe80::1%{NAME}", 9))
    assert host.peer_address(peer) == Address(f"fe80::1%{INDEX}", 9)
    host.close()


def test_either_engine_has_numbers_without_a_host_in_c(host_engine: str) -> None:
    host = Host(threaded=False)
    peer = host.connect(Address(f"::1%{NAME}", 9))
    assert (host.engine_name, host.peer_address(peer)) == (host_engine, Address("::1", 9))
    host.close()
