"""CryptoKey: an RSA or EC key, private or public."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from godot_enet.compat.crypto.files import as_path, read_file, write_file
from godot_enet.compat.crypto.keys import (
    describe,
    load_private_key,
    load_public_key,
    private_key_to_pem,
    public_key_to_pem,
)
from godot_enet.compat.crypto.problem import Problem, refuse
from godot_enet.compat.crypto.shared import Shared
from godot_enet.compat.errors import as_str, fail
from godot_enet.compat.globals import Error

if TYPE_CHECKING:
    from godot_enet.compat.crypto.keys import PrivateKey, PublicKey

__all__ = ["CryptoKey"]

_IN_USE = "Key is in use"


class _Held(NamedTuple):
    private: PrivateKey | None
    public: PublicKey


class CryptoKey(Shared):
    """Empty at first. It is never shown, logged, pickled or copied; :meth:`save` writes it for its owner only."""

    def __init__(self) -> None:
        super().__init__()
        self._held: _Held | None = None  # replaced as a whole: readers need no lock

    def load(self, path: str | os.PathLike[str], public_only: bool = False) -> Error:
        """Load a PEM file and replace the current key, which is kept on failure.

        (Godot 4.6 cannot load a second time: it fails, and usually loses the first key.)

        Args:
            path: the file.
            public_only: expect a public key. A file with a private key is then rejected, as in Godot.

        Returns:
            ``OK``; ``ERR_INVALID_PARAMETER`` when the file cannot be read; ``FAILED`` when it contains no key of the
            kind asked for, or one that is damaged, encrypted, or neither RSA nor EC; ``ERR_ALREADY_IN_USE`` while a
            connection uses this key.
        """
        name = as_path(path, "path")
        public = _as_flag(public_only)
        with self._guard:
            if self._users:
                return fail(_IN_USE, Error.ERR_ALREADY_IN_USE)
            try:
                text = read_file(name)
            except Problem as problem:
                return refuse(f"Cannot open CryptoKeyMbedTLS file '{name}'", problem, problem.error)
            return self._parse(text, public, f"Error parsing key from file '{name}'")

    def load_from_string(self, string_key: str, public_only: bool = False) -> Error:
        """Load a key like :meth:`load`, from PEM text."""
        text = as_str(string_key, "string_key").encode(errors="replace")
        public = _as_flag(public_only)
        with self._guard:
            if self._users:
                return fail(_IN_USE, Error.ERR_ALREADY_IN_USE)
            return self._parse(text, public, "Error parsing key")

    def save(self, path: str | os.PathLike[str], public_only: bool = False) -> Error:
        """Write a PEM file. Only its owner can read a file with a private key, even if it existed before.

        Args:
            path: the file; it is replaced atomically, or not at all.
            public_only: write the public key only.

        Returns:
            ``OK``; ``FAILED`` when there is no such key; ``ERR_INVALID_PARAMETER`` when the file cannot be written.
        """
        name = as_path(path, "path")
        public = _as_flag(public_only)
        try:
            text = self._to_pem(public)
        except Problem as problem:
            return refuse("Error writing key", problem, problem.error)
        try:
            write_file(name, text.encode(), owner_only=not public)
        except Problem as problem:
            return refuse(f"Cannot save CryptoKeyMbedTLS file '{name}'", problem, problem.error)
        return Error.OK

    def save_to_string(self, public_only: bool = False) -> str:
        """Return the key in PEM, or its public key; ``""`` with an error if there is none."""
        try:
            return self._to_pem(_as_flag(public_only))
        except Problem as problem:
            return refuse("Error saving key", problem, "")

    def is_public_only(self) -> bool:
        """Return whether there is no private key; true for an empty key, as in Godot."""
        return self._private is None

    @property
    def _private(self) -> PrivateKey | None:
        held = self._held
        return held and held.private

    @property
    def _public(self) -> PublicKey | None:
        held = self._held
        return held and held.public

    def _hold(self, key: PrivateKey) -> None:
        """Set the key of a new object."""
        self._held = _Held(key, key.public_key())

    def _parse(self, text: bytes, public_only: bool, doing: str) -> Error:
        try:
            if public_only:
                self._held = _Held(None, load_public_key(text))
            else:
                self._hold(load_private_key(text))
        except Problem as problem:
            return refuse(doing, problem, problem.error)
        return Error.OK

    def _to_pem(self, public_only: bool) -> str:
        held = self._held
        if held is None:
            raise Problem("no key is loaded")
        if public_only:
            return public_key_to_pem(held.public)
        if held.private is None:
            raise Problem("this is a public key; pass public_only=True")
        return private_key_to_pem(held.private)

    def __repr__(self) -> str:
        held = self._held
        if held is None:
            return "<CryptoKey: empty>"
        return f"<CryptoKey: {describe(held.public)}, {'public' if held.private is None else 'private'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a CryptoKey cannot be pickled or copied; save() writes it to a file")


def _as_flag(value: bool) -> bool:
    if not isinstance(value, (bool, int)):
        raise TypeError(f"public_only must be a bool, not {type(value).__name__}")
    return bool(value)
