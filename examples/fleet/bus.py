"""NATS for rooms and gateways: messages of messages.py out and in, and nothing else gets in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import nats.errors
from nats.aio.client import Client

from .messages import BadMessage, Message, Refusal, Ticket, pack, unpack

if TYPE_CHECKING:
    from nats.aio.msg import Msg

log = logging.getLogger("fleet")
ASK_SECONDS = 1.0
MAX_PENDING = 1 << 20  # bytes that wait for a handler; beyond that messages are dropped
_M = TypeVar("_M", bound=Message)


class Unreachable(Exception):
    """Nobody listens: the room is gone, and NATS knows it."""


class Bus:
    """A connection to NATS that comes back by itself. While it is away, nothing is sent, and questions are refused."""

    def __init__(self) -> None:
        self._client = Client()
        self._ignored = 0

    @property
    def is_there(self) -> bool:
        return bool(self._client.is_connected)

    async def connect(self, urls: str, name: str) -> None:
        """Connect to one of the servers, separated by commas, however long it takes until one is there."""
        await self._client.connect(
            urls.split(","),
            name=name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,
            error_cb=self._on_error,
            reconnected_cb=self._on_reconnected,
        )

    async def close(self) -> None:
        await self._client.close()

    async def publish(self, subject: str, message: Message) -> None:
        if self.is_there:
            try:
                await self._client.publish(subject, pack(message))
            except nats.errors.Error as error:
                log.warning("Not published on %s: %r", subject, error)

    async def listen(self, subject: str, kind: type[_M], handler: Callable[[str, _M], object]) -> None:
        """Call the handler with the subject and the message of each that is good."""

        async def heard(raw: Msg) -> None:
            message = self._unpack(raw, kind)
            if message is not None:
                handler(raw.subject, message)

        await self._client.subscribe(subject, cb=heard, pending_bytes_limit=MAX_PENDING)

    async def answer(self, subject: str, kind: type[_M], handler: Callable[[_M], Awaitable[Message]]) -> None:
        """Answer questions, one after the other."""

        async def asked(raw: Msg) -> None:
            message = self._unpack(raw, kind)
            if message is not None and raw.reply:
                await raw.respond(pack(await handler(message)))

        await self._client.subscribe(subject, cb=asked, pending_bytes_limit=MAX_PENDING)

    async def ask(self, subject: str, question: Message) -> Ticket | Refusal:
        """Return the answer. Raises Unreachable if nobody is there to give one."""
        if not self.is_there:
            return Refusal("The bus is away. Try again.")
        try:
            reply = await self._client.request(subject, pack(question), timeout=ASK_SECONDS)
            answer: Ticket | Refusal = unpack(reply.data, Ticket, Refusal)
            return answer
        except nats.errors.NoRespondersError:
            raise Unreachable(subject) from None
        except (nats.errors.Error, asyncio.TimeoutError, BadMessage) as error:
            log.warning("No good answer on %s: %r", subject, error)
            return Refusal("No answer. Try again.")

    def _unpack(self, raw: Msg, kind: type[_M]) -> _M | None:
        try:
            message: _M = unpack(raw.data, kind)
            return message
        except BadMessage as error:
            self._ignored += 1
            if self._ignored & (self._ignored - 1) == 0:  # the 1st, 2nd, 4th, ...: a flood does not fill the log
                log.warning("Ignored message %d that is not good, on %s: %s", self._ignored, raw.subject, error)
            return None

    async def _on_error(self, error: Exception) -> None:
        log.warning("NATS: %r", error)

    async def _on_reconnected(self) -> None:
        log.info("NATS is back.")
