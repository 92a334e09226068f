"""Machines with IP addresses on one virtual clock, and connections with Godot's API on these machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Protocol

from godot_enet.compat.addresses import parse_ip
from godot_enet.compat.enet_connection import ENetConnection
from godot_enet.compat.enet_multiplayer_peer import ENetMultiplayerPeer
from godot_enet.core.any_host import AnyHost, HostOpener
from godot_enet.core.drivers.inline import InlineDriver
from godot_enet.core.engine import PythonEngine
from godot_enet.core.errors import BindError
from godot_enet.core.host import Host, choose_engine
from godot_enet.core.interface import Address, Clock, Datagram, Engine
from godot_enet.core.native import NativeEngine
from godot_enet.core.protocol.config import HostConfig
from godot_enet.core.protocol.constants import MAXIMUM_DATAGRAM
from godot_enet.core.pump import Pump
from godot_enet.core.sim import LinkConfig, Mailbox, World
from godot_enet.recording import DEFAULT_LIMIT, Moment, Recorder

__all__ = ["Machine", "Network"]

_ANY = ("*", "0.0.0.0", "::")
_START = 1000
_FIRST_FREE_PORT = 49152
_STEPS = 10_000
"""Steps within one millisecond after which a host is assumed to loop forever."""


def _literal(ip: str) -> str:
    """The canonical form of an IP address."""
    literal = parse_ip(ip)
    if literal is None:
        raise ValueError(f"{ip!r} is not an IP address")
    return literal


class Background(Protocol):
    """Something that has work at certain times, whatever the program does."""

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        ...

    def due(self) -> int | None:
        """When it next has work; None if only an arrival can tell."""
        ...

    def look_after(self, now: int) -> None:
        """Do the work, if it is due."""
        ...


class Network:
    """Machines and the links between them.

    Args:
        seed: of all random numbers, here and in the hosts.
        link: between any two machines, in each direction; perfect by default.
        engine: ``"python"`` or ``"native"``; by default the one that programs use.

    Raises:
        NativeUnavailable, ValueError: the engine does not exist.
    """

    def __init__(self, seed: int = 0, link: LinkConfig | None = None, engine: str | None = None) -> None:
        self.seed = seed
        self._engine = choose_engine(engine)
        self._link = link or LinkConfig()
        self._links: dict[tuple[str, str], LinkConfig] = {}
        self._world = World(seed=seed, start=_START, capture=False)
        self._machines: dict[str, Machine] = {}
        self._background: list[Background] = []
        self._cut: list[tuple[set[str], set[str]]] = []
        self._opened = 0

    def __repr__(self) -> str:
        return f"<Network of {len(self._machines)} machines at {self.now} ms, seed {self.seed}>"

    @property
    def now(self) -> int:
        """Virtual milliseconds."""
        return self._world.now

    def machine(self, ip: str | None = None) -> Machine:
        """Create a machine with this address, or with the next free one of 10.0.0.0/16.

        Raises:
            ValueError: the address is taken, or is not an IP address.
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
        """Change the link from one machine to another, given by their IP addresses, from now on.

        Each pair of sockets has its own link with these properties.
        """
        source, destination = _literal(source), _literal(destination)
        self._links[source, destination] = link
        for one in self._addresses(source):
            for other in self._addresses(destination):
                self._world.set_link(one, other, link)

    def partition(self, one_side: Iterable[str], other_side: Iterable[str]) -> None:
        """Cut every link between two groups of IP addresses, in both directions, until :meth:`heal`.

        Datagrams in flight still arrive.
        """
        sides = [[side] if isinstance(side, str) else side for side in (one_side, other_side)]
        one, other = ({_literal(each) for each in side} for side in sides)
        self._cut.append((one, other))

    def heal(self) -> None:
        """Undo every :meth:`partition`."""
        self._cut.clear()

    def record(self, path: str | Path, *, limit: int = DEFAULT_LIMIT) -> Recorder:
        """Record each datagram twice: as it is sent, and as it arrives. See :func:`godot_enet.recording.record`.

        Equal runs give equal files.

        Raises:
            OSError: the file cannot be created.
        """
        recorder = Recorder(path, limit)
        self._world.listeners.append(_Listener(recorder))
        return recorder

    def run(self, milliseconds: int) -> None:
        """Let time pass. Threaded connections are serviced meanwhile, as by their network threads.

        Raises:
            ValueError: the time is negative.
        """
        if milliseconds < 0:
            raise ValueError(f"time cannot go back by {-milliseconds} ms")
        self._advance(self.now + milliseconds)

    def run_until(self, condition: Callable[[], bool], limit: int = 60_000) -> None:
        """Let time pass in steps of a millisecond or more until ``condition()`` is true.

        Raises:
            TimeoutError: it was not true within ``limit`` ms; the message contains the seed.
        """
        deadline = self.now + limit
        while not condition():
            if self.now >= deadline:
                raise TimeoutError(f"not within {limit} virtual ms (seed {self.seed})")
            self._advance(self.now + 1)

    # Used by machines, their sockets and replays

    def _addresses(self, ip: str) -> list[Address]:
        machine = self._machines.get(ip)
        return [] if machine is None else [transport.address for transport in list(machine.transports.values())]

    def _open(self, machine: Machine, config: HostConfig, port: int | None, threaded: bool) -> Host:
        transport = machine.bind(port)
        self._opened += 1
        config = replace(config, seed=(self.seed * 1_000_003 + self._opened) & 0xFFFFFFFF or 1)
        engine = NativeEngine(config) if self._engine == "native" else PythonEngine(config)

        return _VirtualHost(config, self, transport, engine, threaded)

    def _place(self, transport: VirtualTransport) -> Mailbox:
        """Connect a socket to all others."""
        mailbox = self._world.add_mailbox(transport.address)
        for machine in list(self._machines.values()):
            for other in list(machine.transports.values()):  # a finalizer may close one in the meantime
                for source, destination in ((transport.address, other.address), (other.address, transport.address)):
                    link = self._links.get((source.host, destination.host), self._link)
                    self._world.set_link(source, destination, link)
        return mailbox

    def _post(self, source: Address, destination: Address, data: bytes) -> None:
        ends = (source.host, destination.host), (destination.host, source.host)
        if not any(here in one and there in other for one, other in self._cut for here, there in ends):
            self._world.post(source, destination, data)

    def _advance(self, until: int, awaiting: VirtualTransport | None = None) -> None:
        """Advance through each moment at which a datagram arrives or a background connection has work.

        Ends early when a datagram arrives for ``awaiting``.
        """
        steps = 0
        while True:
            self._background = [each for each in self._background if not each.closed]
            for each in self._background:
                each.look_after(self.now)
            if awaiting is not None and awaiting.waiting:
                return
            moments = [each.due() for each in self._background] + [self._world.next_time()]
            moment = min((each for each in moments if each is not None), default=None)
            if moment is None or moment > until:
                break
            steps = steps + 1 if moment <= self.now else 0
            if steps > _STEPS:
                raise RuntimeError(f"{_STEPS} steps at {self.now} ms and time does not pass")
            self._world.catch_up(moment)
        self._world.catch_up(until)


