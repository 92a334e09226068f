"""X509Certificate: one certificate, or several: a chain, or authorities to be trusted."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from godot_enet.compat.crypto.certificates import certificate_to_pem, load_certificates
from godot_enet.compat.crypto.crypto_key import CryptoKey
from godot_enet.compat.crypto.files import as_path, read_file, write_file
from godot_enet.compat.crypto.keys import public_bytes, supported_public_key
from godot_enet.compat.crypto.problem import Problem, refuse
from godot_enet.compat.crypto.shared import Shared
from godot_enet.compat.errors import as_str, fail
from godot_enet.compat.globals import Error

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["X509Certificate", "key_matches"]

_log = logging.getLogger("godot_enet")
_IN_USE = "Certificate is already in use."


class X509Certificate(Shared):
    """Empty at first. In a chain, the own certificate comes first, and each next one has signed the previous one."""

    def __init__(self) -> None:
        super().__init__()
        self._chain: tuple[Certificate, ...] = ()  # replaced as a whole: readers need no lock

    def load(self, path: str | os.PathLike[str]) -> Error:
        """Load all certificates of a PEM file, or the one of a DER file, and append them to the current ones.

        Invalid certificates are skipped with a warning if at least one is valid.

        Returns:
            ``OK``; ``ERR_INVALID_PARAMETER`` when the file cannot be read; ``FAILED`` when it contains no certificate
            that is valid; ``ERR_ALREADY_IN_USE`` while a connection uses this one.
        """
        name = as_path(path, "path")
        with self._guard:
            if self._users:
                return fail(_IN_USE, Error.ERR_ALREADY_IN_USE)
            try:
                content = read_file(name)
            except Problem as problem:
                return refuse(f"Cannot open X509CertificateMbedTLS file '{name}'", problem, problem.error)
            return self._append(content, f" from file '{name}'")

    def load_from_string(self, string: str) -> Error:
        """Load certificates like :meth:`load`, from PEM text."""
        text = as_str(string, "string").encode(errors="replace")
        with self._guard:
            if self._users:
                return fail(_IN_USE, Error.ERR_ALREADY_IN_USE)
            return self._append(text, "")

    def save(self, path: str | os.PathLike[str]) -> Error:
        """Write all certificates to a PEM file, in order. (Godot 4.6 writes the first one repeatedly.)

        Returns:
            ``OK``; ``FAILED`` when there is none, for which Godot writes an invalid file;
            ``ERR_INVALID_PARAMETER`` when the file cannot be written.
        """
        name = as_path(path, "path")
        text = self.save_to_string()
        if not text:
            return fail("Error writing certificate: none is loaded.", Error.FAILED)
        try:
            write_file(name, text.encode(), owner_only=False)
        except Problem as problem:
            return refuse(f"Cannot save X509CertificateMbedTLS file '{name}'", problem, problem.error)
        return Error.OK

    def save_to_string(self) -> str:
        """Return all certificates in PEM, in order; ``""`` if there are none."""
        return "".join(map(certificate_to_pem, self._chain))

    def _append(self, content: bytes, source: str) -> Error:
        try:
            found = load_certificates(content)
        except Problem as problem:
            return refuse(f"Error parsing X509 certificates{source}", problem, problem.error)
        for reason in found.skipped[:1]:
            _log.warning("X509 certificates%s: skipped %d, for example: %s.", source, len(found.skipped), reason)
        self._chain += found.certificates
        return Error.OK

    def __repr__(self) -> str:
        chain = self._chain
        if not chain:
            return "<X509Certificate: empty>"
        name = ",".join(part.rfc4514_string() for part in chain[0].subject.rdns)
        more = f" and {len(chain) - 1} more" if len(chain) > 1 else ""
        return f"<X509Certificate: {name}{more}>"


def key_matches(key: CryptoKey, certificate: X509Certificate) -> bool:
    """Whether the first certificate was made for this key; false when either is empty."""
    public = key._public
    chain = certificate._chain
    if public is None or not chain:
        return False
    return public_bytes(public) == public_bytes(supported_public_key(chain[0].public_key()))
