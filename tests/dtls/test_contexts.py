"""Keys, certificates and trust, as OpenSSL gets them; and what a client makes of a server's certificate."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from godot_enet.core.dtls import contexts
from godot_enet.core.dtls import server as server_module
from godot_enet.core.dtls.contexts import server_context
from godot_enet.core.dtls.session import REFUSAL
from godot_enet.core.dtls.settings import BadCredentials, ClientTrust, ServerCredentials
from tests.dtls.certificates import YEAR, Identity, dns, identity, ip, localhost, localhost_rsa, pem_of, rsa_key
from tests.dtls.memory_net import SERVER, Net

if TYPE_CHECKING:
    from OpenSSL import SSL

DAY = datetime.timedelta(days=1)


def attempt(who: Identity, trust: ClientTrust) -> str:
    """What the client's log says after it has looked at the server's certificate; ``""`` if it went well."""
    net = Net()
    server, client = net.server(who.credentials), net.client(trust)
    client.view.add(SERVER)
    client.send(SERVER, b"hello")
    net.settle(server, client)
    if server.got == [b"hello"]:
        assert client.view.notes == server.view.notes == []
        assert not client.transport.failed()
        return ""
    assert server.got == []
    assert client.transport.failed()
    assert not client.transport.failed()  # said once
    net.now += REFUSAL  # anybody can forge the client's alert, so it is believed when nothing else comes
    server.take()
    assert server.transport.session_count == 0
    assert len(server.view.notes) == 1
    (note,) = client.view.notes
    prefix = f"! The certificate of {SERVER} was not accepted: "
    assert note.startswith(prefix)
    return note.removeprefix(prefix)


class TestServer:
    @pytest.mark.parametrize("who", [localhost, localhost_rsa])
    def test_a_good_pair(self, who: object) -> None:
        server_context(who().credentials)  # type: ignore[operator]

    def complaint(self, key: bytes, certificate: bytes) -> str:
        with pytest.raises(BadCredentials) as caught:
            server_context(ServerCredentials(key, certificate))
        return str(caught.value)

    def test_a_key_of_another_certificate(self) -> None:
        text = self.complaint(identity().key_pem, localhost().pem)
        assert text == "the private key does not match the certificate"
        assert self.complaint(localhost_rsa().key_pem, localhost().pem) == text

    def test_an_encrypted_key(self) -> None:
        text = self.complaint(pem_of(localhost().key, b"password"), localhost().pem)
        assert text == "the private key is encrypted with a password; store it without one"

    @pytest.mark.parametrize("cut", [0, 1, 30, 100, 200, -30])
    def test_a_truncated_key_or_certificate(self, cut: int) -> None:
        who = localhost()
        assert "private key cannot be read" in self.complaint(who.key_pem[:cut], who.pem)
        assert "certificate cannot be read" in self.complaint(who.key_pem, who.pem[:cut])

    def test_mixed_up(self) -> None:
        who = localhost()
        assert "private key cannot be read" in self.complaint(who.pem, who.key_pem)

    def test_a_kind_of_key_that_godot_does_not_know(self) -> None:
        key = ed25519.Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        assert self.complaint(pem, localhost().pem) == "the private key does not match the certificate"

    def test_too_weak_a_key(self) -> None:
        who = identity(key=rsa_key(1024))
        assert "too small" in self.complaint(who.key_pem, who.pem)

    def test_nothing_of_a_key_shows(self) -> None:
        who = localhost_rsa()
        key = who.key_pem.decode()
        for text in (repr(who.credentials), self.complaint(who.key_pem[:500], who.pem)):
            assert not any(line in text for line in key.splitlines())


class TestTrust:
    def test_a_self_signed_certificate_vouches_for_itself(self) -> None:
        assert attempt(localhost(), ClientTrust("localhost", localhost().pem)) == ""

    def test_an_authority(self) -> None:
        root = identity("root", authority=True)
        leaf = identity("x", signer=root, alternatives=[dns("game.example.org"), ip("10.0.0.1")])
        for name in ("game.example.org", "10.0.0.1"):
            assert attempt(leaf, ClientTrust(name, root.pem)) == ""
        assert attempt(leaf, ClientTrust("x", root.pem)) == "it is for 'game.example.org', '10.0.0.1', not for 'x'."
        stranger = identity("root", authority=True)
        assert "signature is wrong" in attempt(leaf, ClientTrust("10.0.0.1", stranger.pem))
        assert attempt(leaf, ClientTrust("10.0.0.1", leaf.pem)) == ""  # only this very certificate

    def test_a_chain(self) -> None:
        root = identity("root", authority=True)
        between = identity("between", signer=root, authority=True)
        leaf = identity("localhost", signer=between)
        assert attempt(leaf, ClientTrust("localhost", root.pem)) == ""
        alone = leaf._replace(above=())
        assert attempt(alone, ClientTrust("localhost", root.pem)) == "it is not signed by an authority trusted here."
        assert attempt(alone, ClientTrust("localhost", between.pem)) == ""

    def test_a_signer_that_is_no_authority(self) -> None:
        root = identity("root", authority=True)
        nobody = identity("nobody", signer=root)
        leaf = identity("localhost", signer=nobody)
        assert "not an authority" in attempt(leaf, ClientTrust("localhost", root.pem))

    def test_dates(self) -> None:
        for begin, end, word in ((-YEAR, -DAY, "expired"), (DAY, YEAR, "not valid before")):
            who = identity(begin=begin, end=end)
            assert word in attempt(who, ClientTrust("localhost", who.pem))
            assert attempt(who, ClientTrust("", None, verify_chain=False, verify_name=False)) == ""

    def test_weak_signatures(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def careless(credentials: ServerCredentials) -> SSL.Context:
            """What some versions of OpenSSL would refuse on the server already."""
            with monkeypatch.context() as changed:
                changed.setattr(contexts, "_SUITES", b"ECDHE+CHACHA20:@SECLEVEL=0")
                return server_context(credentials)

        monkeypatch.setattr(server_module, "server_context", careless)
        # Key, certificate with SHA-1, and its root; good for a hundred years. Made by the openssl program.
        text = (Path(__file__).parent / "sha1.pem").read_bytes()
        key = serialization.load_pem_private_key(text, None)
        leaf, root = x509.load_pem_x509_certificates(text)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        trust = ClientTrust("localhost", root.public_bytes(serialization.Encoding.PEM))
        assert "hash that is too weak" in attempt(Identity(key, leaf), trust)

    @pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
    def test_godot_s_curves(self, curve: ec.EllipticCurve) -> None:
        who = identity(key=ec.generate_private_key(curve))
        assert attempt(who, ClientTrust("localhost", who.pem)) == ""

    def test_nobody_at_all(self) -> None:
        assert "self-signed" in attempt(localhost(), ClientTrust("localhost", b""))

    def test_who_is_not_believed_need_not_have_a_name(self) -> None:
        anybody = ClientTrust("", None, verify_chain=False, verify_name=False)
        assert attempt(localhost(), anybody) == ""
        chain_only = ClientTrust("", localhost().pem, verify_name=False)
        assert attempt(localhost(), chain_only) == ""
        assert attempt(identity(), chain_only) != ""

    def test_no_name_is_not_any_name(self) -> None:
        assert attempt(localhost(), ClientTrust("", localhost().pem)) == "it is for 'localhost', not for ''."

    def test_the_system_s_authorities(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        root = identity("root", authority=True)
        leaf = identity("localhost", signer=root)
        assert attempt(leaf, ClientTrust("localhost")) != ""
        file = tmp_path / "authorities.pem"
        file.write_bytes(root.pem)
        monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(file))
        assert attempt(leaf, ClientTrust("localhost")) == ""

    def test_unreadable_authorities(self) -> None:
        with pytest.raises(BadCredentials, match="certificate cannot be read"):
            Net().client(ClientTrust("localhost", b"-----BEGIN CERTIFICATE-----\nAAAA\n"))
