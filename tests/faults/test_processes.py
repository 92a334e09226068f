"""Processes that are killed, or stand still: what the other side notices, and what comes after."""

from __future__ import annotations

import time

import pytest

from tests.faults.player_process import SILENCE, Player, pair


@pytest.fixture
def driver(host_engine: str) -> str:
    """How the players serve the network; ``python -m tests.faults`` goes through all four combinations."""
    return "threaded" if host_engine == "native" else "inline"


def test_a_server_that_comes_back_at_once_knows_nobody(driver: str) -> None:
    """What the client of the server before goes on sending disturbs nobody, and it is given up as usual."""
    server, client = pair(driver)
    with server, client:
        port = server.port()
        server.kill()
        server.finish()
        with Player("server", port, driver) as again, Player("client", port, driver) as other:
            other.wait_for("back 3")
            client.wait_for("disconnect 0")
            other.wait_for_more()
            assert again.output.count("\nconnect") == 1
            assert client.finish() == 0


def test_a_killed_client_is_noticed_and_others_are_served(driver: str) -> None:
    server, client = pair(driver)
    with server, client, Player("client", server.port(), driver) as other:
        other.wait_for("back 3")
        client.kill()
        server.wait_for("disconnect 0")
        other.wait_for_more()
        assert server.disconnects() == 1


@pytest.mark.long
@pytest.mark.parametrize("who", ["server", "client"])
def test_one_that_stands_still_too_long_is_given_up(driver: str, who: str) -> None:
    """The other side gives it up in time; it learns so when it goes on, and a new connection comes about."""
    server, client = pair(driver)
    with server, client:
        still, awake = (server, client) if who == "server" else (client, server)
        began = time.monotonic()
        still.stop()
        awake.wait_for("disconnect 0")
        assert time.monotonic() - began >= SILENCE / 2000
        still.go_on()
        still.wait_for("disconnect 0")
        assert (server.disconnects(), client.disconnects()) == (1, 1)
        with Player("client", server.port(), driver) as other:
            other.wait_for("back 3")


@pytest.mark.parametrize("who", ["server", "client"])
def test_a_short_pause_loses_nothing(driver: str, who: str) -> None:
    """The client checks that each number comes back once, and in order."""
    server, client = pair(driver, 30_000)
    with server, client:
        still = server if who == "server" else client
        still.stop()
        time.sleep(0.5)
        still.go_on()
        client.wait_for_more(8)
        assert (server.disconnects(), client.disconnects()) == (0, 0)
