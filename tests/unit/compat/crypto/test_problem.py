"""What happens without the package ``cryptography``, and that it is not imported early."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from godot_enet.compat.crypto import Crypto, CryptoKey, HashingContext, X509Certificate
from godot_enet.compat.crypto.problem import Problem, need_cryptography, refuse
from godot_enet.compat.globals import Error

Lines = Callable[[], list[str]]
PROGRAM = """
import sys
from godot_enet.compat.crypto import Crypto, CryptoKey, HashingContext, HMACContext, TLSOptions, X509Certificate
options = TLSOptions.server(CryptoKey(), X509Certificate())
assert Crypto().hmac_digest(HashingContext.HASH_SHA256, b"key", b"message")
assert len(Crypto().generate_random_bytes(3)) == 3
assert CryptoKey().is_public_only() and X509Certificate().save_to_string() == ""
sys.stdout.write(" ".join(name for name in sys.modules if name.startswith(("cryptography", "OpenSSL"))))
"""


def test_a_refusal_is_one_line_with_the_reason(lines: Lines) -> None:
    problem = Problem("it is empty", Error.ERR_BUG)
    assert refuse("Cannot do it", problem, 7) == 7
    assert lines() == ["Cannot do it: it is empty."]
    assert problem.error is Error.ERR_BUG
    assert Problem("x").error is Error.FAILED


@pytest.fixture
def without_cryptography(monkeypatch: pytest.MonkeyPatch, rsa_key: CryptoKey, certificate_pem: str) -> None:
    """As if it was not installed, once what the tests use has been made with it."""
    monkeypatch.setitem(sys.modules, "cryptography", None)


@pytest.mark.usefixtures("without_cryptography")
def test_without_the_package_every_call_says_what_to_install(
    lines: Lines, rsa_pem: str, rsa_key: CryptoKey, certificate_pem: str, tmp_path: Path
) -> None:
    with pytest.raises(Problem) as caught:
        need_cryptography()
    assert caught.value.error is Error.ERR_UNAVAILABLE
    hint = "keys and certificates need the package cryptography (pip install cryptography)."
    path = tmp_path / "both.pem"
    path.write_text(rsa_pem + certificate_pem)
    for public_only in (False, True):
        assert CryptoKey().load_from_string(rsa_pem, public_only) is Error.ERR_UNAVAILABLE
        assert CryptoKey().load(path, public_only) is Error.ERR_UNAVAILABLE
    assert X509Certificate().load_from_string(certificate_pem) is Error.ERR_UNAVAILABLE
    assert X509Certificate().load(path) is Error.ERR_UNAVAILABLE
    assert Crypto().generate_rsa(2048) is None
    assert Crypto().generate_self_signed_certificate(rsa_key) is None
    logged = lines()
    assert len(logged) == 8
    assert [line for line in logged if not line.endswith(hint)] == []


def test_a_package_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wheels are that were built for another version of the interpreter."""
    broken = ModuleType("cryptography")
    broken.__path__ = []
    monkeypatch.setitem(sys.modules, "cryptography", broken)
    monkeypatch.delitem(sys.modules, "cryptography.exceptions", raising=False)
    with pytest.raises(Problem, match=r"pip install cryptography\) \(.*cryptography\.exceptions"):
        need_cryptography()


@pytest.mark.usefixtures("without_cryptography")
def test_what_needs_no_package() -> None:
    crypto = Crypto()
    assert len(crypto.generate_random_bytes(10)) == 10
    assert len(crypto.hmac_digest(HashingContext.HASH_SHA1, b"k", b"m")) == 20
    assert crypto.constant_time_compare(b"a", b"a")


def test_it_is_imported_on_first_use_only() -> None:
    checkout = Path(__file__).parents[4]
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    ran = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == ""
