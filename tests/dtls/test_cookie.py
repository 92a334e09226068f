"""Cookies: for one client, one hello, one minute or two."""

from __future__ import annotations

import pytest

from godot_enet.core.dtls.cookie import LIFETIME, CookieJar
from godot_enet.core.dtls.records import COOKIE_LENGTH, Hello
from godot_enet.core.interface import Address

HERE = Address("10.0.0.1", 4000)
HELLO = Hello(b"", b"", b"", b"parameters")


def returned(jar: CookieJar, now: int = 0) -> Hello:
    """The hello with the cookie baked for it."""
    return HELLO._replace(cookie=jar.bake(HERE, HELLO, now))


def test_a_cookie_fits_its_client_and_hello() -> None:
    jar = CookieJar(0)
    hello = returned(jar)
    assert len(hello.cookie) == COOKIE_LENGTH
    assert jar.accepts(HERE, hello, 0)
    assert not jar.accepts(HERE._replace(port=4001), hello, 0)
    assert not jar.accepts(HERE._replace(host="10.0.0.2"), hello, 0)
    assert not jar.accepts(HERE, hello._replace(parameters=b"Parameters"), 0)
    assert not jar.accepts(HERE, hello._replace(cookie=hello.cookie[:-1]), 0)
    assert not jar.accepts(HERE, HELLO, 0)


def test_another_server_s_cookies_are_worth_nothing() -> None:
    assert not CookieJar(0).accepts(HERE, returned(CookieJar(0)), 0)


@pytest.mark.parametrize(
    ("baked", "shown", "good"),
    [
        (0, LIFETIME, True),
        (LIFETIME - 1, 2 * LIFETIME - 1, True),
        (0, 2 * LIFETIME, False),
        (LIFETIME - 1, 3 * LIFETIME, False),
        (0, 1000 * LIFETIME, False),
    ],
)
def test_it_is_good_for_a_minute_and_at_most_for_two(baked: int, shown: int, good: bool) -> None:
    jar = CookieJar(0)
    hello = returned(jar, baked)
    for now in range(baked, shown, LIFETIME):
        jar.bake(HERE, HELLO, now)  # others come, too
    assert jar.accepts(HERE, hello, shown) is good
