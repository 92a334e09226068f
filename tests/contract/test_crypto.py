"""The classes of TLS and cryptography have Godot's names, arguments, defaults and numbers."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from godot_enet.compat import crypto
from godot_enet.compat.globals import Error
from tests.contract.api import class_problems, load, method_problems
from tests.rows import each_row

_BESIDE = json.loads(Path(__file__).with_name("godot-4.6-hashing.json").read_text(encoding="utf-8"))
_NAMES = ["Crypto", "CryptoKey", "HMACContext", "HashingContext", "TLSOptions", "X509Certificate"]
CLASSES = {name: described for name, described in (load().classes | _BESIDE["classes"]).items() if name in _NAMES}
METHODS = [(name, method) for name, described in CLASSES.items() for method in described["methods"]]
PACKAGE = SimpleNamespace(Error=Error, **{name: getattr(crypto, name) for name in _NAMES})


def test_all_are_there() -> None:
    assert sorted(CLASSES) == sorted(_NAMES)
    assert set(_NAMES) < set(crypto.__all__)
    assert len(METHODS) == 33


@each_row(("name", "method"), [pytest.param(*pair, id=".".join(pair)) for pair in METHODS])
def test_method(name: str, method: str) -> None:
    described = CLASSES[name]["methods"][method]
    assert list(method_problems(PACKAGE, getattr(crypto, name), method, described)) == []


@pytest.mark.parametrize("name", _NAMES)
def test_enums_and_kinship(name: str) -> None:
    assert list(class_problems(PACKAGE, getattr(crypto, name), CLASSES[name])) == []
