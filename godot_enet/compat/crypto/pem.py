"""PEM (RFC 7468): finding and decoding the blocks of a text.

Any text may come before, between and after the blocks: Godot 4.6 writes a U+FFFD after each, others a description.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import NamedTuple

from godot_enet.compat.crypto.problem import Problem

__all__ = ["Block", "choose", "find_blocks", "parse_body"]

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_ENCRYPTED = re.compile(rb"^\s*Proc-Type:\s*4\s*,\s*ENCRYPTED", re.MULTILINE)
_HOW_TO_DECRYPT = "it is encrypted, which is not supported (openssl pkey can save it without a passphrase)"


class Block(NamedTuple):
    """One block, not decoded yet."""

    label: str
    body: bytes | None
    """None when the END line is missing."""


def find_blocks(text: bytes) -> list[Block]:
    """Return all blocks in order."""
    blocks = []
    at = 0
    while (begin := _BEGIN.search(text, at)) is not None:
        label = begin.group(1)
        end = text.find(b"-----END " + label + b"-----", begin.end())
        if end < 0:
            blocks.append(Block(label.decode(), None))
            at = begin.end()
        else:
            blocks.append(Block(label.decode(), text[begin.end() : end]))
            at = end
    return blocks


def choose(text: bytes, labels: Sequence[str], wanted: str) -> Block:
    """Return the first block with one of these labels.

    Args:
        text: the whole text.
        labels: the accepted labels.
        wanted: their name in messages.

    Raises:
        Problem: there is no such block.
    """
    blocks = find_blocks(text)
    for block in blocks:
        if block.label in labels:
            return block
    if not text.strip():
        raise Problem("it is empty")
    if not blocks:
        raise Problem(f'it contains no PEM block, which begins with "-----BEGIN {labels[0]}-----"')
    found = ", ".join(dict.fromkeys(block.label for block in blocks[:4]))
    raise Problem(f"it contains no {wanted}, only: {found}")


def parse_body(block: Block) -> bytes:
    """Decode the bytes of a block.

    Raises:
        Problem: it is truncated, encrypted, damaged or empty.
    """
    if block.body is None:
        raise Problem(f"it is truncated: {block.label} has no END line")
    if block.label == "ENCRYPTED PRIVATE KEY" or _ENCRYPTED.search(block.body):
        raise Problem(_HOW_TO_DECRYPT)
    try:
        content = base64.b64decode(b"".join(block.body.split()), validate=True)
    except binascii.Error:
        raise Problem(f"the Base64 text of its {block.label} is damaged or truncated") from None
    if not content:
        raise Problem(f"its {block.label} is empty")
    return content
