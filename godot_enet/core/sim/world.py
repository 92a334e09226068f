"""Hosts and mailboxes on one virtual network and one virtual clock.

Owns: addresses, links, the clock, the order of things. Must not know: how an engine works; it sees the Protocol only.
Units: virtual milliseconds. A run is a function of the seeds and of what the test does: no wall clock, no thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from godot_enet.core.interface import Address, Datagram, Engine
from godot_enet.core.protocol.events import Event, EventType
from godot_enet.core.sim.clock import VirtualClock
from godot_enet.core.sim.link import ArrivalQueue, Link, LinkConfig

__all__ = ["Arrival", "Capture", "Mailbox", "SimHost", "TimedEvent", "World", "WorldListener"]

STEPS_PER_MOMENT = 10_000
"""Steps within one millisecond after which an engine counts as stuck at one deadline."""


class TimedEvent(NamedTuple):
    """An event and when it was taken."""

    time: int
    event: Event


class Capture(NamedTuple):
    """A datagram as it was sent, whether or not it arrived."""

    time: int
    source: Address
    destination: Address
    data: bytes


class Arrival(NamedTuple):
    """A datagram as a mailbox received it."""

    time: int
    source: Address
    data: bytes


class WorldListener(Protocol):
    """Is notified of every datagram of a world."""

    def on_sent(self, now: int, source: Address, destination: Address, data: bytes) -> None:
        """A datagram was handed to a link, which may lose it."""
        ...

    def on_arrived(self, now: int, source: Address, destination: Address, data: bytes) -> None:
        """A datagram has reached a host or a mailbox."""
        ...


class SimHost:
    """An engine at an address, pumped by its world as a real driver would."""

    __slots__ = ("_inbox", "_world", "address", "collecting", "engine", "events", "paused")

    def __init__(self, world: World, engine: Engine, address: Address) -> None:
        self._world = world
        self._inbox: list[Datagram] = []
        self.engine = engine
        self.address = address
        self.events: list[TimedEvent] = []
        """Everything taken from the engine so far."""
        self.collecting = True
        """Whether events are taken; False simulates a program that does not call ``service``."""
        self.paused = False
        """True simulates a stalled frame: nothing is sent or processed, and arrivals wait for the next pump."""

    def events_of(self, kind: EventType) -> list[TimedEvent]:
        """The events of one kind, in order."""
        return [timed for timed in self.events if timed.event.type == kind]

    def deliver(self, source: Address, data: bytes) -> None:
        """Put a datagram where the next pump finds it."""
        self._inbox.append(Datagram(data, source))

    @property
    def has_mail(self) -> bool:
        """Whether something has arrived that no pump has taken."""
        return bool(self._inbox)

    def next_time(self) -> int | None:
        """When a pump is next needed; None if never, as things are."""
        if self.paused:
            return None
        return self._world.now if self._inbox else self.engine.poll_timeout()

    def flush(self) -> None:
        """Do everything due and send. No-op while paused."""
        if self.paused:
            return
        now = self._world.now
        self.engine.handle_timeout(now)
        for datagram in self.engine.poll_transmit(now):
            self._world.post(self.address, datagram.address, datagram.data)

    def pump(self) -> None:
        """One round: timeouts and sending, receiving, timeouts and sending again, events. No-op while paused."""
        if self.paused:
            return
        self.flush()
        if self._inbox:
            inbox, self._inbox = self._inbox, []
            self.engine.receive(inbox, self._world.now)
            self.flush()
        if self.collecting:
            self.collect()

    def collect(self) -> list[Event]:
        """Take the events there are, record them, and return them."""
        taken: list[Event] = []
        while (event := self.engine.poll_event()) is not None:
            taken.append(event)
        self.events.extend(TimedEvent(self._world.now, event) for event in taken)
        return taken


class Mailbox:
    """An address without an engine: the test writes its datagrams by hand and reads what arrives."""

    __slots__ = ("_world", "address", "received")

    def __init__(self, world: World, address: Address) -> None:
        self._world = world
        self.address = address
        self.received: list[Arrival] = []
        """Received datagrams that were not taken."""

    def deliver(self, source: Address, data: bytes) -> None:
        """Keep a datagram for ``take``."""
        self.received.append(Arrival(self._world.now, source, data))

    def send(self, destination: Address, *datagrams: bytes) -> None:
        """Send datagrams, in this order; they reach the link at once."""
        for data in datagrams:
            self._world.post(self.address, destination, data)

    def take(self) -> list[bytes]:
        """Remove and return the payloads received so far."""
        taken = [arrival.data for arrival in self.received]
        self.received.clear()
        return taken


class World:
    """Hosts, mailboxes and the links between them. Datagrams to unused addresses are lost."""

    def __init__(self, seed: int = 0, start: int = 0, link: LinkConfig | None = None, capture: bool = True) -> None:
        """Begin at ``start`` ms, with ``link`` between any two; ``capture=False`` saves memory in long runs."""
        self.clock = VirtualClock(start)
        self.seed = seed
        self.captures: list[Capture] = []
        """Every datagram sent so far, in order."""
        self.listeners: list[WorldListener] = []
        self._capturing = capture
        self._default = link or LinkConfig()
        self._places: dict[Address, SimHost | Mailbox] = {}
        self._hosts: list[SimHost] = []
        self._links: dict[tuple[Address, Address], Link] = {}
        self._cut: set[tuple[Address, Address]] = set()
        self._on_the_way: ArrivalQueue[Capture] = ArrivalQueue()
        self._due: dict[SimHost, int | None] = {}
        """When each host next needs a pump, in the order of joining."""
        self._steps_in_moment = 0

    @property
    def now(self) -> int:
        """The current virtual millisecond."""
        return self.clock.now()

    def add_host(self, engine: Engine, address: Address) -> SimHost:
        """Put an engine at an address."""
        host = SimHost(self, engine, address)
        self._place(address, host)
        self._hosts.append(host)
        return host

    def add_mailbox(self, address: Address) -> Mailbox:
        """Put a mailbox at an address."""
        mailbox = Mailbox(self, address)
        self._place(address, mailbox)
        return mailbox

    def remove(self, address: Address) -> None:
        """Remove the host or mailbox at an address; datagrams in transit to it are lost."""
        place = self._places.pop(address, None)
        if isinstance(place, SimHost):
            self._hosts.remove(place)
            self._due.pop(place, None)

    def set_link(self, source: Address, destination: Address, config: LinkConfig) -> None:
        """Replace the link of one direction; its randomness depends on the world's seed and the two addresses."""
        self._links[source, destination] = Link(config, f"{self.seed}/{source}/{destination}")

    def partition(self, one: Address, other: Address) -> None:
        """Lose all datagrams between the two from now on; those in transit still arrive."""
        self._cut.update({(one, other), (other, one)})

    def heal(self) -> None:
        """End every partition."""
        self._cut.clear()

    def post(self, source: Address, destination: Address, data: bytes) -> None:
        """Hand a datagram to the link from ``source`` to ``destination``; the source may be a forged one."""
        capture = Capture(self.now, source, destination, data)
        if self._capturing:
            self.captures.append(capture)
        for listener in self.listeners:
            listener.on_sent(*capture)
        if (source, destination) in self._cut:
            return
        if (source, destination) not in self._links:
            self.set_link(source, destination, self._default)
        for arrival in self._links[source, destination].transit(len(data), self.now):
            self._on_the_way.push(arrival, capture)

    def next_time(self) -> int | None:
        """When something happens next; None when nothing ever will."""
        moments = [host.next_time() for host in self._hosts]
        moments.append(self._on_the_way.next_time())
        return min((moment for moment in moments if moment is not None), default=None)

    def step(self, until: int | None = None) -> bool:
        """Jump to the next moment at which something happens and do it; False if there is none (up to ``until``).

        Anything queued by the programs since the last step is sent first.

        Raises:
            RuntimeError: a host is due again and again without time passing.
        """
        self._pump_all()
        return self._step(until)

    def run_until(self, goal: int | Callable[[], bool], limit: int = 600_000) -> None:
        """Run to a moment, or until a condition holds (checked after each step).

        Args:
            goal: the condition, or the absolute millisecond at which to stop, after everything up to it is done.
            limit: virtual milliseconds after which to give up waiting for a condition.

        Raises:
            TimeoutError: the condition did not come true within ``limit``.
            ValueError: that moment is past.
        """
        if isinstance(goal, int):
            if goal < self.now:
                raise ValueError(f"time cannot go back from {self.now} to {goal}")
            self.catch_up(goal)
            return
        deadline = self.now + limit
        while not goal():
            if not self.step(until=deadline):
                raise TimeoutError(f"not reached within {limit} virtual ms (seed {self.seed})")

    def catch_up(self, moment: int) -> None:
        """Run to a moment, unless it is past: a signal handler or a finalizer may have let time pass meanwhile."""
        # No program runs meanwhile, so only the hosts that something happens to need attention.
        self._pump_all()
        while self._step(moment):
            pass
        self._pass_to(moment)

    def _pump_all(self) -> None:
        """Send everything that programs have queued."""
        for host in self._hosts:
            host.pump()
        self._due = {host: host.next_time() for host in self._hosts}

    def _step(self, until: int | None) -> bool:
        """One moment, for hosts whose next times are in ``_due``."""
        moments = [due for due in self._due.values() if due is not None]
        arrival = self._on_the_way.next_time()
        if arrival is not None:
            moments.append(arrival)
        if not moments or (until is not None and min(moments) > until):
            return False
        self._pass_to(max(min(moments), self.now))
        for capture in self._on_the_way.pop_due(self.now):
            place = self._places.get(capture.destination)
            if place is not None:
                for listener in self.listeners:
                    listener.on_arrived(self.now, *capture[1:])
                place.deliver(capture.source, capture.data)
        now = self.now
        active = [host for host, due in self._due.items() if host.has_mail or (due is not None and due <= now)]
        for host in active:
            host.pump()
        for host in active:
            self._due[host] = host.next_time()
        return True

    def run_for(self, duration: int) -> None:
        """Run for the given number of milliseconds."""
        self.run_until(self.now + duration)

    def _place(self, address: Address, place: SimHost | Mailbox) -> None:
        if address in self._places:
            raise ValueError(f"{address} is taken")
        self._places[address] = place

    def _pass_to(self, moment: int) -> None:
        self._steps_in_moment = self._steps_in_moment + 1 if moment == self.now else 0
        if self._steps_in_moment > STEPS_PER_MOMENT:
            raise RuntimeError(f"{STEPS_PER_MOMENT} steps at {self.now} ms and time does not pass")
        self.clock.reach(moment)
