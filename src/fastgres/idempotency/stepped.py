"""One request's claim on its key, when its handler calls somebody else on the way."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastgres.db import OuterUnit
from fastgres.errors import (
    ConfigurationError,
    KeyReusedError,
    ProblemError,
    RequestInProgressError,
    UnavailableError,
)
from fastgres.idempotency.answers import NEVER
from fastgres.idempotency.claim import Claim
from fastgres.idempotency.progress import Progress
from fastgres.observability import get_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fastgres.db import Session
    from fastgres.http import Exchange, WholeResponse
    from fastgres.idempotency.asked import Asked
    from fastgres.idempotency.rules import Rules
    from fastgres.idempotency.steps import Steps

log = get_logger(__name__)

_MARGIN: Final = 0.8
"""Part of the time for which a key is held that its calls may take."""

_KEPT_HEADERS: Final = (b"accept", b"content-type", b"host", b"idempotency-key")


def _is_final(status: int) -> bool:
    """Tell whether a refusal says something about the request, and would say it again."""
    return 400 <= status < 500 and status not in NEVER


class SteppedClaim(Claim):
    """Run one request in several transactions, with what was done written down in between.

    The handler's last unit of work is committed together with the answer, as for any claim.
    """

    def __init__(self, exchange: Exchange, asked: Asked, rules: Rules, *, steps: Steps) -> None:
        super().__init__(exchange, asked, rules)
        self._steps = steps
        self._progress = Progress(asked, rules)
        self._deadline = 0.0
        self._names: set[str] = set()
        self._called = False
        self._refused = False

    async def begin(self) -> WholeResponse | None:
        """Hold the row of the key, in a transaction that is over before the handler begins."""
        session = self._exchange.unit.session
        request = await self._request()
        try:
            async with session.begin():
                stored = await self._progress.take(session, request)
        except (RequestInProgressError, KeyReusedError) as error:
            self._counts[str(error.status)] += 1
            raise
        if stored is not None:
            self._counts["replay"] += 1
            return stored
        self._renew()
        self._steps.bind(self)
        self._exchange.hold(self)
        await self._enter(session)
        return None

    async def call(self, name: str, call: Callable[[str], Awaitable[Any]]) -> Any:
        """Do a step outside of the database, if it was not done before."""
        self._take_name(name)
        if name in self._progress.done:
            return self._progress.done[name]
        async with self._between(name) as session:
            self._called = True
            result = await self._bounded(name, call)
            async with session.begin():
                await self._progress.record(session, name, result)
        return self._progress.done[name]

    async def write(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do a step in a transaction of its own, if it was not done before."""
        self._take_name(name)
        if name in self._progress.done:
            return self._progress.done[name]
        async with self._between(name) as session, session.begin():
            await self._progress.record(session, name, await work())
        return self._progress.done[name]

    @asynccontextmanager
    async def _between(self, name: str) -> AsyncIterator[Session]:
        """Leave the unit in which the handler reads, and enter the next one afterwards."""
        session = self._exchange.unit.session
        self._require_nothing_open(session, name)
        await self._leave(None)
        try:
            yield session
            self._renew()
        finally:
            await self._enter(session)

    async def _enter(self, session: Session) -> None:
        if self._outer is None:
            self._outer = OuterUnit(session)
        await self._outer.enter()

    def _renew(self) -> None:
        self._deadline = time.monotonic() + self._rules.lock.total_seconds() * _MARGIN

    async def _bounded(self, name: str, call: Callable[[str], Awaitable[Any]]) -> Any:
        """Call within the time for which this request holds its key."""
        limit = asyncio.timeout(self._deadline - time.monotonic())
        try:
            async with limit:
                return await call(f"fg-{self._progress.id}-{name}")
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise UnavailableError(f"The step {name!r} took too long.") from error
        except ProblemError as error:
            self._refused = _is_final(error.status)
            raise

    async def keep(self, response: WholeResponse) -> WholeResponse:
        """Commit the effect with the answer, or leave the request to a retry."""
        effective = self._rules.stores(response.status)
        if not effective and not (self._refused and _is_final(response.status)):
            await self._let_go()
            return response
        session = self._exchange.unit.session
        if not effective:
            await self._leave(RuntimeError())
            await self._enter(session)
        else:
            self._require_own_transaction()
        self._require_alone()
        await self._progress.finish(session, response)
        await self._leave(None)
        self._counts["first"] += 1
        return response

    async def abandon(self) -> None:
        """Leave the request to a retry, which goes on at the recovery point."""
        try:
            await self._let_go()
        except Exception as error:  # noqa: BLE001 - the row is free when its time is over
            log.warning("key not released", error=f"{type(error).__name__}: {error}")

    async def _let_go(self) -> None:
        await self._leave(RuntimeError())
        await self._exchange.unit.close()
        self._counts["rollback"] += 1
        forget = not (self._called or self._progress.done)
        database = self._exchange.policy.lifecycle.opened_database
        async with database.session() as session, session.begin():
            await self._progress.release(session, forget=forget)

    async def _request(self) -> dict[str, Any]:
        """Return what is stored of the request, for who finishes it if nobody comes back."""
        scope = self._exchange.scope
        kept = {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope.get("query_string", b"").decode("latin-1"),
            "headers": [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in scope["headers"]
                if name in _KEPT_HEADERS
            ],
        }
        return {"request": json.dumps(kept), "payload": await self._exchange.read_body()}

    def _take_name(self, name: str) -> None:
        """Refuse a name that comes twice: the second would be given the result of the first."""
        if name in self._names:
            raise ConfigurationError(
                f"The step {name!r} was run twice in one request. By its name a retry knows that a "
                "step is done, so each needs a name of its own: put the id of what it is about "
                'into it, such as f"charge-{item.id}".'
            )
        self._names.add(name)

    def _require_nothing_open(self, session: Session, name: str) -> None:
        if changes := session.uncommitted():
            raise ConfigurationError(
                f"Before the step {name!r} the handler has written: {', '.join(changes)}. A retry "
                "would write it again, as it runs what stands outside of steps once more. Write "
                'it after the last step, or in a step of its own: `await steps.write("...", work)`.'
            )
        if session.in_nested_transaction() or (self._outer is not None and self._outer.is_joined):
            raise ConfigurationError(
                f"The step {name!r} was run inside of a unit of work, which would hold its locks "
                "and a connection for as long as the other side takes. Run steps outside of "
                "`async with session.begin():`."
            )
