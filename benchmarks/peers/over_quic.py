"""QUIC through aioquic, encrypted as always: a stream for each client, or datagrams, which are not sent again."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from contextlib import AsyncExitStack
from typing import Any

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.asyncio.server import QuicServer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import DatagramFrameReceived, StreamDataReceived
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.peers.ends import JOINING, order, report, run
from benchmarks.peers.schedule import REQUEST, Schedule

PROTOCOL = "echo"
FRAME = 1200
"""Bytes of the longest datagram frame."""


def certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A self-signed one, since a handshake needs one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    return builder.sign(key, hashes.SHA256()), key


class Echo(QuicConnectionProtocol):  # type: ignore[misc]
    """The server's side of a connection."""

    def quic_event_received(self, event: object) -> None:
        if isinstance(event, StreamDataReceived):
            self._quic.send_stream_data(event.stream_id, event.data)
        elif isinstance(event, DatagramFrameReceived):
            self._quic.send_datagram_frame(event.data)


class Asking(QuicConnectionProtocol):  # type: ignore[misc]
    """The client's side. ``schedule`` gets the answers."""

    schedule: Schedule | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._stream: int | None = None
        self._received = b""

    def send(self, variant: str, request: bytes) -> None:
        if variant == "datagrams":
            self._quic.send_datagram_frame(request)
        else:
            if self._stream is None:
                self._stream = self._quic.get_next_available_stream_id()
            self._quic.send_stream_data(self._stream, request)
        self.transmit()

    def quic_event_received(self, event: object) -> None:
        if isinstance(event, (StreamDataReceived, DatagramFrameReceived)) and self.schedule is not None:
            self._received += event.data
            while len(self._received) >= REQUEST:
                self.schedule.answered(self._received[:REQUEST])
                self._received = self._received[REQUEST:]


async def listen() -> None:
    configuration = QuicConfiguration(is_client=False, alpn_protocols=[PROTOCOL], max_datagram_frame_size=FRAME)
    configuration.certificate, configuration.private_key = certificate()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: QuicServer(configuration=configuration, create_protocol=Echo), local_addr=("127.0.0.1", 0)
    )
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


async def send(variant: str, connections: list[Asking], schedule: Schedule) -> None:
    for connection in connections:
        connection.schedule = schedule
    while not schedule.over:
        for number, request in schedule.due():
            connections[number].send(variant, request)
        await asyncio.sleep(min(schedule.wait(), 0.1))


async def ask(variant: str, count: int, port: int, rate: float) -> None:
    configuration = QuicConfiguration(alpn_protocols=[PROTOCOL], max_datagram_frame_size=FRAME)
    configuration.verify_mode = ssl.CERT_NONE
    async with AsyncExitStack() as stack:
        connections: list[Asking] = []
        while len(connections) < count:
            some = range(len(connections), min(count, len(connections) + JOINING))
            connecting = [connect("127.0.0.1", port, configuration=configuration, create_protocol=Asking) for _ in some]
            connections += await asyncio.gather(*map(stack.enter_async_context, connecting))
        print("ready", flush=True)
        while True:
            seconds = await asyncio.get_running_loop().run_in_executor(None, order)
            schedule = Schedule(count, rate, seconds)
            await send(variant, connections, schedule)
            report(schedule)


def serve(variant: str, clients: int) -> None:
    del variant, clients
    asyncio.run(listen())


def clients(variant: str, count: int, port: int, rate: float) -> None:
    asyncio.run(ask(variant, count, port, rate))


if __name__ == "__main__":
    run(serve, clients)
