"""A request body that can be read twice: by who looks at its bytes, and by a second run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect

from fastgres.http.body import RequestBody

if TYPE_CHECKING:
    from starlette.types import Message, Receive


KEY: Final = b"idempotency-key"
"""The header of a request that may be run again: its body is spooled."""


class SpooledBody(RequestBody):
    """Keep in memory what was received, at most `max_body_size` bytes, and give it out again."""

    __slots__ = ("_messages", "_next", "_whole")

    def __init__(self, receive: Receive, *, limit: int, patience: float) -> None:
        super().__init__(receive, limit=limit, patience=patience)
        self._messages: list[Message] = []
        self._next = 0
        self._whole = False

    async def receive(self) -> Message:
        """Return the next message, from the spool as long as it has one."""
        if self._next == len(self._messages):
            message = await self._more()
            self._next = len(self._messages)
            return message
        self._next += 1
        return self._messages[self._next - 1]

    async def read(self) -> bytes:
        """Return the whole body, without taking it from who receives it.

        Raises ClientDisconnect when the client leaves before its end.
        """
        while not self._whole:
            message = await self._more()
            if message["type"] != "http.request":
                raise ClientDisconnect
        return b"".join(message.get("body", b"") for message in self._messages)

    def rewind(self) -> None:
        """Begin with the first byte again."""
        self._next = 0

    async def _more(self) -> Message:
        ended = self.complete
        message = await super().receive()
        if message["type"] == "http.request" and not ended:
            self._messages.append(message)
            self._whole = not message.get("more_body", False)
        return message
