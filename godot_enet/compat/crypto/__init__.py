"""Godot's classes for keys, certificates and cryptography. ``cryptography`` is imported on first use."""

from godot_enet.compat.crypto.crypto import Crypto
from godot_enet.compat.crypto.crypto_key import CryptoKey
from godot_enet.compat.crypto.hashing_context import HashingContext
from godot_enet.compat.crypto.hmac_context import HMACContext
from godot_enet.compat.crypto.tls_options import TLSOptions
from godot_enet.compat.crypto.x509_certificate import X509Certificate, key_matches

__all__ = ["Crypto", "CryptoKey", "HMACContext", "HashingContext", "TLSOptions", "X509Certificate", "key_matches"]
