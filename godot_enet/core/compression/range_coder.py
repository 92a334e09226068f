"""ENet's own compression: an adaptive range coder over an order-2 model of the bytes.

Owns: the model and the arithmetic, bit for bit those of the reference for every input, valid or not. Must not know:
what the bytes mean. Every datagram is coded from a fresh model. Units: bytes; weights are parts of a context's total.

There is no length and no end mark. The coder omits trailing zero bytes, the decoder reads zeros beyond the end of its
input, and zeros decode to "not here" in the model's last context, which is the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from godot_enet.core.interface import Compressor

from godot_enet.core.protocol.constants import NativeCodec

__all__ = ["RangeCoder"]

# enet: compress.c: the constants at its top
_TOP = 1 << 24
_BOTTOM = 1 << 16
_MASK = 0xFFFFFFFF
_ORDER = 2
_POOL = 4096
_FULL = _POOL - _ORDER
"""The number of nodes after which the model starts over: one byte takes up to three."""
_ROOT = 0
_ROOT_STEP = 3
_STEP = 2
_ESCAPE_STEP = 5
_TOTAL_LIMIT = 0xFF00
_ROOT_COUNT_LIMIT = 250
_COUNT_LIMIT = 251


class _Model:
    """Which byte follows which two, one, and no bytes: contexts, and in each the symbols seen there.

    A node is both: a symbol in one context, and the context of what follows that symbol. It is an index into the
    lists below. Index 0 is the root, the context of no bytes; as a link, 0 is none. The symbols of a context form a
    binary search tree that is never balanced. A symbol new to a context is an escape there, with the weight
    ``escapes``, and is then coded in the next shorter one. In the root every byte has an initial weight of 1.
    """

    __slots__ = ("count", "escapes", "first", "left", "parent", "right", "size", "total", "under", "value")

    def __init__(self) -> None:
        # As symbol
        self.value = [0] * _POOL
        self.count = [0] * _POOL
        self.under = [0] * _POOL
        """Its count and those of the symbols left of it in the tree below it."""
        self.left = [0] * _POOL
        self.right = [0] * _POOL
        self.parent = [0] * _POOL
        """The same byte in the next shorter context."""
        # As context
        self.first = [0] * _POOL
        """The top of the tree of its symbols."""
        self.escapes = [0] * _POOL
        self.total = [0] * _POOL
        """All weights together."""
        self.size = 0
        """Nodes in use."""

    def reset(self) -> None:
        """Forget everything; leaves the root alone, with all bytes alike."""
        self.first[_ROOT] = 0
        self.escapes[_ROOT] = 1
        self.total[_ROOT] = 257
        self.size = 1

    def update(self, context: int, byte: int) -> tuple[int, int, int]:
        """Count ``byte`` in ``context``.

        Returns:
            Its node, and where its weight began, escapes not counted, and how much it was before. 0 is an escape.
        """
        value, under, left, right = self.value, self.under, self.left, self.right
        step, below = (_STEP, 0) if context else (_ROOT_STEP, byte)
        owner, branch = context, self.first
        node = branch[context]
        while node:
            symbol = value[node]
            if symbol == byte:
                weight = self.count[node]
                below += under[node] - weight
                if context == _ROOT:
                    weight += 1
                self._raise(context, node, step, weight)
                return node, below, weight
            owner = node
            if byte < symbol:
                under[node] += step
                branch = left
            else:
                below += under[node]
                branch = right
            node = branch[node]
        return self._add(context, owner, branch, byte), below, 0 if context else 1

    def find(self, context: int, slot: int) -> tuple[int, int, int] | None:
        """Count the symbol of ``context`` whose weight covers ``slot``; as ``update``. None if there is none.

        Not for the root.
        """
        count, under = self.count, self.under
        node = self.first[context]
        below = 0
        while node:
            after = below + under[node]
            if slot >= after:
                below = after
                node = self.right[node]
                continue
            weight = count[node]
            if slot >= after - weight:
                self._raise(context, node, _STEP, weight)
                return node, after - weight, weight
            under[node] += _STEP
            node = self.left[node]
        return None

    def find_in_root(self, slot: int) -> tuple[int, int, int]:
        """As ``find`` for the root, where a byte that is not there yet has a weight of 1.

        A slot beyond all weights, which only forged data has, wraps round to some byte, as in the reference; it may
        then be in the tree twice, and the later one out of order.
        """
        value, count, under = self.value, self.count, self.under
        owner, branch = _ROOT, self.first
        node = branch[_ROOT]
        below = 0
        byte = slot
        while node:
            symbol = value[node]
            after = below + under[node] + symbol + 1
            owner = node
            if slot >= after:
                byte = symbol + 1 + slot - after
                below += under[node]
                branch = self.right
            else:
                start = after - count[node] - 1
                if slot >= start:
                    weight = count[node] + 1
                    self._raise(_ROOT, node, _ROOT_STEP, weight)
                    return node, start, weight
                byte = symbol - start + slot
                under[node] += _ROOT_STEP
                branch = self.left
            node = branch[node]
        return self._add(_ROOT, owner, branch, byte & 0xFF), slot, 1

    def _raise(self, context: int, node: int, step: int, weight: int) -> None:
        """Count a symbol once more; its weight was ``weight``."""
        self.under[node] += step
        self.count[node] += step
        self.total[context] += step
        if weight > (_COUNT_LIMIT if context else _ROOT_COUNT_LIMIT) or self.total[context] > _TOTAL_LIMIT:
            self._halve(context)

    def _add(self, context: int, owner: int, branch: list[int], byte: int) -> int:
        """A new symbol of ``context``, hung on ``branch`` of ``owner``."""
        branch[owner] = node = self.size
        self.size += 1
        step = _STEP if context else _ROOT_STEP
        self.value[node] = byte
        self.count[node] = self.under[node] = step
        self.left[node] = self.right[node] = self.parent[node] = 0
        self.first[node] = self.escapes[node] = self.total[node] = 0
        if context:
            self.escapes[context] += _ESCAPE_STEP
            step += _ESCAPE_STEP
        self.total[context] += step
        if self.total[context] > _TOTAL_LIMIT:
            self._halve(context)
        return node

    def _halve(self, context: int) -> None:
        """Halve all counts, rounded up, so that old ones matter less and none overflows its byte."""
        count, left, right = self.count, self.left, self.right
        running = 0
        waiting: list[tuple[int, int]] = []
        node = self.first[context]
        while node or waiting:
            while node:
                waiting.append((node, running))
                node = left[node]
            node, before = waiting.pop()
            count[node] -= count[node] >> 1
            running += count[node]
            self.under[node] = running - before
            node = right[node]
        self.escapes[context] -= self.escapes[context] >> 1
        self.total[context] = running + self.escapes[context] + (0 if context else 256)


class RangeCoder:
    """Interchangeable with ``enet_host_compress_with_range_coder``; one datagram at a time."""

    native_mode = NativeCodec.RANGE_CODER
    """Its number in the C engine, which has it, too."""
    __slots__ = ("_model",)

    def __init__(self) -> None:
        self._model = _Model()

    def compress(self, data: bytes, limit: int) -> bytes | None:
        """The compressed data, or None if it would not be shorter than ``limit`` bytes or ``data`` is empty."""
        model = self._model
        escapes, total, parent, update = model.escapes, model.total, model.parent, model.update
        model.reset()
        predicted = order = 0
        low, span = 0, _MASK
        out = bytearray()
        for byte in data:
            context, shorter_of = predicted, 0
            while True:
                start, whole = escapes[context], total[context]
                node, below, weight = update(context, byte)
                if shorter_of:
                    parent[shorter_of] = node
                else:
                    predicted = node
                hit = weight > 0
                if hit:
                    start += below
                else:
                    start, weight = 0, start
                if weight:  # It is 0 in a context without symbols: only an escape is possible there, and is not coded.
                    span //= whole
                    low = low + start * span & _MASK
                    span *= weight
                    # Bytes leave once they are settled. The sum below may exceed 32 bits; a span is never so large
                    # that the comparison would come out differently then.
                    while True:
                        if low ^ (low + span) >= _TOP:
                            if span >= _BOTTOM:
                                break
                            span = -low & 0xFFFF
                        out.append(low >> 24)
                        span = span << 8 & _MASK
                        low = low << 8 & _MASK
                if hit:
                    break
                context, shorter_of = parent[context], node
            if len(out) >= limit:
                return None
            if order < _ORDER:
                order += 1
            else:
                predicted = parent[predicted]
            if model.size >= _FULL:
                model.reset()
                predicted = order = 0
        while low:
            out.append(low >> 24)
            low = low << 8 & _MASK
        return bytes(out) if 0 < len(out) < limit else None

    def decompress(self, data: bytes, limit: int) -> bytes | None:
        """The decompressed data, or None if ``data`` is invalid, or holds nothing or more than ``limit`` bytes."""
        model = self._model
        escapes, total, parent, value = model.escapes, model.total, model.parent, model.value
        model.reset()
        predicted = order = 0
        low, span = 0, _MASK
        code = int.from_bytes(data[:4].ljust(4, b"\0"), "big")
        rest = iter(data[4:])
        out = bytearray()
        while True:
            context = predicted
            while True:
                escape = escapes[context]
                if not escape:
                    context = parent[context]
                    continue
                span //= total[context]
                slot = ((code - low & _MASK) // span & 0xFFFF) - escape
                if slot < 0:
                    if context == _ROOT:
                        return bytes(out) if out and data else None
                    start, weight = 0, escape
                else:
                    found = model.find(context, slot) if context else model.find_in_root(slot)
                    if found is None:
                        return None
                    symbol, start, weight = found
                    start += escape
                low = low + start * span & _MASK
                span *= weight
                while True:  # As in ``compress``
                    if low ^ (low + span) >= _TOP:
                        if span >= _BOTTOM:
                            break
                        span = -low & 0xFFFF
                    code = code << 8 & _MASK | next(rest, 0)
                    span = span << 8 & _MASK
                    low = low << 8 & _MASK
                if slot >= 0:
                    break
                context = parent[context]
            if len(out) >= limit:
                return None
            byte = value[symbol]
            out.append(byte)
            # Now count the symbol in the longer contexts, as the coder did before it reached this one.
            longer, shorter_of = predicted, 0
            while longer != context:
                node = model.update(longer, byte)[0]
                if shorter_of:
                    parent[shorter_of] = node
                else:
                    predicted = node
                longer, shorter_of = parent[longer], node
            if shorter_of:
                parent[shorter_of] = symbol
            else:
                predicted = symbol
            if order < _ORDER:
                order += 1
            else:
                predicted = parent[predicted]
            if model.size >= _FULL:
                model.reset()
                predicted = order = 0


if TYPE_CHECKING:
    _check: type[Compressor] = RangeCoder
