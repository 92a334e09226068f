"""Cookies: for one client, one hello, half a minute, and three sessions."""

from __future__ import annotations

import pytest

from godot_enet.core.dtls import cookie
from godot_enet.core.dtls.cookie import LIFETIME, MAX_USES, CookieJar
from godot_enet.core.dtls.records import COOKIE_LENGTH, Hello
from godot_enet.core.interface import Address

HERE = Address("10.0.0.1", 4000)
HELLO = Hello(b"", b"", b"", b"parameters")


def returned(jar: CookieJar, now: int = 0) -> Hello:
    """The hello with the cookie baked for it."""
    return HELLO._replace(cookie=jar.make(HERE, HELLO, now))


def test_a_cookie_fits_its_client_and_hello() -> None:
    jar = CookieJar()
    hello = returned(jar)
    assert len(hello.cookie) == COOKIE_LENGTH
    assert jar.accepts(HERE, hello, 0)
    assert not jar.accepts(HERE._replace(port=4001), hello, 0)
    assert not jar.accepts(HERE._replace(host="10.0.0.2"), hello, 0)
    assert not jar.accepts(HERE, hello._replace(parameters=b"Parameters"), 0)
    assert not jar.accepts(HERE, hello._replace(cookie=hello.cookie[:-1]), 0)
    assert not jar.accepts(HERE, HELLO, 0)


def test_another_server_s_cookies_are_worth_nothing() -> None:
    assert not CookieJar().accepts(HERE, returned(CookieJar()), 0)


@pytest.mark.parametrize(
    ("baked", "shown", "good"),
    [
        (0, LIFETIME, True),
        (LIFETIME - 1, 2 * LIFETIME - 1, True),
        (0, 2 * LIFETIME - 1, True),
        (0, 2 * LIFETIME, False),
        (LIFETIME - 1, 2 * LIFETIME, False),
        (0, 1000 * LIFETIME, False),
    ],
)
def test_it_is_good_for_fifteen_seconds_and_never_for_thirty(baked: int, shown: int, good: bool) -> None:
    """Whether or not others come in between."""
    jar = CookieJar()
    hello = returned(jar, baked)
    assert 2 * LIFETIME <= 30_000
    assert jar.accepts(HERE, hello, shown) is good


def test_it_begins_three_sessions() -> None:
    jar = CookieJar()
    hello, other = returned(jar), HELLO._replace(parameters=b"others")
    other = other._replace(cookie=jar.make(HERE, other, 0))
    for now in range(MAX_USES):
        assert jar.accepts(HERE, hello, now)
        jar.use(HERE, hello, now)
    for now in (MAX_USES, LIFETIME, 2 * LIFETIME - 1):
        assert not jar.accepts(HERE, hello, now)
    assert jar.accepts(HERE, other, MAX_USES)
    again = returned(jar, LIFETIME)
    assert jar.accepts(HERE, again, LIFETIME)


def test_uses_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    jar = CookieJar()
    monkeypatch.setattr(cookie, "MAX_USED_COOKIES", 10)
    for number in range(100):
        hello = HELLO._replace(parameters=b"%d" % number)
        hello = hello._replace(cookie=jar.make(HERE, hello, 0))
        jar.use(HERE, hello, 0)
        assert sum(map(len, jar._used.values())) <= 10
        assert all(not jar.accepts(HERE, each, 0) for each in (HELLO, hello._replace(cookie=b"")))
    jar.use(HERE, returned(jar, 5 * LIFETIME), 5 * LIFETIME)
    assert list(jar._used) == [5]
