"""One request's claim on its key, in one transaction with its effect and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from starlette.responses import Response

from fastgres.errors import (
    ConfigurationError,
    KeyReusedError,
    LateCommitError,
    RequestInProgressError,
    SerializationFailureError,
)
from fastgres.idempotency import sql
from fastgres.idempotency.answers import columns

if TYPE_CHECKING:
    from sqlalchemy import CursorResult
    from sqlalchemy.orm import SessionTransaction

    from fastgres.db import Session, UnitOfWork
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

ENDED: Final = (
    "The transaction of an idempotent request was ended by its handler, with `session.commit()` or "
    "`session.rollback()`, so the answer cannot be stored together with the effect, and a retry "
    "might do it again. Write `async with session.begin():` in the service."
)


class Claim:
    """Run one request inside one transaction, and store its answer in it.

    The handler's units of work are savepoints of it. It is committed when the response is known
    and before its first byte, or rolled back, so that a retry begins anew.
    """

    def __init__(self, exchange: Exchange, asked: Asked, rules: Rules) -> None:
        self._exchange = exchange
        self._asked = asked
        self._rules = rules
        self._counts = exchange.policy.lifecycle.idempotency
        self._unit: UnitOfWork | None = None
        self._root: SessionTransaction | None = None

    async def begin(self) -> WholeResponse | None:
        """Take the key; return the answer that is stored for it already.

        Raises RequestInProgressError while a twin is being answered, KeyReusedError for another
        request, both without having waited.
        """
        session = self._exchange.unit.session
        if session.in_unit:
            raise ConfigurationError(_AROUND)
        self._unit = session.begin()
        await self._unit.__aenter__()
        try:
            stored = await self._take(session)
        except BaseException as error:
            await self._leave(error)
            raise
        if stored is not None:
            await self._leave(_REFUSED)
            self._counts["replay"] += 1
            return stored
        self._root = session.sync_session.get_transaction()
        self._exchange.hold(self)
        return None

    async def _take(self, session: Session) -> WholeResponse | None:
        asked = self._asked
        row = (await session.execute(sql.TAKE, {**asked.place, "lock": asked.lock})).one()
        if not row.locked:
            self._counts["409"] += 1
            raise RequestInProgressError
        try:
            return asked.answer_in(row)
        except KeyReusedError:
            self._counts["422"] += 1
            raise

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
        session = self._exchange.unit.session
        self._require_alone()
        self._require_own_transaction(session)
        await self._store(session, response)
        await self._leave(None)
        self._counts["first"] += 1
        return response

    async def abandon(self) -> None:
        """Count what was rolled back."""
        self._counts["rollback"] += 1
        await self._leave(_REFUSED)

    async def _store(self, session: Session, response: WholeResponse) -> None:
        """Add the row; a twin that was faster has won, and its answer is the answer."""
        values = {**self._asked.place, **columns(response), "lifetime": self._rules.lifetime}
        values["fingerprint"] = self._asked.fingerprint
        result = cast("CursorResult[object]", await session.execute(sql.STORE, values))
        if result.rowcount == 0:
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

    def _require_own_transaction(self, session: Session) -> None:
        if session.sync_session.get_transaction() is not self._root:
            raise ConfigurationError(ENDED)

    async def _leave(self, error: BaseException | None) -> None:
        unit, self._unit = self._unit, None
        if unit is not None:
            await unit.__aexit__(None if error is None else type(error), error, None)
