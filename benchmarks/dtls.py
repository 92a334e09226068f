"""``python -m benchmarks.dtls``: costs of encryption, and of clients that start a handshake and disappear.

handshake   milliseconds until two hosts are connected, minus the time of an OpenSSL handshake alone (RSA-2048)
messages    reliable messages of 200 bytes a second, inline, for each engine
vanish      clients that return a valid cookie and disappear: memory, and the time that an honest client needs
forged      ClientHellos from forged addresses: TLS objects created, and the time for each

All times are CPU times of this process, which runs both sides and never waits.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import gc
import json
import logging
import os
import secrets
import socket
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL

from benchmarks.engines import native_is_missing
from godot_enet.core import Address, EventType, Host, HostConfig
from godot_enet.core.dtls.contexts import ClientContext, server_context
from godot_enet.core.dtls.records import hello_verify_request, parse_client_hello
from godot_enet.core.dtls.server import DtlsServerTransport, ServerStage
from godot_enet.core.dtls.session import Session
from godot_enet.core.dtls.settings import ClientTrust, ServerCredentials
from godot_enet.core.dtls.stages import client_stage
from godot_enet.core.engine import PythonEngine
from godot_enet.core.interface import Datagram, Engine
from godot_enet.core.native import NativeEngine, why_unavailable
from godot_enet.core.pump import Pump
from godot_enet.core.transports.udp import UdpTransport

LOOPBACK = "127.0.0.1"
REMOTE = Address("192.0.2.1", 9)
ROUNDS = 200
MESSAGE = bytes(200)
BURST = 50


def make_credentials() -> ServerCredentials:
    """A new RSA-2048 key with a self-signed certificate."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    text = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return ServerCredentials(
        key.private_bytes(serialization.Encoding.PEM, *text),
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
    )


CREDENTIALS = make_credentials()
TRUST = ClientTrust("localhost", CREDENTIALS.certificate_chain_pem)


def make_engine(name: str, peer_count: int = 32) -> tuple[HostConfig, Engine]:
    settings = HostConfig(peer_count=peer_count)
    return settings, NativeEngine(settings) if name == "native" else PythonEngine(settings)


def open_pair(name: str, peers: int = 32) -> tuple[Host, ServerStage, Host]:
    """A server and a client, not connected yet."""
    stage = ServerStage(CREDENTIALS, peers)
    config, engine = make_engine(name, peer_count=peers)
    server = Host(config, threaded=False, transport=UdpTransport(LOOPBACK, 0), engine=engine, stage=stage)
    return server, stage, open_client(name)


def open_client(name: str) -> Host:
    config, engine = make_engine(name, peer_count=1)
    transport = UdpTransport(None, 0)
    return Host(config, threaded=False, transport=transport, engine=engine, stage=client_stage(TRUST))


def address_of(server: Host) -> Address:
    address = server.local_address()
    assert address is not None
    return address


def join(server: Host, client: Host) -> float:
    """CPU seconds until both sides are connected."""
    began = time.process_time()
    client.connect(address_of(server), 1)
    open_ends = [client, server]
    while open_ends:
        for end in (client, server):
            event = end.service()
            if event is not None and event.type is EventType.CONNECT and end in open_ends:
                open_ends.remove(end)
        assert time.process_time() - began < 30
    return time.process_time() - began


def openssl_alone() -> float:
    """Seconds of the same handshake without sockets, ENet and stages."""
    began = time.process_time()
    client = CLIENT_CONTEXT.connection()
    client.set_ciphertext_mtu(1400)
    flight = advance(client)
    hello = parse_client_hello(flight)
    assert hello is not None
    client.bio_write(hello_verify_request(hello, bytes(32)))
    server = SSL.Connection(SERVER_CONTEXT, None)
    server.set_accept_state()
    server.set_ciphertext_mtu(1400)
    server.bio_write(advance(client))
    server.DTLSv1_listen()
    server.set_ciphertext_mtu(1400)
    for one, other in ((server, client), (client, server), (server, client)):
        other.bio_write(advance(one))
    client.do_handshake()
    return time.process_time() - began


def advance(connection: SSL.Connection) -> bytes:
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(65536)


SERVER_CONTEXT = server_context(CREDENTIALS)
CLIENT_CONTEXT = ClientContext(TRUST)


def handshake(rounds: int) -> dict[str, float]:
    """Medians of a number of handshakes, in milliseconds."""
    alone = [openssl_alone() for _ in range(rounds)]
    whole = []
    for _ in range(rounds):
        server, _, client = open_pair("python")
        whole.append(join(server, client))
        client.close()
        server.close()
    openssl, ours = (statistics.median(times) * 1000 for times in (alone, whole))
    return {"OpenSSL alone, ms": openssl, "until both are connected, ms": ours, "beyond OpenSSL, ms": ours - openssl}


def messages(seconds: float) -> dict[str, float]:
    """Messages per second, for each engine."""
    rates = {}
    for name in ["python"] if why_unavailable() else ["python", "native"]:
        server, _, client = open_pair(name)
        join(server, client)
        (peer,) = client.peers()
        sent = received = 0
        began = time.process_time()
        while (elapsed := time.process_time() - began) < seconds:
            if sent - received < 1000:
                for _ in range(BURST):
                    client.send(peer, 0, MESSAGE, 1)
                sent += BURST
            while server.service() is not None:
                received += 1
            client.service()
        rates[f"{name}, messages/s"] = received / elapsed
        client.close()
        server.close()
    return rates


