"""Keys that the tests share, since making one takes a while, and what must never be logged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from godot_enet.compat import errors
from godot_enet.compat.crypto import Crypto, CryptoKey
from tests.every_line import EveryLine

_PIECE = 12
"""Characters of a key's PEM in a row, that no message has by chance."""


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


@pytest.fixture(scope="session")
def rsa_pem() -> str:
    """A private key of 2048 bits."""
    return _pem(rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="session")
def small_rsa_pem() -> str:
    """Another private key, of 1024 bits."""
    return _pem(rsa.generate_private_key(65537, 1024))


@pytest.fixture(scope="session")
def ec_pem() -> str:
    """A private key on the curve P-256."""
    return _pem(ec.generate_private_key(ec.SECP256R1()))


def loaded(pem: str) -> CryptoKey:
    """A key with this PEM in it, private or public."""
    key = CryptoKey()
    assert key.load_from_string(pem, "PUBLIC" in pem) == 0
    return key


@pytest.fixture
def rsa_key(rsa_pem: str) -> CryptoKey:
    return loaded(rsa_pem)


@pytest.fixture
def ec_key(ec_pem: str) -> CryptoKey:
    return loaded(ec_pem)


@pytest.fixture(scope="session")
def certificate_pem(rsa_pem: str) -> str:
    """A certificate of the first key, for ``CN=first``."""
    return _certificate(rsa_pem, "CN=first")


@pytest.fixture(scope="session")
def other_certificate_pem(ec_pem: str) -> str:
    """A certificate of the key on P-256, for ``CN=second``."""
    return _certificate(ec_pem, "CN=second")


def _certificate(pem: str, name: str) -> str:
    made = Crypto().generate_self_signed_certificate(loaded(pem), name)
    assert made is not None
    return made.save_to_string()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Call it for the lines logged since the last call, as if that had been long ago; a test must take all of them."""

    def take() -> list[str]:
        messages = [record.getMessage() for record in caplog.records]
        caplog.clear()
        monkeypatch.setattr(errors, "_limiter", EveryLine())
        return messages

    yield take
    assert take() == []


class _Everything(logging.Handler):
    """Keeps what is logged, tracebacks included, also when a test clears it elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture(autouse=True)
def no_key_is_logged(rsa_pem: str, ec_pem: str) -> Iterator[None]:
    """Whatever a test does, no piece of a key is in its log."""
    everything = _Everything()
    logging.getLogger().addHandler(everything)
    yield
    logging.getLogger().removeHandler(everything)
    logged = "\n".join(everything.texts)
    for pem in (rsa_pem, ec_pem):
        secret = "".join(pem.splitlines()[1:-1])
        assert not [at for at in range(len(secret) - _PIECE) if secret[at : at + _PIECE] in logged]
