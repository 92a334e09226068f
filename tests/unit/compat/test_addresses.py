"""IP addresses in Godot's spelling, and names."""

from __future__ import annotations

import socket

import pytest

from godot_enet.compat.addresses import find_target, format_ip, parse_bind_ip, parse_ip, resolve
from tests.rows import each_row


@each_row(
    ("text", "canonical"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.01", "127.0.0.1"),
        ("0127.0.0.0010", "127.0.0.10"),
        ("010.001.000.255", "10.1.0.255"),
        ("0.0.0.0", "0.0.0.0"),
        ("::1", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("2001:DB8::00ff", "2001:db8::ff"),
        ("::", "::"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:a00:1", "10.0.0.1"),
        ("fe80::1%lo", "fe80::1%lo"),
    ],
)
def test_literals(text: str, canonical: str) -> None:
    assert parse_ip(text) == canonical


@each_row(
    "text",
    [
        "",
        "*",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "256.0.0.1",
        "1.2.3.-4",
        "1.2.3.4 ",
        "[::1]",
        "1.2.3.\u0664",
        "::1::",
        "1",
    ],
)
def test_everything_else_is_no_literal(text: str) -> None:
    assert parse_ip(text) is None


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "0:0:0:0:0:0:0:1"),
        ("::", "0:0:0:0:0:0:0:0"),
        ("2001:db8::ff", "2001:db8:0:0:0:0:0:ff"),
        ("fe80::1%lo", "fe80:0:0:0:0:0:0:1"),
    ],
)
def test_ipv6_is_never_shortened(host: str, text: str) -> None:
    assert format_ip(host) == text


def found(*hosts: str) -> list[tuple[object, ...]]:
    """What the system's resolver answers. A zone is a field of its own there."""
    names = [host.partition("%") for host in hosts]
    return [
        (socket.AF_INET6, 2, 17, "", (host, 0, 0, int(zone or 0)))
        if ":" in host
        else (socket.AF_INET, 2, 17, "", (host, 0))
        for host, _, zone in names
    ]


@pytest.mark.parametrize(
    ("hosts", "addresses"),
    [
        (["192.0.2.1", "192.0.2.2"], ["192.0.2.1", "192.0.2.2"]),
        (["2001:db8::1", "192.0.2.1"], ["2001:db8::1", "192.0.2.1"]),
        (["::1", "127.0.0.1"], ["127.0.0.1", "::1"]),
        (["::1"], ["::1"]),
        (["::ffff:192.0.2.1", "192.0.2.1"], ["192.0.2.1"]),
        (["fe80::1%7"], ["fe80::1%7"]),
        (["fe80::1%7", "192.0.2.1"], ["fe80::1%7", "192.0.2.1"]),
        ([], []),
    ],
)
def test_a_name_stands_for_its_addresses(
    monkeypatch: pytest.MonkeyPatch, hosts: list[str], addresses: list[str]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found(*hosts))
    assert resolve("name.example") == addresses


@pytest.mark.parametrize(
    ("text", "address"),
    [("*", "*"), ("::", "::"), ("127.0.0.01", "127.0.0.1"), ("::1%lo", None), ("fe80::1%1", None), ("localhost", None)],
)
def test_what_can_be_bound(text: str, address: str | None) -> None:
    assert parse_bind_ip(text) == address


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), OSError(5, "broken"), UnicodeError("bad label")])
def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert resolve("name.example") == []


def test_this_machine_has_a_name() -> None:
    assert resolve("localhost")[0] == "127.0.0.1"


def test_the_log_names_the_other_addresses_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found("2001:db8::1", "192.0.2.1", "192.0.2.2"))
    target = find_target("name.example", 7777)
    assert not isinstance(target, str)
    assert target.address == ("2001:db8::1", 7777)
    assert target.note() == "; its name also has 192.0.2.1, 192.0.2.2, if the server listens only there"
    literal = find_target("192.0.2.1", 7777)
    assert not isinstance(literal, str)
    assert literal.note() == ""
