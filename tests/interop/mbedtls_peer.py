"""One end of a DTLS connection on Mbed TLS, which Godot uses, too: ``python mbedtls_peer.py SIDE PORT FILES... SUITE``.

``client PORT AUTHORITY SUITE`` says hello and expects it back; ``server PORT KEY CERTIFICATE SUITE`` echoes, after it
has demanded a cookie. The last line printed tells how it went.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from pathlib import Path

from mbedtls import pk, tls, x509

MESSAGE = b"hello from mbed tls"


def configuration(suite: str, **more: object) -> tls.DTLSConfiguration:
    versions = {
        "lowest_supported_version": tls.DTLSVersion.DTLSv1_2,
        "highest_supported_version": tls.DTLSVersion.DTLSv1_2,
    }
    return tls.DTLSConfiguration(ciphers=[suite] if suite else None, **versions, **more)


def client(port: int, authority: str, suite: str) -> None:
    trust = tls.TrustStore()
    trust.add(x509.CRT.from_file(authority))
    context = tls.ClientContext(configuration(suite, trust_store=trust, validate_certificates=True))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.settimeout(20)
        secure = context.wrap_socket(plain, server_hostname="localhost")
        secure.connect(("127.0.0.1", port))
        shake_hands(secure)
        secure.send(MESSAGE)
        say(f"{'ok' if secure.recv(4096) == MESSAGE else 'wrong answer'} {secure.cipher()}")
        secure.close()


def server(port: int, key: str, certificate: str, suite: str) -> None:
    chain = ((x509.CRT.from_file(certificate),), pk_of(key))
    context = tls.ServerContext(configuration(suite, certificate_chain=chain, validate_certificates=False))
    plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the wrapper binds another one for each client
    secure = context.wrap_socket(plain)
    secure.bind(("127.0.0.1", port))
    say("listening")
    cookies = 0
    connection, address = secure.accept()
    connection.setcookieparam(address[0].encode())
    while True:
        try:
            shake_hands(connection)
            break
        except tls.HelloVerifyRequest:
            cookies += 1
            connection, address = connection.accept()
            connection.setcookieparam(address[0].encode())
    connection.send(connection.recv(4096))
    say(f"{'ok' if cookies == 1 else f'{cookies} cookies'} {connection.cipher()}")


def shake_hands(secure: tls.TLSWrappedSocket) -> None:
    """The wrapper leaves waiting to its caller."""
    done = False
    while not done:
        with contextlib.suppress(tls.WantReadError, tls.WantWriteError):
            secure.do_handshake()
            done = True


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def pk_of(path: str) -> object:
    text = Path(path).read_bytes()
    return pk.ECC.from_PEM(text.decode()) if b"EC PRIVATE" in text else pk.RSA.from_PEM(text.decode())


if __name__ == "__main__":
    side, port_text, *files = sys.argv[1:]
    (client if side == "client" else server)(int(port_text), *files)
