"""How long one poll works: a flood waits for the next one, and nothing of it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from godot_enet.compat import poll_time
from godot_enet.compat.poll_time import POLL_TIME, PollTime
from godot_enet.compat.scene.scene_multiplayer import SceneMultiplayer
from tests.unit.compat.enet_party import ENetParty
from tests.unit.compat.scene.party import Party

if TYPE_CHECKING:
    import pytest


class Clock:
    """A processor that takes some time for each look at the clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: float) -> None:
        self.now, self.step = 0.0, step
        monkeypatch.setattr(poll_time, "monotonic", self)
        monkeypatch.setattr(poll_time, "thread_time", lambda: self.now)

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_only_the_time_of_the_processor_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, 1.0)
    monkeypatch.setattr(poll_time, "thread_time", lambda: 0.0)
    time = PollTime()
    assert not any(time.is_over() for _ in range(100))
    assert clock.now > 100


def test_several_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, 0)
    time = PollTime(1 / 4)
    clock.now = POLL_TIME / 4 - 0.001
    assert not time.is_over()
    clock.now = POLL_TIME / 4
    assert time.is_over()


def test_a_transport_takes_what_it_has_time_for(monkeypatch: pytest.MonkeyPatch, host_engine: str) -> None:
    party = ENetParty(threaded=False)
    try:
        server = party.server()
        client = party.join(server)
        Clock(monkeypatch, POLL_TIME / 10)
        for number in range(95):
            client.put_packet(bytes([number]))
        counts = [0]
        while counts[-1] < 95:
            party.step()
            counts.append(server.get_available_packet_count())
            assert counts[-1] - counts[-2] <= 10
        assert [server.get_packet()[0] for _ in range(95)] == list(range(95))
    finally:
        party.close()


def test_every_poll_gets_on_however_slow_it_is(monkeypatch: pytest.MonkeyPatch, host_engine: str) -> None:
    """One that has no time for what it has taken begins the next with it."""
    party = ENetParty(threaded=False)
    try:
        server = party.server()
        client = party.join(server)
        Clock(monkeypatch, POLL_TIME * 0.6)
        for number in range(10):
            client.put_packet(bytes([number]))
        party.run(lambda: server.get_available_packet_count() == 10)
        assert [server.get_packet()[0] for _ in range(10)] == list(range(10))
    finally:
        party.close()


def test_a_multiplayer_handles_what_it_has_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    party = Party(7)
    api = party[1].api
    assert isinstance(api, SceneMultiplayer)
    Clock(monkeypatch, POLL_TIME / 10)
    for number in range(95):
        party[1].transport.inject(b"\x03" + bytes([number]), 7)
    party[1].take()
    heard: list[int] = []
    while len(heard) < 95:
        api.poll()
        packets = [event[2][0] for event in party[1].take()]
        assert 0 < len(packets) <= 11
        heard += packets
    assert heard == list(range(95))
