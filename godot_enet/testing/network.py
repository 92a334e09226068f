"""Machines with IP addresses on one virtual clock, and connections of Godot's kind that live on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count

from godot_enet.compat.addresses import parse_ip
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.engine import PythonEngine
from godot_enet.core.errors import BindError
from godot_enet.core.host import AnyHost, Host, choose_engine
from godot_enet.core.interface import Address, Clock, Datagram
from godot_enet.core.native import NativeEngine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import MAXIMUM_DATAGRAM
from godot_enet.core.pump import Pump
from godot_enet.core.sim import LinkConfig, Mailbox, World

__all__ = ["Machine", "Network"]

_ANY = ("*", "0.0.0.0", "::")
_START = 1000
_FIRST_FREE_PORT = 49152
_STEPS = 10_000
"""Steps within one millisecond after which a host is taken to ask for the same moment for ever."""


def _literal(ip: str) -> str:
    """The one spelling of an IP address."""
    literal = parse_ip(ip)
    if literal is None:
        raise ValueError(f"{ip!r} is no IP address")
    return literal


class Network:
    """Machines and the links between them.

    Args:
        seed: decides everything that is random, here and in the hosts.
        link: what any two machines have between them, in each direction; a perfect one by default.
        engine: ``"python"`` or ``"native"``; by default the one that programs get.

    Raises:
        NativeUnavailable, ValueError: there is no such engine.
    """

    def __init__(self, seed: int = 0, link: LinkConfig | None = None, engine: str | None = None) -> None:
        self.seed = seed
        self._engine = choose_engine(engine)
        self._link = link or LinkConfig()
        self._links: dict[tuple[str, str], LinkConfig] = {}
        self._world = World(seed=seed, start=_START, capture=False)
        self._machines: dict[str, Machine] = {}
        self._drivers: list[_VirtualDriver] = []
        self._cut: list[tuple[set[str], set[str]]] = []
        self._opened = 0

    def __repr__(self) -> str:
        return f"<Network of {len(self._machines)} machines at {self.now} ms, seed {self.seed}>"

    @property
    def now(self) -> int:
        """Virtual milliseconds."""
        return self._world.now

    def machine(self, ip: str | None = None) -> Machine:
        """A machine with this address, or with the next free one of 10.0.0.0/16.

        Raises:
            ValueError: it has one already, or that is no IP address.
        """
        if ip is None:
            free = (f"10.0.{number // 250}.{number % 250 + 1}" for number in count())
            ip = next(each for each in free if each not in self._machines)
        known = _literal(ip)
        if known in self._machines:
            raise ValueError(f"{known} is taken")
        made = self._machines[known] = Machine(self, known)
        return made

    def set_link(self, source: str, destination: str, link: LinkConfig) -> None:
        """What lies between two machines from now on, in one direction; their IP addresses.

        Each pair of sockets has such a link of its own.
        """
        source, destination = _literal(source), _literal(destination)
        self._links[source, destination] = link
        for one in self._addresses(source):
            for other in self._addresses(destination):
                self._world.set_link(one, other, link)

    def partition(self, one_side: Iterable[str], other_side: Iterable[str]) -> None:
        """Cut every link between two groups of IP addresses, in both directions, until :meth:`heal`.

        What is on its way still arrives.
        """
        sides = [[side] if isinstance(side, str) else side for side in (one_side, other_side)]
        one, other = ({_literal(each) for each in side} for side in sides)
        self._cut.append((one, other))

    def heal(self) -> None:
        """Undo every :meth:`partition`."""
        self._cut.clear()

    def run(self, milliseconds: int) -> None:
        """Let time pass. Threaded connections are looked after meanwhile, as by their network threads.

        Raises:
            ValueError: a negative time.
        """
        if milliseconds < 0:
            raise ValueError(f"time cannot go back by {-milliseconds} ms")
        self._advance(self.now + milliseconds)

    def run_until(self, condition: Callable[[], bool], limit: int = 60_000) -> None:
        """Let time pass, a millisecond or more at a time, until ``condition()`` is true.

        Raises:
            TimeoutError: it was not within ``limit`` ms; the message tells the seed.
        """
        deadline = self.now + limit
        while not condition():
            if self.now >= deadline:
                raise TimeoutError(f"not within {limit} virtual ms (seed {self.seed})")
            self._advance(self.now + 1)

    # For machines and what lives on them

    def _addresses(self, ip: str) -> list[Address]:
        machine = self._machines.get(ip)
        return [] if machine is None else [transport.address for transport in list(machine.transports.values())]

    def _open(self, machine: Machine, config: HostConfig, port: int | None, threaded: bool) -> Host:
        transport = machine.bind(port)
        self._opened += 1
        config = replace(config, seed=(self.seed * 1_000_003 + self._opened) & 0xFFFFFFFF or 1)
        engine = NativeEngine(config) if self._engine == "native" else PythonEngine(config)

        def drive(pump: Pump, clock: Clock) -> _VirtualDriver:
            driver = _VirtualDriver(pump, clock, self, transport, threaded)
            self._drivers.append(driver)
            return driver

        return Host(config, transport=transport, engine=engine, clock=self._world.clock, driver=drive)

    def _place(self, transport: VirtualTransport) -> Mailbox:
        """Join a socket to all the others."""
        mailbox = self._world.add_mailbox(transport.address)
        for machine in list(self._machines.values()):
            for other in list(machine.transports.values()):  # a finalizer may close one meanwhile
                for source, destination in ((transport.address, other.address), (other.address, transport.address)):
                    link = self._links.get((source.host, destination.host), self._link)
                    self._world.set_link(source, destination, link)
        return mailbox

    def _post(self, source: Address, destination: Address, data: bytes) -> None:
        ends = (source.host, destination.host), (destination.host, source.host)
        if not any(here in one and there in other for one, other in self._cut for here, there in ends):
            self._world.post(source, destination, data)

    def _advance(self, until: int, awaiting: VirtualTransport | None = None) -> None:
        """Pass through every moment at which something arrives or a background connection has something to do.

        Ends early when something arrives for ``awaiting``.
        """
        steps = 0
        while True:
            self._drivers = [driver for driver in self._drivers if not driver.closed]
            for driver in self._drivers:
                driver.look_after(self.now)
            if awaiting is not None and awaiting.waiting:
                return
            moments = [driver.due() for driver in self._drivers] + [self._world.next_time()]
            moment = min((each for each in moments if each is not None), default=None)
            if moment is None or moment > until:
                break
            steps = steps + 1 if moment <= self.now else 0
            if steps > _STEPS:
                raise RuntimeError(f"{_STEPS} steps at {self.now} ms and time does not pass")
            self._world.catch_up(moment)
        self._world.catch_up(until)


class Machine:
    """One IP address of a :class:`Network`; made by :meth:`Network.machine`."""

    def __init__(self, network: Network, ip: str) -> None:
        self.network = network
        self.ip = ip
        self.transports: dict[int, VirtualTransport] = {}
        """Open sockets, by port."""

    def __repr__(self) -> str:
        return f"<Machine {self.ip}>"

    def connection(self, *, threaded: bool = True) -> ENetConnection:
        """An ``ENetConnection`` on this machine. It reaches the IP addresses of other machines here, by number.

        A ``threaded`` one is looked after whenever time passes, any other only in its own ``service``. No thread is
        made either way.
        """
        return ENetConnection(threaded=threaded, opener=self._open)

    def multiplayer_peer(self, *, threaded: bool = True) -> ENetMultiplayerPeer:
        """An ``ENetMultiplayerPeer`` on this machine; see :meth:`connection`."""
        return ENetMultiplayerPeer(threaded=threaded, opener=self._open)

    def _open(self, config: HostConfig, *, bind: str | None, port: int, threaded: bool) -> AnyHost:
        if bind not in (None, *_ANY, self.ip):
            raise BindError(f"this machine has the address {self.ip}, not {bind}")
        return self.network._open(self, config, None if bind is None else port, threaded)

    def bind(self, port: int | None) -> VirtualTransport:
        """A socket; port 0 is the first free one, and None that too, but not known before something is sent.

        Raises:
            BindError: the port is in use.
        """
        known = port is not None
        if not port:
            port = _FIRST_FREE_PORT
            while port in self.transports:
                port += 1
        if port in self.transports:
            raise BindError(f"cannot bind {self.ip} port {port}: Address already in use")
        transport = VirtualTransport(self, Address(self.ip, port), known)
        self.transports[port] = transport
        return transport


class VirtualTransport:
    """A :class:`~godot_enet.core.interface.Transport` whose datagrams travel through a :class:`Network`."""

    def __init__(self, machine: Machine, address: Address, known: bool) -> None:
        self.address = address
        self._known = known
        self._machine = machine
        self._closed = False
        self._mailbox = machine.network._place(self)

    @property
    def waiting(self) -> bool:
        """Whether something has arrived."""
        return bool(self._mailbox.received) and not self._closed

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """At most ``limit`` datagrams that have arrived."""
        received = self._mailbox.received
        taken, received[:] = received[:limit], received[limit:]
        return [Datagram(arrival.data, arrival.source) for arrival in taken]

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Put them on their way; returns the bytes."""
        taken = 0
        for data, address in batch:
            self._known = True
            if len(data) <= MAXIMUM_DATAGRAM:
                self._machine.network._post(self.address, address, data)
                taken += len(data)
        return taken

    def poll_timeout(self) -> int | None:
        """Never: the network tells of arrivals."""
        return None

    def failed(self) -> bool:
        """Never."""
        return False

    def fileno(self) -> int:
        """None there is."""
        return -1

    def local_address(self) -> Address | None:
        """Where it is bound; None while it is not."""
        return self.address if self._known and not self._closed else None

    def close(self) -> None:
        """Give the port back."""
        if not self._closed:
            self._closed = True
            self._mailbox.received.clear()
            del self._machine.transports[self.address.port]
            self._machine.network._world.remove(self.address)


