"""A transaction around the units of others, of which the first needs no savepoint."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import event, func, select

from fastgres.db import Database, OuterUnit, Session
from fastgres.errors import UniqueViolationError
from tests.models import Author


def ada(email: str = "ada@example.com") -> Author:
    return Author(name="Ada", email=email)


async def stored(session: Session) -> int:
    return await session.scalar(select(func.count()).select_from(Author)) or 0


async def fail(session: Session) -> None:
    """Write in a unit that an error leaves."""
    with contextlib.suppress(ZeroDivisionError):
        async with session.begin():
            session.add(ada("lost@example.com"))
            await session.flush()
            raise ZeroDivisionError


@asynccontextmanager
async def around(session: Session, **options: Any) -> AsyncIterator[OuterUnit]:
    """Hold an outer unit, and commit it in the end."""
    outer = OuterUnit(session, **options)
    await outer.enter()
    yield outer
    await outer.leave(None)


@pytest.mark.clone
@pytest.mark.parametrize(("units", "savepoints"), [(1, 0), (2, 1), (3, 2)])
async def test_units_after_the_first_are_savepoints(
    units: int, savepoints: int, database: Database
) -> None:
    seen: list[int] = []
    async with database.session() as session, around(session):
        event.listen(session.sync_session, "after_transaction_create", lambda *_: seen.append(1))
        for number in range(units):
            async with session.begin():
                session.add(ada(f"{number}@example.com"))
    assert len(seen) - units == savepoints  # a flush makes one of its own
    async with database.session() as session:
        assert await stored(session) == units


async def test_unit_inside_a_joined_one_is_a_savepoint(session: Session) -> None:
    async with around(session), session.begin():
        session.add(ada())
        await fail(session)
    assert await stored(session) == 1


async def test_first_unit_that_fails_is_undone_and_the_next_is_the_first(session: Session) -> None:
    async with around(session) as outer:
        await fail(session)
        assert (outer.is_whole, outer.turn, session.in_unit) == (True, 2, True)
        await fail(session)
        assert outer.turn == 3
        async with session.begin():
            session.add(ada())
        await fail(session)
        assert outer.turn == 3
    assert not session.in_unit
    assert await stored(session) == 1


async def test_first_unit_is_refused_where_it_ends(session: Session) -> None:
    async with around(session) as outer:
        with pytest.raises(UniqueViolationError):
            async with session.begin():
                session.add_all([ada(), ada()])
        assert outer.turn == 2
    assert await stored(session) == 0


async def test_what_was_written_before_a_unit_outlives_it(session: Session) -> None:
    async with around(session) as outer:
        session.add(ada())
        await fail(session)
        assert outer.turn == 1
    assert await stored(session) == 1


async def test_transaction_that_somebody_else_has_ended_is_not_whole(session: Session) -> None:
    outer = OuterUnit(session)
    states = [outer.is_whole]
    await outer.enter()
    states.append(outer.is_whole)
    await session.rollback()
    states.append(outer.is_whole)
    await outer.leave(None)
    assert states == [False, True, False]


async def test_units_are_announced(session: Session) -> None:
    turns: list[int] = []

    async def before() -> None:
        turns.append(outer.turn)

    async with around(session, before=before) as outer:
        await fail(session)
        async with session.begin(), session.begin():
            """Only the outer of the two concerns it."""
    assert turns == [1, 2]


async def test_unit_that_is_not_let_in_has_not_begun(session: Session) -> None:
    async def refuse() -> None:
        raise PermissionError

    async with around(session, before=refuse) as outer:
        with pytest.raises(PermissionError):
            async with session.begin():
                pytest.fail("must not be entered")
        assert (outer.is_joined, session.in_unit) == (False, True)
    assert not session.in_unit


async def test_tells_whether_it_is_joined(session: Session) -> None:
    states: list[bool] = []
    async with around(session) as outer:
        for _ in range(2):
            async with session.begin():
                states.append(outer.is_joined)
            states.append(outer.is_joined)
    assert states == [True, False, False, False]
