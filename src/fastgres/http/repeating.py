"""Run the application again for the same request, when its unit of work lost a race."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from fastgres.db import draw_pause
from fastgres.errors import SerializationFailureError
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

    from fastgres.http.conversation import Conversation
    from fastgres.http.spool import SpooledBody

log = get_logger(__name__)

ATTEMPTS: Final = 3


async def run_repeatedly(exchange: Conversation, body: SpooledBody, app: ASGIApp) -> None:
    """Run the application until it has answered, three times at most.

    Only while a keeper holds the response: then nothing was committed and nothing was sent. The
    body is received before, so that nobody holds a connection of the database while it trickles in.
    """
    await body.read()
    fresh = _copied(exchange.scope)
    for left in reversed(range(ATTEMPTS)):
        exchange.attempts_left = left
        try:
            await app(exchange.scope, body.receive, exchange.send)
        except Exception as error:
            if not has_lost(exchange, error):
                raise
        if not exchange.lost:
            return
        log.info("request runs again", path=exchange.scope["path"], attempts_left=left)
        await exchange.begin_again()
        exchange.scope.clear()
        exchange.scope.update(_copied(fresh))
        body.rewind()
        await asyncio.sleep(draw_pause())


def has_lost(exchange: Conversation, error: BaseException) -> bool:
    """Note a race that the unit lost, if the application can be run again because of it."""
    raced = isinstance(error, SerializationFailureError)
    exchange.lost = raced and exchange.keeper is not None and exchange.attempts_left > 0
    return exchange.lost


def _copied(scope: Scope) -> Scope:
    """Copy what routers and middleware write into; the server goes on with its own."""
    return {**scope, "state": {**scope["state"]}} if "state" in scope else {**scope}