class _Listener:
    """Records the datagrams of a world."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def on_sent(self, now: int, source: Address, destination: Address, data: bytes) -> None:
        self._recorder.datagram(now, Moment.SENT, source, destination, data)

    def on_arrived(self, now: int, source: Address, destination: Address, data: bytes) -> None:
        self._recorder.datagram(now, Moment.ARRIVED, source, destination, data)


class Machine:
    """One IP address of a :class:`Network`; created by :meth:`Network.machine`."""

    def __init__(self, network: Network, ip: str) -> None:
        self.network = network
        self.ip = ip
        self.transports: dict[int, VirtualTransport] = {}
        """Open sockets, by port."""

    def __repr__(self) -> str:
        return f"<Machine {self.ip}>"

    def connection(self, *, threaded: bool = True) -> ENetConnection:
        """An ``ENetConnection`` on this machine. It reaches the other machines of the network by their IP addresses.

        A ``threaded`` one is serviced whenever time passes, any other only in its own ``service``. Neither creates a
        thread.
        """
        return ENetConnection(threaded=threaded, opener=self._open)

    def multiplayer_peer(self, *, threaded: bool = True, unique_id: int = 0) -> ENetMultiplayerPeer:
        """An ``ENetMultiplayerPeer`` on this machine; see :meth:`connection`.

        As a client it has the ``unique_id``, or a random one if that is 0.
        """
        if unique_id:
            return _PeerWithId(unique_id, threaded=threaded, opener=self._open)
        return ENetMultiplayerPeer(threaded=threaded, opener=self._open)

    def _open(self, config: HostConfig, *, bind: str | None, port: int, threaded: bool) -> AnyHost:
        if bind not in (None, *_ANY, self.ip):
            raise BindError(f"this machine has the address {self.ip}, not {bind}")
        return self.network._open(self, config, None if bind is None else port, threaded)

    def bind(self, port: int | None) -> VirtualTransport:
        """Open a socket. Port 0 selects the first free port; so does None, but not before something is sent.

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


