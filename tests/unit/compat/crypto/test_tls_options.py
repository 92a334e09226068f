"""TLSOptions: what each constructor sets, and that nothing changes it."""

from __future__ import annotations

import copy
import pickle

import pytest

from godot_enet.compat.crypto import CryptoKey, TLSOptions, X509Certificate

CHAIN, KEY = X509Certificate(), CryptoKey()


@pytest.mark.parametrize(
    ("options", "server", "unsafe", "name", "chain", "key", "certificate"),
    [
        (TLSOptions.client(), False, False, "", None, None, None),
        (TLSOptions.client(CHAIN, "server.example"), False, False, "server.example", CHAIN, None, None),
        (TLSOptions.client(common_name_override="a"), False, False, "a", None, None, None),
        (TLSOptions.client_unsafe(), False, True, "", None, None, None),
        (TLSOptions.client_unsafe(CHAIN), False, True, "", CHAIN, None, None),
        (TLSOptions.server(KEY, CHAIN), True, False, "", None, KEY, CHAIN),
        (TLSOptions.server(None, None), True, False, "", None, None, None),
    ],
)
def test_each_constructor_sets_what_godots_does(
    options: TLSOptions,
    server: bool,
    unsafe: bool,
    name: str,
    chain: X509Certificate | None,
    key: CryptoKey | None,
    certificate: X509Certificate | None,
) -> None:
    assert (options.is_server(), options.is_unsafe_client()) == (server, unsafe)
    assert options.get_common_name_override() == name
    assert options.get_trusted_ca_chain() is chain
    assert options.get_private_key() is key
    assert options.get_own_certificate() is certificate


def test_it_has_no_constructor_of_its_own() -> None:
    with pytest.raises(TypeError, match=r"^TLSOptions cannot be constructed; use TLSOptions.client"):
        TLSOptions()


@pytest.mark.parametrize("name", ["_key", "_mode", "anything"])
def test_it_never_changes(name: str) -> None:
    options = TLSOptions.server(KEY, CHAIN)
    with pytest.raises(AttributeError, match="immutable"):
        setattr(options, name, None)
    with pytest.raises(AttributeError, match="immutable"):
        delattr(options, name)
    assert options.get_private_key() is KEY


def test_it_shows_and_gives_away_nothing() -> None:
    options = TLSOptions.server(KEY, CHAIN)
    assert repr(options) == "<TLSOptions: server>"
    assert repr(TLSOptions.client_unsafe()) == "<TLSOptions: client_unsafe>"
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="TLSOptions cannot be pickled or copied"):
            take(options)


def test_wrong_arguments_raise_and_are_named() -> None:
    with pytest.raises(TypeError, match=r"^trusted_chain must be an X509Certificate, not CryptoKey$"):
        TLSOptions.client(KEY)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^trusted_chain must be an X509Certificate, not str$"):
        TLSOptions.client_unsafe("ca.crt")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^common_name_override must be a str, not NoneType$"):
        TLSOptions.client(None, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^key must be a CryptoKey, not X509Certificate$"):
        TLSOptions.server(CHAIN, KEY)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^certificate must be an X509Certificate, not CryptoKey$"):
        TLSOptions.server(KEY, KEY)  # type: ignore[arg-type]