def memory() -> float:
    """Resident bytes of this process; NaN if the system does not report them."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return float(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return float("nan")


class Vanisher:
    """Clients without TLS: each returns its cookie, makes the server start a handshake, and disappears."""

    def __init__(self, server: Host) -> None:
        self._server = server
        self._hello = hello_record()

    def vanish(self) -> None:
        data = bytearray(self._hello)
        data[27:59] = secrets.token_bytes(32)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.settimeout(10)
            plain.connect(address_of(self._server))
            plain.send(data)
            self._server.service()
            plain.send(with_cookie(bytes(data), plain.recv(100)[-32:]))
            self._server.service()


def hello_record() -> bytes:
    """The first ClientHello of a client."""
    client = Session(ClientContext(TRUST).connection(), REMOTE, 0)
    client.advance(0)
    hello = parse_client_hello(client.out[0])
    assert hello is not None
    return hello.record


def with_cookie(data: bytes, cookie: bytes) -> bytes:
    """The second ClientHello of a client."""
    body = data[25:60] + bytes([len(cookie)]) + cookie + data[61:]
    length = len(body).to_bytes(3, "big")
    message = b"\x01" + length + b"\0\1" + bytes(3) + length + body
    return data[:10] + b"\1" + len(message).to_bytes(2, "big") + message


def vanish(clients: int) -> dict[str, float]:
    """Memory after a number of such clients, and the times of honest ones meanwhile."""
    server, _, probe = open_pair("python")
    probe.close()
    vanisher = Vanisher(server)
    for _ in range(300):  # until memory use is stable
        vanisher.vanish()
    gc.collect()
    before, slowest, began = memory(), 0.0, time.process_time()
    for number in range(clients):
        vanisher.vanish()
        if number % (clients // 5) == clients // 10:
            slowest = max(slowest, join_meanwhile(server, vanisher))
    took = time.process_time() - began
    gc.collect()
    result = {
        "growth, bytes": memory() - before,
        "an honest client, s": slowest,
        "clients that vanished, /s": clients / took,
    }
    server.close()
    return result


def join_meanwhile(server: Host, vanisher: Vanisher) -> float:
    """Seconds that an honest client needs while others connect and disappear."""
    client = open_client("python")
    began = time.process_time()
    client.connect(address_of(server), 1)
    while True:
        event = client.service()
        if event is not None and event.type is EventType.CONNECT:
            took = time.process_time() - began
            client.close()
            return took
        vanisher.vanish()
        assert time.process_time() - began < 30


def forged(addresses: int) -> dict[str, float]:
    """TLS objects created for ClientHellos from forged addresses."""
    sink = Sink()
    _, engine = make_engine("python")
    transport = DtlsServerTransport(sink, Pump(engine, sink), SERVER_CONTEXT, 32, ServerStage(CREDENTIALS, 1).gate)
    client = Session(ClientContext(TRUST).connection(), REMOTE, 0)
    client.advance(0)
    sink.inbox = [Datagram(client.out[0], Address(f"10.0.{n >> 8}.{n & 255}", 5000)) for n in range(addresses)]
    with mock.patch.object(SSL, "Connection") as connection:
        began = time.process_time()
        while sink.inbox:
            transport.receive(256, 0)
        took = time.process_time() - began
        made = connection.call_count
    return {"TLS objects": made, "answered": sink.answers, "each, us": took / addresses * 1e6}


class Sink(UdpTransport):
    """A socket that sends nothing, and receives given datagrams."""

    def __init__(self) -> None:
        super().__init__(LOOPBACK, 0)
        self.inbox: list[Datagram] = []
        self.answers = 0

    def receive(self, limit: int, now: int) -> list[Datagram]:
        batch = self.inbox[:limit]
        del self.inbox[:limit]
        return batch

    def send(self, batch: object, now: int) -> int:
        assert isinstance(batch, list)
        self.answers += len(batch)
        return 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dtls", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    jobs: dict[str, Callable[[int], dict[str, float]]] = {
        "handshake": lambda clients: handshake(min(ROUNDS, clients // 10)),
        "messages": lambda clients: messages(3.0 if clients >= 1000 else 0.1),
        "vanish": vanish,
        "forged": forged,
    }
    parser.add_argument("job", nargs="*", help=f"any of: {', '.join(jobs)} (default: all)")
    parser.add_argument(
        "--clients", type=int, default=10_000, help="how many vanish or are forged; default: %(default)s"
    )
    parser.add_argument("--json", action="store_true", help="for programs to read")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.job) - set(jobs)):
        parser.error(f"no such job: {', '.join(unknown)}")
    if (not options.job or "messages" in options.job) and native_is_missing():
        return 1
    logging.getLogger("godot_enet.network").setLevel(logging.ERROR)  # disappearing clients would be logged
    results = {name: job(options.clients) for name, job in jobs.items() if not options.job or name in options.job}
    if options.json:
        print(json.dumps(results))
        return 0
    for name, numbers in results.items():
        for what, value in numbers.items():
            print(f"{name:10} {what:30} {value:14,.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
