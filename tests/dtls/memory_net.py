"""DTLS stages on a network in memory, with the host around them played by the test. Time stands still by itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from godot_enet.core.dtls.client import ClientStage, DtlsClientTransport
from godot_enet.core.dtls.server import DtlsServerTransport, ServerStage
from godot_enet.core.dtls.settings import ClientTrust, ServerCredentials
from godot_enet.core.interface import Address, Datagram, Transport
from godot_enet.core.protocol.events import PeerHandle
from tests.dtls.certificates import localhost

Stage = TypeVar("Stage", bound=Transport)
SERVER = Address("10.0.0.1", 8910)
CLIENT = Address("10.0.0.2", 50000)
TRUSTED = ClientTrust("localhost", localhost().pem)


_handles = itertools.count(1)


class View:
    """The host around a transport: what the test says it is."""

    def __init__(self) -> None:
        self.present: dict[PeerHandle, Address] = {}
        self.notes: list[str] = []

    def peers(self) -> dict[PeerHandle, Address]:
        return dict(self.present)

    def has_peer(self, peer: PeerHandle) -> bool:
        return peer in self.present

    def may_connect(self, address: Address, per_second: int, now: int) -> bool:
        return True

    def add(self, address: Address) -> PeerHandle:
        """From now on there is a peer."""
        peer = PeerHandle(next(_handles))
        self.present[peer] = address
        return peer

    def note(
        self, cause: str, text: str, now: int, *, expected: bool = False, error: BaseException | None = None
    ) -> None:
        assert cause
        assert isinstance(now, int)
        self.notes.append(("" if expected else "! ") + text)


class Port:
    """A transport whose datagrams go where ``Net`` says."""

    def __init__(self, net: Net, address: Address) -> None:
        self.net = net
        self.address = address
        self.inbox: list[Datagram] = []
        self.sent: list[Datagram] = []
        """Everything sent, lost or not."""
        self.closed = False

    def receive(self, limit: int, now: int) -> list[Datagram]:
        batch = self.inbox[:limit]
        del self.inbox[:limit]
        return batch

    def send(self, batch: Iterable[Datagram], now: int) -> int:
        assert not self.closed
        taken = 0
        for data, target in batch:
            taken += len(data)
            self.sent.append(Datagram(data, target))
            self.net.carry(self.address, target, data)
        return taken

    def poll_timeout(self) -> int | None:
        return None

    def failed(self) -> bool:
        return False

    def fileno(self) -> int:
        return -1

    def local_address(self) -> Address | None:
        return self.address

    def close(self) -> None:
        self.closed = True


class Net:
    """Carries datagrams at once, in order; ``tamper`` may turn one into any number of others."""

    def __init__(self) -> None:
        self.now = 1_000_000
        self.ports: dict[Address, Port] = {}
        self.tamper: Callable[[Address, Address, bytes], list[bytes]] | None = None

    def port(self, address: Address) -> Port:
        """The port of that address, a new one if there is none."""
        if address not in self.ports:
            self.ports[address] = Port(self, address)
        return self.ports[address]

    def carry(self, source: Address, target: Address, data: bytes) -> None:
        copies = [data] if self.tamper is None else self.tamper(source, target, data)
        if target in self.ports:
            self.ports[target].inbox += [Datagram(copy, source) for copy in copies]

    def server(self, credentials: ServerCredentials | None = None, limit: int = 32) -> End[DtlsServerTransport]:
        """A server at ``SERVER``."""
        return End(self, SERVER, ServerStage(credentials or localhost().credentials, limit))

    def client(self, trust: ClientTrust = TRUSTED, address: Address = CLIENT) -> End[DtlsClientTransport]:
        """A client, which has nothing to do yet."""
        return End(self, address, ClientStage(trust))

    def settle(self, *ends: End[Any]) -> None:
        """Let everybody receive until nothing is on its way."""
        while any(end.port.inbox for end in ends):
            for end in ends:
                end.take()


class End(Generic[Stage]):
    """One stage with all around it."""

    def __init__(self, net: Net, address: Address, stage: Any) -> None:
        self.net = net
        self.port = net.port(address)
        self.view = View()
        self.stage: Any = stage
        self.transport: Stage = stage(self.port, self.view)
        self.got: list[bytes] = []
        """What came out of the stage."""

    def take(self) -> None:
        self.got += [data for data, _ in self.transport.receive(256, self.net.now)]

    def send(self, target: Address, *packets: bytes) -> None:
        assert self.transport.send([Datagram(packet, target) for packet in packets], self.net.now) == sum(
            map(len, packets)
        )


def meet(net: Net, server: End[DtlsServerTransport], client: End[DtlsClientTransport]) -> None:
    """Let them shake hands, be ENet peers, and take the first packet."""
    client.view.add(SERVER)
    client.send(SERVER, b"first")
    net.settle(server, client)
    assert server.got.pop() == b"first"
    server.view.add(client.port.address)
