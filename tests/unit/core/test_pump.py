"""One round of the network."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from godot_enet.core.clock import SystemClock
from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.interface import Address, Datagram, DropReport
from godot_enet.core.protocol.constants import PeerState
from godot_enet.core.protocol.drops import Drop
from godot_enet.core.protocol.events import FAILURE, Event, EventType, PeerHandle
from godot_enet.core.pump import Pump

HERE = Address("10.0.0.1", 1234)


class FakeEngine:
    """As much of an engine as the pump sees, which writes down how it is called."""

    due: int | None = None

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.outbox: list[Datagram] = []
        self.drops: list[DropReport] = []
        self.events: list[Event] = []

    def handle_timeout(self, now: int) -> None:
        self.calls.append(("handle_timeout", now))

    def poll_transmit(self, now: int, *, urgent: bool = False) -> list[Datagram]:
        self.calls.append(("poll_transmit", now, urgent))
        out, self.outbox = self.outbox, []
        return out

    def poll_drops(self) -> list[DropReport]:
        drops, self.drops = self.drops, []
        return drops

    def receive(self, batch: list[Datagram], now: int) -> None:
        self.calls.append(("receive", list(batch), now))
        self.outbox = [Datagram(b"answer", HERE)]

    def poll_timeout(self) -> int | None:
        return self.due

    def peek_event(self) -> Event | None:
        return self.events[-1] if self.events else None

    def pop_event(self, event: Event) -> None:
        self.events.remove(event)

    def peers(self) -> list[PeerHandle]:
        return [PeerHandle(7)]

    def peer_info(self, peer: PeerHandle) -> Any:
        return SimpleNamespace(address=HERE)

    def peer_state(self, peer: PeerHandle) -> PeerState:
        return PeerState.CONNECTED if peer == 7 else PeerState.DISCONNECTED


class FakeTransport:
    """The same for a transport; it writes into the same list."""

    due: int | None = None

    def __init__(self, calls: list[Any]) -> None:
        self.calls = calls
        self.inbox: list[Datagram] = []
        self.taken: int | None = None
        self.broken = False

    def receive(self, limit: int, now: int) -> list[Datagram]:
        self.calls.append(("take", limit, now))
        batch, self.inbox = self.inbox, []
        return batch

    def send(self, batch: list[Datagram], now: int) -> int:
        self.calls.append(("send", list(batch), now))
        return sum(len(each.data) for each in batch) if self.taken is None else self.taken

    def poll_timeout(self) -> int | None:
        return self.due

    def failed(self) -> bool:
        return self.broken


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def transport(engine: FakeEngine) -> FakeTransport:
    return FakeTransport(engine.calls)


@pytest.fixture
def pump(engine: FakeEngine, transport: FakeTransport) -> Pump:
    sides: Any = (engine, transport)
    return Pump(*sides)


def test_a_quiet_round(pump: Pump, engine: FakeEngine) -> None:
    pump.step(7)
    assert engine.calls == [("handle_timeout", 7), ("poll_transmit", 7, False), ("take", 256, 7)]


def test_what_is_queued_leaves_first_and_answers_leave_in_the_same_round(
    pump: Pump, engine: FakeEngine, transport: FakeTransport
) -> None:
    queued, arrived = Datagram(b"queued", HERE), Datagram(b"arrived", HERE)
    engine.outbox = [queued]
    transport.inbox = [arrived]
    pump.step(7)
    assert engine.calls == [
        ("handle_timeout", 7),
        ("poll_transmit", 7, False),
        ("send", [queued], 7),
        ("take", 256, 7),
        ("receive", [arrived], 7),
        ("handle_timeout", 7),
        ("poll_transmit", 7, False),
        ("send", [Datagram(b"answer", HERE)], 7),
    ]


def test_an_urgent_round_is_urgent_throughout(pump: Pump, engine: FakeEngine, transport: FakeTransport) -> None:
    transport.inbox = [Datagram(b"arrived", HERE)]
    pump.step(7, urgent=True)
    passes = [call for call in engine.calls if call[0] == "poll_transmit"]
    assert passes == [("poll_transmit", 7, True), ("poll_transmit", 7, True)]


def test_totals_count_what_crossed_the_socket(pump: Pump, engine: FakeEngine, transport: FakeTransport) -> None:
    transport.inbox = [Datagram(b"12345", HERE), Datagram(b"x", HERE)]
    pump.step(0)
    assert (pump.received_data, pump.received_packets) == (6, 2)
    assert (pump.sent_data, pump.sent_packets) == (6, 1)
    engine.outbox = [Datagram(bytes(100), HERE), Datagram(bytes(50), HERE)]
    transport.taken = 50  # the system refused the first
    pump.transmit(0)
    assert (pump.sent_data, pump.sent_packets) == (56, 3)


@pytest.mark.parametrize(
    ("engine_due", "transport_due", "due"),
    [(None, None, None), (5, None, 5), (None, 6, 6), (5, 6, 5), (6, 5, 5), (0, 5, 0)],
)
def test_the_earlier_deadline_counts(
    pump: Pump,
    engine: FakeEngine,
    transport: FakeTransport,
    engine_due: int | None,
    transport_due: int | None,
    due: int | None,
) -> None:
    engine.due, transport.due = engine_due, transport_due
    assert pump.poll_timeout() == due


def test_what_was_dropped_is_collected_but_not_spoken_of(
    pump: Pump, engine: FakeEngine, transport: FakeTransport, caplog: pytest.LogCaptureFixture
) -> None:
    engine.drops = [DropReport(Drop.SHORT, HERE, 2)]
    pump.step(0)
    assert list(pump.reporter.lines) == [DropReport(Drop.SHORT, HERE, 2)]
    assert caplog.records == []  # the lock of the driver is held here


def test_a_failure_is_reported_when_there_is_no_event(pump: Pump, engine: FakeEngine, transport: FakeTransport) -> None:
    service = InlineDriver(pump, SystemClock()).service
    assert service() is None
    transport.broken = True
    assert service() == FAILURE
    engine.events = [Event(EventType.RECEIVE, PeerHandle(1))]
    assert service() == Event(EventType.RECEIVE, PeerHandle(1))
    assert service() == FAILURE


FIRST, SECOND = Datagram(b"1", HERE), Datagram(b"2", HERE)


def broken_off(batch: list[Datagram], now: int) -> int:
    raise TimeoutError


def test_what_was_being_read_is_read_once_more(
    pump: Pump, engine: FakeEngine, transport: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport.inbox = [FIRST]
    with monkeypatch.context() as patch:
        patch.setattr(engine, "receive", broken_off)
        with pytest.raises(TimeoutError):
            pump.step(0)
    transport.inbox = [SECOND]
    pump.step(0)
    assert ("receive", [FIRST, SECOND], 0) in engine.calls


def test_what_was_being_sent_is_sent_once_more(
    pump: Pump, engine: FakeEngine, transport: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.outbox = [FIRST]
    with monkeypatch.context() as patch:
        patch.setattr(transport, "send", broken_off)
        with pytest.raises(TimeoutError):
            pump.step(0)
    engine.outbox = [SECOND]
    pump.step(0)
    assert ("send", [FIRST, SECOND], 0) in engine.calls


def test_a_stage_goes_around_the_transport_and_sees_the_host(pump: Pump, transport: FakeTransport) -> None:
    made: list[Any] = []
    other = FakeTransport([])

    def stage(inner: Any, view: Any) -> Any:
        made.append(inner)
        assert view.peers() == {7: HERE}
        assert view.has_peer(7)
        assert not view.has_peer(8)
        view.note("cause", "text", 0, expected=True)
        return other

    pump.wrap_transport(stage)
    assert made == [transport]
    other.due = 5
    assert pump.poll_timeout() == 5
    assert list(pump.reporter.lines) == [(20, "text", None)]


def test_what_a_stage_keeps_to_itself_is_in_the_totals(pump: Pump, engine: FakeEngine) -> None:
    class Greedy(FakeTransport):
        """Takes away what arrives, and answers it."""

        own = (0, 0, 0, 0)

        def pop_traffic(self) -> tuple[int, int, int, int]:
            own, self.own = self.own, (0, 0, 0, 0)
            return own

    greedy: Any = Greedy(engine.calls)
    pump.wrap_transport(lambda inner, view: greedy)
    greedy.own = (2, 30, 1, 10)
    pump.step(0)
    assert (pump.received_packets, pump.received_data, pump.sent_packets, pump.sent_data) == (2, 30, 1, 10)
    assert [call[0] for call in engine.calls] == ["handle_timeout", "poll_transmit", "take"]
    outer: Any = FakeTransport(engine.calls)
    pump.wrap_transport(lambda inner, view: outer)
    greedy.own = (1, 5, 0, 0)
    outer.inbox = [Datagram(b"x", HERE)]
    pump.step(1)
    assert (pump.received_packets, pump.received_data) == (4, 36), "with another stage around it, too"