class _PeerWithId(ENetMultiplayerPeer):
    """A peer whose id as a client is known."""

    def __init__(self, unique_id: int, *, threaded: bool, opener: HostOpener) -> None:
        super().__init__(threaded=threaded, opener=opener)
        self._chosen_id = unique_id

    def generate_unique_id(self) -> int:
        return self._chosen_id


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
        """Whether a datagram has arrived."""
        return bool(self._mailbox.received) and not self._closed

    def receive(self, limit: int, now: int) -> list[Datagram]:
        """Return at most ``limit`` datagrams that have arrived."""
        received = self._mailbox.received
        taken, received[:] = received[:limit], received[limit:]
        return [Datagram(arrival.data, arrival.source) for arrival in taken]

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        """Send datagrams. Returns the number of bytes."""
        taken = 0
        for data, address in batch:
            self._known = True
            if len(data) <= MAXIMUM_DATAGRAM:
                self._machine.network._post(self.address, address, data)
                taken += len(data)
        return taken

    def poll_timeout(self) -> int | None:
        """Never, because the network reports arrivals."""
        return None

    def failed(self) -> bool:
        """Never."""
        return False

    def fileno(self) -> int:
        """There is none."""
        return -1

    def local_address(self) -> Address | None:
        """The bound address, or None."""
        return self.address if self._known and not self._closed else None

    def close(self) -> None:
        """Free the port."""
        if not self._closed:
            self._closed = True
            self._mailbox.received.clear()
            del self._machine.transports[self.address.port]
            self._machine.network._world.remove(self.address)


class _VirtualHost(Host):
    """A host whose socket is in a :class:`Network`."""

    def __init__(
        self, config: HostConfig, network: Network, socket: VirtualTransport, engine: Engine, threaded: bool
    ) -> None:
        self._network = network
        self._socket = socket
        super().__init__(config, transport=socket, engine=engine, clock=network._world.clock, threaded=threaded)

    def _make_driver(self, threaded: bool) -> InlineDriver:
        driver = _VirtualDriver(self._pump, self._clock, self._network, self._socket, threaded)
        self._network._background.append(driver)
        return driver


class _VirtualDriver(InlineDriver):
    """Waits by letting the network's time pass, and does the work of a network thread in the background."""

    def __init__(self, pump: Pump, clock: Clock, network: Network, socket: VirtualTransport, background: bool) -> None:
        super().__init__(pump, clock)
        self._network = network
        self._background = background
        self._socket = socket

    def due(self) -> int | None:
        """The next time for background work; None without a network thread, or inside ``service``."""
        if not self._background or self.closed or self.blocked or not self.lock.is_free():
            return None
        return self.clock.now() if self._socket.waiting else self.pump.poll_timeout()

    def look_after(self, now: int) -> None:
        """Do one step of background work, if it is due."""
        due = self.due()
        if due is None or due > now:
            return
        with self.lock:
            self.pump.step(now, urgent=True)
        if self.pending:
            self.after_unlock()
        if self.pump.reporter.lines:
            self.pump.reporter.log_lines()

    def _sleep_until(self, until: int) -> None:
        """Let time pass, with full service of this host."""
        self._network._advance(max(until, self.clock.now() + 1), self._socket)

    def _open_waker(self) -> None:
        """There is nothing to wake."""

    def _after_fork_in_child(self) -> None:
        """The child has its own network and shares nothing with the parent."""
