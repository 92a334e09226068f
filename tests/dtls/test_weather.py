"""Handshakes on bad links: whatever is lost, doubled or overtaken, both sides end up connected.

OpenSSL resends by the system's clock, a second after the first attempt and twice that after each further one. So these
links run in real time, all at once.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable

from godot_enet.core.clock import SystemClock
from godot_enet.core.dtls.settings import ClientTrust
from godot_enet.core.interface import Address
from tests.dtls.certificates import Identity, identity, localhost
from tests.dtls.memory_net import CLIENT, SERVER, Net

DEADLINE = 30.0
Tamper = Callable[[Address, Address, bytes], list[bytes]]


def losing(lost: tuple[int, ...]) -> Tamper:
    """A link that loses the datagrams of these numbers, both directions counted together."""
    count = itertools.count()
    return lambda source, target, data: [] if next(count) in lost else [data]


def shuffling(seed: int) -> Tamper:
    """A link that doubles datagrams and holds some back until later ones have passed, or until they are resent."""
    dice = random.Random(seed)
    held: dict[Address, list[bytes]] = {SERVER: [], CLIENT: []}

    def tamper(source: Address, target: Address, data: bytes) -> list[bytes]:
        late, held[target] = held[target], []
        if dice.random() < 0.4 and data[0] == 22 and not late:
            held[target] = [data]
            return []
        return [data, *late, data] if dice.random() < 0.5 else [data, *late]

    return tamper


class Run:
    """One server and one client on such a link."""

    def __init__(self, tamper: Tamper, who: Identity) -> None:
        self.net = Net()
        self.server = self.net.server(who.credentials)
        self.client = self.net.client(ClientTrust("localhost", who.pem))
        self.client.view.add(SERVER)
        self.net.tamper = tamper

    def step(self, now: int, *, speak: bool) -> bool:
        """Let time pass; whether both have heard from each other."""
        self.net.now = now
        if speak:  # as ENet does until it is answered
            self.client.send(SERVER, b"question")
            if self.server.got:
                self.server.send(CLIENT, b"answer")
        self.server.take()
        self.client.take()
        self.server.take()
        return bool(self.server.got and self.client.got)


def run(*runs: Run) -> None:
    """Run until all have heard from each other, and nobody had to begin again."""
    clock = SystemClock()
    deadline = time.monotonic() + DEADLINE
    said = 0.0
    open_runs = list(runs)
    while open_runs:
        assert time.monotonic() < deadline, f"{len(open_runs)} of {len(runs)} have not connected"
        speak = time.monotonic() - said > 0.2
        if speak:
            said = time.monotonic()
        open_runs = [one for one in open_runs if not one.step(clock.now(), speak=speak)]
        time.sleep(0.002)
    for one in runs:
        assert set(one.server.got) == {b"question"}
        assert set(one.client.got) == {b"answer"}
        assert one.client.view.notes == []
        assert one.server.view.notes == []
        assert not one.client.transport.failed()
        assert one.server.transport.session_count == 1


def test_lost_doubled_and_overtaken() -> None:
    """Any two of the first seven datagrams may be lost; and flights of one and of several datagrams shuffled."""
    lossy = [Run(losing(lost), localhost()) for lost in itertools.combinations(range(7), 2)]
    chain = identity("a long name of an authority, so that the chain fills datagrams", authority=True)
    for _ in range(4):
        chain = identity("another long name, for the same reason, of one in between", signer=chain, authority=True)
    who = identity("localhost", signer=chain)
    run(*lossy, *(Run(shuffling(seed), one) for seed in range(10) for one in (localhost(), who)))
