"""The request body: no larger than allowed, and not for ever on its way."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from fastgres.errors import BadRequestError, PayloadTooLargeError, ProblemError, RequestTimeoutError

if TYPE_CHECKING:
    from starlette.types import Message, Receive

LINGER_SECONDS = 2.0
LINGER_BYTES = 8 * 1024 * 1024
"""How much of a refused body is still read and thrown away, so that the client gets to the answer.

Closing a socket with unread data resets it, and the reset may overtake the response.
"""

UNREAD_BYTES = 64 * 1024
"""Up to this size a server has an unread body at hand, so the connection can be kept."""


class RequestBody:
    """Stand between server and application: count the bytes, and the time spent waiting for them.

    `fault` keeps what went wrong, because a framework that reads the body may turn the error
    raised here into another one (FastAPI: 400).
    """

    __slots__ = ("_allowed", "_limit", "_patience", "_receive", "complete", "declared", "fault")

    def __init__(self, receive: Receive, *, limit: int, patience: float) -> None:
        self._receive = receive
        self._limit = limit
        self._allowed = limit
        self._patience = patience
        self.declared: int | None = None
        self.complete = False
        self.fault: ProblemError | None = None

    async def receive(self) -> Message:
        """Return the next message; raise 413 or 408 when the body breaks its bounds."""
        if self.fault is not None:
            raise self.fault
        if self.complete:
            return await self._receive()
        message = await self._wait()
        if message["type"] != "http.request":
            self.complete = True
            return message
        self._allowed -= len(message.get("body", b""))
        if self._allowed < 0:
            self.fault = too_large(self._limit)
            raise self.fault
        self.complete = not message.get("more_body", False)
        return message

    async def _wait(self) -> Message:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._patience):
                message = await self._receive()
        except TimeoutError:
            self.fault = RequestTimeoutError(headers={"Connection": "close"})
            raise self.fault from None
        self._patience = max(0.0, self._patience - (time.monotonic() - began))
        return message

    @property
    def ties_up_connection(self) -> bool:
        """Whether so much may still be on its way that the connection is better closed."""
        return not self.complete and (self.declared is None or self.declared > UNREAD_BYTES)

    async def linger(self, *, waits: bool) -> None:
        """Throw away what still comes, within bounds; nothing does from a client that `waits`.

        Such a client asked for leave (`Expect: 100-continue`), and got it at the first read.
        """
        if waits and self._allowed == self._limit:
            return
        left = LINGER_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0 and not self.complete:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    self.complete = not message.get("more_body", False)


def too_large(limit: int) -> PayloadTooLargeError:
    """Return the 413 that names the limit."""
    return PayloadTooLargeError(
        f"The request body may have {limit} bytes at most.",
        extensions={"max_body_size": limit},
        headers={"Connection": "close"},
    )


def declared_length(value: bytes) -> int:
    """Return a Content-Length as a number; raises BadRequestError for anything else."""
    if not value.isdigit() or len(value) > 18:
        raise BadRequestError("The Content-Length header is not a number.")
    return int(value)
