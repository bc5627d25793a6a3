"""A response that is held back until somebody has seen to it that it is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgres.errors import ConfigurationError
from fastgres.http.failing import answer_failure, answer_fault, replacement_of
from fastgres.http.headers import not_about_the_body
from fastgres.http.keeper import WholeResponse
from fastgres.http.repeating import has_lost

if TYPE_CHECKING:
    from starlette.types import Message

    from fastgres.http.conversation import Conversation
    from fastgres.http.headers import Header
    from fastgres.http.keeper import Keeper

LARGEST = 1024 * 1024
"""Bytes of a body that is held back; it is in memory as a whole, and in the keeper's row."""

_FILES = frozenset({"http.response.pathsend", "http.response.zerocopysend"})


class Holding:
    """Gather the messages of one response, and let it go when its keeper has said that it is true.

    It takes what the application sends in place of the exchange.
    """

    __slots__ = ("_chunks", "_exchange", "_headers", "_keeper", "_size", "_status")

    def __init__(self, exchange: Conversation, keeper: Keeper) -> None:
        self._exchange = exchange
        self._keeper = keeper
        self._status = 0
        self._headers: tuple[Header, ...] = ()
        self._chunks: list[bytes] = []
        self._size = 0

    async def send(self, message: Message) -> None:
        """Take a message; with the last one the response is decided upon."""
        kind = message["type"]
        if kind == "http.response.start":
            self._status = message["status"]
            self._headers = tuple(message.get("headers", ()))
        elif kind == "http.response.body":
            self._add(message.get("body", b""))
            if not message.get("more_body", False):
                await self._decide()
        elif kind in _FILES:
            raise ConfigurationError(
                "A file was sent as the response of a request that is answered once for each "
                "Idempotency-Key, and files are not stored. Take Idempotent from the route, or "
                "answer with the address of the file."
            )

    def _add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > LARGEST:
            raise ConfigurationError(
                f"The response of a request with an Idempotency-Key has more than {LARGEST} bytes, "
                "so it cannot be stored with its effect, and nothing was committed. Answer with "
                "less, for example with the address of what was made, or take Idempotent from the "
                "route."
            )
        self._chunks.append(chunk)

    async def _decide(self) -> None:
        exchange = self._exchange
        exchange.drop_rest()
        if exchange.lost:
            return
        fault = replacement_of(exchange, self._status, self._headers)
        if fault is not None:
            await answer_fault(exchange, fault, kept=not_about_the_body(self._headers))
            return
        response = WholeResponse(self._status, self._headers, b"".join(self._chunks))
        try:
            response = await self._keeper.keep(response)
        except Exception as error:  # noqa: BLE001 - the boundary answers for every error
            if not has_lost(exchange, error):
                await answer_failure(exchange, error)
            return
        exchange.keeper = None
        await exchange.unit.settle(response.status)
        await exchange.answer(response)
