"""One request's claim on its key, in one transaction with its effect and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from fastgres.db import OuterUnit, run_inside
from fastgres.errors import (
    ConfigurationError,
    KeyReusedError,
    LateCommitError,
    RequestInProgressError,
    SerializationFailureError,
)
from fastgres.idempotency import sql
from fastgres.idempotency.answers import columns
from fastgres.idempotency.asked import take

if TYPE_CHECKING:
    from fastgres.db import Session
    from fastgres.http import Exchange, WholeResponse
    from fastgres.idempotency.asked import Asked
    from fastgres.idempotency.rules import Rules

_AROUND: Final = (
    "An idempotent handler was called inside a unit of work, which a `yield` dependency holds open "
    "on the session of the request. The answer is stored in the transaction of its effect and sent "
    "when that is committed, and this one would be committed by somebody else, later or earlier. "
    "Open the unit in the service: `async with session.begin():`."
)
_REFUSED: Final = RuntimeError("not to be committed")

_ENDED: Final = (
    "The transaction of an idempotent request was ended by its handler, with `session.commit()` or "
    "`session.rollback()`, so the answer cannot be stored together with the effect, and a retry "
    "might do it again. Write `async with session.begin():` in the service."
)


class Claim:
    """Run one request inside one transaction, and store its answer in it.

    The handler's first unit of work is this transaction, and those after it are savepoints of it.
    It is committed when the response is known and before its first byte, or rolled back, so that a
    retry begins anew.
    """

    def __init__(self, exchange: Exchange, asked: Asked, rules: Rules) -> None:
        self._exchange = exchange
        self._asked = asked
        self._rules = rules
        self._counts = exchange.policy.lifecycle.idempotency
        self._outer: OuterUnit | None = None
        self._taken = 0

    async def begin(self) -> WholeResponse | None:
        """Take the key; return the answer that is stored for it already.

        Raises RequestInProgressError while a twin is being answered, KeyReusedError for another
        request, both without having waited.
        """
        session = self._exchange.unit.session
        if session.in_unit:
            raise ConfigurationError(_AROUND)
        self._outer = OuterUnit(session, self._take_anew)
        await self._outer.enter()
        try:
            stored = await self._take(self._outer)
        except BaseException as error:
            await self._leave(error)
            raise
        if stored is not None:
            await self._leave(_REFUSED)
            self._counts["replay"] += 1
            return stored
        self._exchange.hold(self)
        return None

    async def _take(self, outer: OuterUnit) -> WholeResponse | None:
        """Take the key for this transaction; return the answer that a twin has stored."""
        asked = self._asked
        row = await take(self._exchange.unit.session, asked)
        if not row.locked:
            self._counts["409"] += 1
            raise RequestInProgressError
        try:
            stored = asked.answer_in(row)
        except KeyReusedError:
            self._counts["422"] += 1
            raise
        self._taken = outer.turn
        return stored

    async def _take_anew(self) -> None:
        """Take the key again before a unit, when the first one has failed and let go of it.

        A twin that has answered meanwhile is found once more by `keep`.
        """
        outer = self._outer
        if outer is None or self._taken == outer.turn:
            return
        if await self._take(outer) is not None:
            self._taken = 0
            raise RequestInProgressError

    async def replay(self, stored: WholeResponse) -> Response:
        """Answer what is stored; return what FastAPI may answer instead, which nobody is sent."""
        await self._exchange.answer(stored)
        return Response(status_code=stored.status)

    async def keep(self, response: WholeResponse) -> WholeResponse:
        """Commit the effect with the answer, or roll it back; return what to answer."""
        if not self._rules.stores(response.status):
            await self._leave(_REFUSED)
            self._counts["rollback"] += 1
            twin = await self._answer_of_twin() if response.status < 500 else None
            return twin or response
        self._require_alone()
        outer = self._require_own_transaction()
        stored = None if self._taken == outer.turn else await self._take(outer)
        if stored is not None:
            await self._leave(_REFUSED)
            self._counts["replay"] += 1
            return stored
        await self._store(self._exchange.unit.session, response)
        await self._leave(None)
        self._counts["first"] += 1
        return response

    async def abandon(self) -> None:
        """Count what was rolled back."""
        self._counts["rollback"] += 1
        await self._leave(_REFUSED)

    async def _store(self, session: Session, response: WholeResponse) -> None:
        """Add the row; a twin that was faster has won, and its answer is the answer."""
        asked, given = self._asked, columns(response)
        values = (asked.caller, asked.key, asked.fingerprint, *given.values(), self._rules.lifetime)
        if not await run_inside(session, sql.STORE, values):
            raise SerializationFailureError

    async def _answer_of_twin(self) -> WholeResponse | None:
        """Return what a twin has stored whose commit this transaction did not see yet.

        What was refused here may be its effect: a second registration finds the first.
        """
        await self._exchange.unit.close()
        database = self._exchange.policy.lifecycle.opened_database
        async with database.session() as session:
            row = (await session.execute(sql.FIND, self._asked.place)).one_or_none()
        return self._asked.answer_in(row)

    def _require_alone(self) -> None:
        """Refuse units that are open beside this one, and would be committed after the answer."""
        if self._exchange.units.count > 1:
            raise LateCommitError(self._exchange.units.changes())

    def _require_own_transaction(self) -> OuterUnit:
        if self._outer is None or not self._outer.is_whole:
            raise ConfigurationError(_ENDED)
        return self._outer

    async def _leave(self, error: BaseException | None) -> None:
        if self._outer is not None:
            await self._outer.leave(error)