class _VirtualDriver(InlineDriver):
    """Waits by letting the network's time pass; in the background it does what a network thread does."""

    def __init__(self, pump: Pump, clock: Clock, network: Network, socket: VirtualTransport, background: bool) -> None:
        super().__init__(pump, clock)
        self._network = network
        self._background = background
        self._socket = socket

    def due(self) -> int | None:
        """When it wants to be looked after; None for one that lives in ``service`` alone, or is in it now."""
        if not self._background or self.closed or self.blocked or not self.lock.is_free():
            return None
        return self.clock.now() if self._socket.waiting else self.pump.poll_timeout()

    def look_after(self, now: int) -> None:
        """One step, if it is time for one."""
        due = self.due()
        if due is None or due > now:
            return
        with self.lock:
            self.pump.step(now, urgent=True)
        if self.pending:
            self.after_unlock()
        if self.pump.reporter.lines:
            self.pump.reporter.speak()

    def _sleep_until(self, until: int) -> None:
        """Let time pass; this host is fully served at every moment of it."""
        self._network._advance(max(until, self.clock.now() + 1), self._socket)

    def _open_waker(self) -> None:
        """Nothing needs waking."""

    def _after_fork_in_child(self) -> None:
        """Nothing here is shared with the parent: the child has a network of its own."""
        self.lock.after_fork_in_child()
