"""CryptoKey as Godot has it: results, what stays after a failure, and that nothing shows the key."""

from __future__ import annotations

import copy
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from godot_enet.compat.crypto import CryptoKey
from godot_enet.compat.globals import Error
from tests.unit.compat.crypto.conftest import loaded
from tests.unit.compat.crypto.test_files import OWNER_ONLY, mode_of

Lines = Callable[[], list[str]]


def test_an_empty_key_saves_nothing(lines: Lines, tmp_path: Path) -> None:
    key = CryptoKey()
    assert key.is_public_only() is True
    assert (key.save_to_string(), key.save_to_string(True)) == ("", "")
    assert lines() == ["Error saving key: no key is loaded."] * 2
    assert key.save(tmp_path / "key") is Error.FAILED
    assert lines() == ["Error writing key: no key is loaded."]
    assert os.listdir(tmp_path) == []
    assert repr(key) == "<CryptoKey: empty>"


def test_a_private_key_survives_text_and_file(rsa_pem: str, tmp_path: Path) -> None:
    key = CryptoKey()
    assert key.load_from_string(rsa_pem) is Error.OK
    assert key.is_public_only() is False
    assert key.save_to_string() == rsa_pem
    assert key.save(tmp_path / "key") is Error.OK
    assert (tmp_path / "key").read_bytes() == rsa_pem.encode()
    again = CryptoKey()
    assert again.load(str(tmp_path / "key")) is Error.OK
    assert again.save_to_string() == rsa_pem


def test_a_public_key_saves_only_itself(rsa_key: CryptoKey, lines: Lines, tmp_path: Path) -> None:
    public = rsa_key.save_to_string(True)
    assert rsa_key.save(tmp_path / "key", public_only=True) is Error.OK
    assert (tmp_path / "key").read_text() == public
    key = CryptoKey()
    assert key.load(tmp_path / "key", public_only=True) is Error.OK
    assert key.is_public_only() is True
    assert key.save_to_string(public_only=True) == public
    assert key.save_to_string() == ""
    assert key.save(tmp_path / "other") is Error.FAILED
    assert lines() == [
        "Error saving key: this is a public key; pass public_only=True.",
        "Error writing key: this is a public key; pass public_only=True.",
    ]
    assert os.listdir(tmp_path) == ["key"]


