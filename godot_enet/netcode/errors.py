"""Errors for bytes from the network that are not a valid message."""

from __future__ import annotations

__all__ = ["MessageError", "SchemaMismatch"]


class MessageError(ValueError):
    """A received message is truncated, too long, or contains impossible values. Nothing of it was applied."""


class SchemaMismatch(MessageError):
    """The other end describes its states differently: its program has another version."""
