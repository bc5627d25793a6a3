"""The row of a request that calls somebody else: begun, gone on with, finished or let go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

from fastgres.errors import ConfigurationError, RequestInProgressError
from fastgres.idempotency import sql
from fastgres.idempotency.answers import columns
from fastgres.idempotency.asked import take

if TYPE_CHECKING:
    from sqlalchemy import CursorResult, TextClause

    from fastgres.db import Session
    from fastgres.http import WholeResponse
    from fastgres.idempotency.asked import Asked
    from fastgres.idempotency.rules import Rules


class Progress:
    """Read and write the row, as long as this request holds it.

    Every write is fenced by the holder: who stood still for too long finds that it was taken over,
    and writes nothing.
    """

    def __init__(self, asked: Asked, rules: Rules) -> None:
        self._asked = asked
        self._rules = rules
        self._holder = uuid4()
        self.id: UUID = uuid4()
        self.done: dict[str, Any] = {}

    async def take(self, session: Session, request: dict[str, Any]) -> WholeResponse | None:
        """Hold the row from now on, new or where it was left; return the answer it has already.

        Raises RequestInProgressError while somebody else holds it.
        """
        asked = self._asked
        row = await take(session, asked)
        if not row.locked:
            raise RequestInProgressError
        answer = asked.answer_in(row)
        if answer is not None:
            return answer
        if row.state is None:
            await self._start(session, request)
        elif row.busy:
            raise RequestInProgressError
        else:
            self.id, self.done = row.id, json.loads(row.steps)
            await self._run(session, sql.RESUME, lock=self._rules.lock)
        return None

    async def _start(self, session: Session, request: dict[str, Any]) -> None:
        values = {**self._asked.place, **request, "fingerprint": self._asked.fingerprint}
        values |= {"id": self.id, "holder": self._holder}
        values |= {"lock": self._rules.lock, "lifetime": self._rules.lifetime}
        if _rows(await session.execute(sql.START, values)) == 0:
            raise RequestInProgressError

    async def record(self, session: Session, name: str, result: Any) -> None:
        """Write down what a step returned."""
        try:
            step = json.dumps({name: result})
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"The step {name!r} returned {type(result).__name__!r}, which JSON cannot hold "
                f"({error}). A retry is given what a step returned, so return text, numbers, lists "
                "and dictionaries: what the rest of the handler needs, and no more."
            ) from error
        await self._run(session, sql.RECORD, name=name, step=step, lock=self._rules.lock)
        self.done[name] = json.loads(step)[name]

    async def finish(self, session: Session, response: WholeResponse) -> None:
        """Store the answer."""
        values = columns(response)
        await self._run(session, sql.FINISH, lifetime=self._rules.lifetime, **values)

    async def release(self, session: Session, *, forget: bool) -> None:
        """Let somebody else hold it; `forget` it when nothing has happened."""
        values = {**self._asked.place, "holder": self._holder}
        await session.execute(sql.FORGET if forget else sql.RELEASE, values)

    async def _run(self, session: Session, statement: TextClause, **values: Any) -> None:
        given = {**self._asked.place, "holder": self._holder, **values}
        if _rows(await session.execute(statement, given)) == 0:
            raise RequestInProgressError(
                "This request took longer than it may hold its key, and was taken over."
            )


def _rows(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