def test_a_private_file_is_for_its_owner_only(rsa_key: CryptoKey, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("was here before")
    path.chmod(0o644)
    assert rsa_key.save(path) is Error.OK
    assert mode_of(path) == OWNER_ONLY


@pytest.mark.parametrize("text", ["", "garbage", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", "\ud800", "\0"])
def test_a_failure_keeps_what_was_loaded(text: str, rsa_pem: str, lines: Lines) -> None:
    key = loaded(rsa_pem)
    assert key.load_from_string(text) is Error.FAILED
    assert key.load_from_string(text, True) is Error.FAILED
    assert (key.is_public_only(), key.save_to_string()) == (False, rsa_pem)
    assert [line.partition(":")[0] for line in lines()] == ["Error parsing key"] * 2


def test_another_key_takes_the_place_of_the_first(rsa_pem: str, ec_pem: str) -> None:
    key = loaded(rsa_pem)
    public = key.save_to_string(True)
    assert key.load_from_string(ec_pem) is Error.OK
    assert key.save_to_string() == ec_pem
    assert key.load_from_string(public, True) is Error.OK
    assert key.is_public_only()
    assert key.save_to_string(True) == public


def test_files_that_are_not_there_are_errors(tmp_path: Path, lines: Lines, rsa_key: CryptoKey) -> None:
    key = CryptoKey()
    missing = str(tmp_path / "missing.key")
    assert key.load(missing) is Error.ERR_INVALID_PARAMETER
    assert lines() == [f"Cannot open CryptoKeyMbedTLS file '{missing}': No such file or directory."]
    assert key.load(tmp_path) is Error.ERR_INVALID_PARAMETER
    nowhere = str(tmp_path / "nowhere" / "key")
    assert rsa_key.save(nowhere) is Error.ERR_INVALID_PARAMETER
    assert lines()[1:] == [f"Cannot save CryptoKeyMbedTLS file '{nowhere}': No such file or directory."]


def test_files_with_something_else_are_errors(tmp_path: Path, lines: Lines) -> None:
    path = tmp_path / "key"
    for content in (b"", b"\x30\x82\x04\xa4\x02", bytes(range(256)), b"caf\xe9"):
        path.write_bytes(content)
        assert CryptoKey().load(path) is Error.FAILED
        assert lines()[0].startswith(f"Error parsing key from file '{path}': ")


def test_text_around_a_key_does_no_harm(rsa_pem: str) -> None:
    assert CryptoKey().load_from_string("my key\n" + rsa_pem + "\ufffd\nmore") is Error.OK


def test_a_key_in_use_cannot_be_changed(rsa_pem: str, ec_pem: str, lines: Lines, tmp_path: Path) -> None:
    key = loaded(rsa_pem)
    (tmp_path / "key").write_text(ec_pem)
    key._acquire()
    key._acquire()
    key._release()
    for public_only in (False, True):
        assert key.load(tmp_path / "key", public_only) is Error.ERR_ALREADY_IN_USE
        assert key.load_from_string(ec_pem, public_only) is Error.ERR_ALREADY_IN_USE
    assert lines() == ["Key is in use"] * 4
    assert key.save_to_string() == rsa_pem
    assert key.save(tmp_path / "copy") is Error.OK
    key._release()
    assert key.load(tmp_path / "key") is Error.OK


def test_readers_never_see_half_a_key(rsa_pem: str, ec_pem: str) -> None:
    key = loaded(rsa_pem)
    seen: set[str] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(key.save_to_string())

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(5):
        key.load_from_string(ec_pem)
        key.load_from_string(rsa_pem)
    done.set()
    for reader in readers:
        reader.join(10)
    assert seen <= {rsa_pem, ec_pem}
    assert seen


def test_it_is_not_shown(rsa_key: CryptoKey, ec_pem: str) -> None:
    assert repr(rsa_key) == str(rsa_key) == "<CryptoKey: RSA 2048 bits, private>"
    assert repr(loaded(loaded(ec_pem).save_to_string(True))) == "<CryptoKey: EC secp256r1, public>"


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_is_not_pickled_or_copied(take: Callable[[object], object], rsa_key: CryptoKey) -> None:
    with pytest.raises(TypeError, match="a CryptoKey cannot be pickled or copied"):
        take(rsa_key)


@pytest.mark.parametrize("method", ["load", "save", "load_from_string"])
def test_wrong_arguments_raise_and_are_named(method: str, rsa_key: CryptoKey) -> None:
    with pytest.raises(TypeError, match=r"must be a str"):
        getattr(rsa_key, method)(3)
    with pytest.raises(TypeError, match=r"^public_only must be a bool, not str$"):
        getattr(rsa_key, method)("x", "yes")
    with pytest.raises(TypeError, match=r"^public_only must be a bool, not NoneType$"):
        rsa_key.save_to_string(None)  # type: ignore[arg-type]


@given(data=st.data())
def test_damage_anywhere(data: st.DataObject, ec_pem: str) -> None:
    """Whatever is changed, the result is OK or FAILED, and a key that loads is whole."""
    at = data.draw(st.integers(0, len(ec_pem) - 1))
    length = data.draw(st.integers(0, 40))
    text = ec_pem[:at] + data.draw(st.text(max_size=20)) + ec_pem[at + length :]
    key = CryptoKey()
    result = key.load_from_string(text)
    assert result in (Error.OK, Error.FAILED)
    assert bool(key._held) == (result is Error.OK)
    if result is Error.OK:
        assert loaded(key.save_to_string()).save_to_string(True) == key.save_to_string(True)
