"""Keys, certificates, signatures and messages go from us to a real Godot and back, and both refuse the same."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from godot_enet.compat.crypto import Crypto, CryptoKey, HashingContext, HMACContext, X509Certificate, key_matches
from godot_enet.compat.crypto.certificates import make_self_signed

from .conftest import need_godot
from .programs import HERE, Program

pytestmark = pytest.mark.interop

NAME, BEGIN, END = "CN=myserver,O=myorganisation,C=IT", "20140101000000", "20340101000000"
SIZES = {0: 16, 1: 20, 2: 32}
KINDS = ["rsa", "small", "p256", "p384", "p521", "brainpool"]
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@pytest.fixture(scope="module")
def godot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A Godot that runs crypto.gd."""
    executable = need_godot()
    home = tmp_path_factory.mktemp("crypto")
    project = home / "project"
    shutil.copytree(HERE / "godot", project)
    places = {name: str(home / name) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    command = [executable, "--headless", "--path", str(project), "--script", "crypto.gd", "--"]
    program = Program("godot", command, project, places)
    yield program
    output = program.output()
    program.close()
    assert "SCRIPT ERROR" not in output


@pytest.fixture(scope="module")
def private_keys() -> dict[str, Private]:
    """One of each kind, made by the library."""
    return {
        "rsa": rsa.generate_private_key(65537, 2048),
        "small": rsa.generate_private_key(65537, 1026),
        "p256": ec.generate_private_key(ec.SECP256R1()),
        "p384": ec.generate_private_key(ec.SECP384R1()),
        "p521": ec.generate_private_key(ec.SECP521R1()),
        "brainpool": ec.generate_private_key(ec.BrainpoolP256R1()),
    }


def in_form(
    key: Private,
    form: PrivateFormat,
    encryption: KeySerializationEncryption | None = None,
    encoding: Encoding | None = None,
) -> str:
    text = key.private_bytes(encoding or Encoding.PEM, form, encryption or NoEncryption())
    return text.decode()


class Both:
    """The same key here and there, both in halves."""

    def __init__(self, godot: Program, name: str, private: Private) -> None:
        text = in_form(private, PrivateFormat.PKCS8)
        self.name, self.public_name = name, name + " public"
        self.private, self.public = CryptoKey(), CryptoKey()
        assert self.private.load_from_string(text) == 0
        assert godot.call("load_key", name=name, text=text, public_only=False) == 0
        public = self.private.save_to_string(True)
        assert self.public.load_from_string(public, True) == 0
        assert godot.call("load_key", name=self.public_name, text=public, public_only=True) == 0


@pytest.fixture(params=KINDS)
def both(request: pytest.FixtureRequest, godot: Program, private_keys: dict[str, Private]) -> Both:
    return Both(godot, request.param, private_keys[request.param])


@pytest.fixture
def both_rsa(godot: Program, private_keys: dict[str, Private]) -> Both:
    return Both(godot, "rsa", private_keys["rsa"])


def test_both_write_the_same_keys(both: Both, godot: Program, tmp_path: Path) -> None:
    for public_only in (False, True):
        ours = both.private.save_to_string(public_only)
        assert godot.call("key_text", name=both.name, public_only=public_only) == ours
        path, theirs = tmp_path / "ours.key", tmp_path / "theirs.key"
        assert both.private.save(path, public_only) == 0
        assert godot.call("save_key", name=both.name, path=str(theirs), public_only=public_only) == 0
        assert path.read_bytes() == theirs.read_bytes() == ours.encode()


def test_godot_loads_our_key_files(both: Both, godot: Program, tmp_path: Path) -> None:
    for public_only in (False, True):
        path = tmp_path / f"{public_only}.key"
        assert both.private.save(path, public_only) == 0
        assert godot.call("load_key", name="loaded", path=str(path), public_only=public_only) == 0
        assert godot.call("key_text", name="loaded", public_only=True) == both.private.save_to_string(True)


def test_we_load_godots_keys(godot: Program, tmp_path: Path) -> None:
    assert godot.call("generate_rsa", name="theirs", size=2048)
    path = tmp_path / "theirs.key"
    for public_only in (False, True):
        assert godot.call("save_key", name="theirs", path=str(path), public_only=public_only) == 0
        key = CryptoKey()
        assert key.load(path, public_only) == 0
        assert key.is_public_only() is public_only
        assert key.save_to_string(public_only) == godot.call("key_text", name="theirs", public_only=public_only)
    assert repr(key) == "<CryptoKey: RSA 2048 bits, public>"


def test_both_make_keys_of_the_same_sizes(godot: Program) -> None:
    for size in (-1, 0, 512, 1023, 1024, 1025, 1026):
        assert godot.call("generate_rsa", name="new", size=size) == (Crypto().generate_rsa(size) is not None)


def test_both_refuse_the_same_keys(godot: Program, private_keys: dict[str, Private], tmp_path: Path) -> None:
    key, curve = private_keys["rsa"], private_keys["p256"]
    text, ec_text = (in_form(each, PrivateFormat.TraditionalOpenSSL) for each in (key, curve))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    other = ed25519.Ed25519PrivateKey.generate()
    end = text[text.index("\n-----END") :]
    texts = [
        "",
        "garbage",
        text,
        ec_text,
        public,
        text[:600],
        text[:600] + end,
        text.replace("\n", "\r\n"),
        text.replace("\n", "\n\n"),
        "a key\n" + text,
        text + "\ufffd\nand more",
        text + ec_text,
        public + text,
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode(),
        in_form(key, PrivateFormat.PKCS8),
        in_form(curve, PrivateFormat.PKCS8),
        in_form(key, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
        in_form(key, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"x")),
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        text.replace("RSA PRIVATE KEY", "CERTIFICATE"),
    ]
    results = set()
    for number, each in enumerate(texts):
        path = tmp_path / f"{number}.key"
        path.write_bytes(each.encode())
        for public_only in (False, True):
            ours, from_file = CryptoKey(), CryptoKey()
            result = godot.call("load_key", name="x", text=each, public_only=public_only)
            assert ours.load_from_string(each, public_only) == result, (number, public_only)
            from_there = godot.call("load_key", name="y", path=str(path), public_only=public_only)
            assert from_file.load(path, public_only) == from_there, (number, public_only)
            results |= {result, from_there}
            if result == 0:
                assert ours.save_to_string(True) == godot.call("key_text", name="x", public_only=True)
    for bad in (tmp_path, tmp_path / "missing"):
        assert CryptoKey().load(bad) == godot.call("load_key", name="x", path=str(bad), public_only=False) == 31
    assert results == {0, 1}


def test_both_make_the_same_certificate(both: Both, godot: Program) -> None:
    """Byte for byte, when ours has Godot's serial number."""
    ours = None
    for name in (NAME, "CN=localhost", "CN=a\\, b,O=c,emailAddress=a@b,C=DE"):
        while ours is None:
            godot.call(
                "generate_certificate", name="c", key=both.name, issuer_name=name, not_before=BEGIN, not_after=END
            )
            text = godot.call("certificate_text", name="c")
            made = X509Certificate()
            if made.load_from_string(text) != 0 or made._chain[0].serial_number.bit_length() > 159:
                continue  # numbers of 160 bits are not in RFC 5280, and Godot makes them every second time
            theirs = made._chain[0]
            private = both.private._private
            assert private is not None
            ours = make_self_signed(private, name, BEGIN, END, serial=theirs.serial_number)
            assert ours.tbs_certificate_bytes == theirs.tbs_certificate_bytes
            if isinstance(private, rsa.RSAPrivateKey):
                assert ours == theirs
            assert key_matches(both.private, made)
            theirs.verify_directly_issued_by(theirs)
        ours = None


def test_godot_loads_our_certificates(both: Both, godot: Program, tmp_path: Path) -> None:
    made = Crypto().generate_self_signed_certificate(both.private)
    assert made is not None
    path, theirs = tmp_path / "ours.crt", tmp_path / "theirs.crt"
    assert made.save(path) == 0
    assert godot.call("load_certificate", name="ours", path=str(path)) == 0
    assert godot.call("save_certificate", name="ours", path=str(theirs)) == 0
    assert theirs.read_bytes() == path.read_bytes()
    again = X509Certificate()
    assert again.load(theirs) == 0
    assert again.save_to_string() == made.save_to_string()


def test_both_load_chains_alike(godot: Program, private_keys: dict[str, Private], tmp_path: Path) -> None:
    chain = X509Certificate()
    for kind in ("rsa", "p256", "p384"):
        made = Crypto().generate_self_signed_certificate(Both(godot, kind, private_keys[kind]).private, f"CN={kind}")
        assert made is not None
        assert chain.load_from_string(made.save_to_string()) == 0
    path = tmp_path / "chain.crt"
    assert chain.save(path) == 0
    assert godot.call("load_certificate", name="chain", path=str(path)) == 0
    # Godot 4.6 writes the first certificate of a chain for each, and in a string a U+FFFD behind each block.
    text = godot.call("certificate_text", name="chain")
    assert text.count("BEGIN CERTIFICATE") == 3
    again = X509Certificate()
    assert again.load_from_string(text) == 0
    assert len(again._chain) == 3
    assert again.save_to_string().startswith(chain.save_to_string()[:200])


def test_both_refuse_the_same_certificates(godot: Program, private_keys: dict[str, Private], tmp_path: Path) -> None:
    made = Crypto().generate_self_signed_certificate(Both(godot, "p256", private_keys["p256"]).private)
    assert made is not None
    one = made.save_to_string()
    der = x509.load_pem_x509_certificate(one.encode()).public_bytes(Encoding.DER)
    end = "\n-----END CERTIFICATE-----\n"
    contents = [
        b"",
        b"garbage",
        one.encode(),
        (one + one).encode(),
        ("a certificate\n" + one + "\ufffd" + one).encode(),
        one.replace("\n", "\r\n").encode(),
        one[:200].encode(),
        (one[:200] + end).encode(),
        (one[:200] + end + one).encode(),
        (one[:200] + "\n" + one).encode(),
        (one + one[:200]).encode(),
        ("-----BEGIN CERTIFICATE-----" + end + one).encode(),
        in_form(private_keys["rsa"], PrivateFormat.PKCS8).encode(),
        (in_form(private_keys["rsa"], PrivateFormat.PKCS8) + one).encode(),
        one.replace("CERTIFICATE", "TRUSTED CERTIFICATE").encode(),
        der,
        der + der,
        der[:-2],  # Godot puts a 0 behind, and so might take it with one byte missing
    ]
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.crt"
        path.write_bytes(content)
        ours = X509Certificate()
        result = godot.call("load_certificate", name="x", path=str(path))
        assert ours.load(path) == result, number
        if result == 0:
            assert len(ours._chain) == godot.call("certificate_text", name="x").count("BEGIN"), number
    for bad in (tmp_path, tmp_path / "missing"):
        assert X509Certificate().load(bad) == godot.call("load_certificate", name="x", path=str(bad)) == 31


@pytest.mark.parametrize("hash_type", SIZES)
def test_both_verify_each_others_signatures(hash_type: int, both: Both, godot: Program) -> None:
    digest = hashlib.sha256(both.name.encode()).digest()[: SIZES[hash_type]]
    other = digest[:-1] + bytes([digest[-1] ^ 1])
    crypto = Crypto()
    ours = crypto.sign(hash_type, digest, both.private)
    theirs = bytes.fromhex(godot.call("sign", hash_type=hash_type, hash=digest.hex(), key=both.name))
    assert ours == theirs != b""
    for key, name in ((both.private, both.name), (both.public, both.public_name)):
        for signature in (ours, ours[:-1], ours + b"\0", b"\0" + ours, b"", bytes(len(ours))):
            for shown in (digest, other):
                answer = crypto.verify(hash_type, shown, signature, key)
                arguments = {"hash": shown.hex(), "signature": signature.hex(), "key": name}
                assert godot.call("verify", hash_type=hash_type, **arguments) is answer
                assert answer is (shown == digest and signature == ours)


def test_both_refuse_to_sign_the_same(both_rsa: Both, godot: Program) -> None:
    crypto = Crypto()
    for hash_type in (-1, 0, 1, 2, 3):
        for size in (0, 16, 20, 32, 64):
            for key, name in ((both_rsa.private, both_rsa.name), (both_rsa.public, both_rsa.public_name)):
                ours = crypto.sign(hash_type, bytes(size), key)
                assert ours.hex() == godot.call("sign", hash_type=hash_type, hash=bytes(size).hex(), key=name)


@pytest.mark.parametrize("kind", ["rsa", "small"])
def test_both_decrypt_each_others_messages(kind: str, godot: Program, private_keys: dict[str, Private]) -> None:
    both = Both(godot, kind, private_keys[kind])
    crypto = Crypto()
    most = (private_keys[kind].key_size + 7) // 8 - 11
    for size in (0, 1, 50, most - 1, most, most + 1):
        message = os.urandom(size)
        for key, name in ((both.private, both.name), (both.public, both.public_name)):
            ours = crypto.encrypt(key, message)
            theirs = godot.call("encrypt", key=name, text=message.hex())
            assert len(ours) == len(theirs) // 2 == (most + 11 if size <= most else 0)
            if size <= most:
                assert godot.call("decrypt", key=both.name, text=ours.hex()) == message.hex()
                assert crypto.decrypt(both.private, bytes.fromhex(theirs)) == message


def test_both_refuse_the_same_messages(both_rsa: Both, godot: Program, private_keys: dict[str, Private]) -> None:
    crypto = Crypto()
    numbers = private_keys["rsa"].public_key().public_numbers()
    assert isinstance(numbers, rsa.RSAPublicNumbers)
    padded = [
        b"\0\2" + b"\1" * 8 + b"\0" + b"m" * 245,
        b"\0\2" + b"\1" * 253 + b"\0",
        b"\0\2" + b"\1" * 7 + b"\0" + b"m" * 246,
        b"\0\2" + b"\1" * 254,
        b"\0\1" + b"\1" * 8 + b"\0" + b"m" * 245,
        b"\1\2" + b"\1" * 8 + b"\0" + b"m" * 245,
        bytes(256),
    ]
    texts = [pow(int.from_bytes(each, "big"), numbers.e, numbers.n).to_bytes(256, "big") for each in padded]
    texts += [b"", b"x", bytes(255), bytes(257), b"\xff" * 256, numbers.n.to_bytes(256, "big")]
    answers = [crypto.decrypt(both_rsa.private, text).hex() for text in texts]
    assert answers == [godot.call("decrypt", key=both_rsa.name, text=text.hex()) for text in texts]
    assert answers[0] == (b"m" * 245).hex()
    assert not any(answers[1:])
    assert godot.call("decrypt", key=both_rsa.public_name, text=texts[0].hex()) == ""


def test_both_make_the_same_hmac(godot: Program) -> None:
    crypto = Crypto()
    for hash_type in (-1, 0, 1, 2, 3):
        for key in (b"", b"k", b"k" * 64, b"k" * 65):
            for message in (b"", b"message"):
                ours = crypto.hmac_digest(hash_type, key, message).hex()
                assert godot.call("hmac", hash_type=hash_type, key=key.hex(), msg=message.hex()) == ours


@pytest.mark.parametrize("keyed", [False, True])
def test_contexts_answer_each_call_alike(keyed: bool, godot: Program) -> None:
    start: list[Any] = ["start", 2, "6b6579"]
    steps: list[list[Any]] = [
        ["update", "00"],
        ["finish"],
        *(["start", kind, "6b6579"] for kind in (3, -1)),
        ["start", 0, "6b6579"],
        ["update", "ff"],
        ["finish"],
        ["start", 2, ""],
        ["finish"],
        start,
        start,
        ["update", ""],
        ["update", "00" * 100],
        ["update", "01"],
        ["finish"],
        ["finish"],
        start,
        ["finish"],
        ["start", 1, "6b6579"],
        ["update", "02"],
        ["finish"],
    ]
    context = HMACContext() if keyed else HashingContext()
    results: list[Any] = []
    for do, *arguments in steps:
        if do == "start":
            kind, key = arguments
            started = (
                context.start(kind, bytes.fromhex(key)) if isinstance(context, HMACContext) else context.start(kind)
            )
            results.append(started)
        elif do == "update":
            results.append(context.update(bytes.fromhex(arguments[0])))
        else:
            results.append(context.finish().hex())
    assert godot.call("context", keyed=keyed, steps=steps) == results
