"""Which units a task has open."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from fastgres.db import OpenUnits
from tests.models import Author

if TYPE_CHECKING:
    from fastgres.db import Database, Session, UnitOfWork


async def test_counts_outermost_units_of_every_session(database: Database) -> None:
    units = OpenUnits()
    async with database.session() as session, session.begin(), session.begin():
        assert units.count == 1
    assert units.count == 0


async def test_names_what_they_have_written(session: Session) -> None:
    units = OpenUnits()
    async with session.begin():
        session.add(Author(name="Ada", email="ada@example.com"))
        assert units.changes() == ("new Author",)


async def test_forgets_a_unit_that_failed(session: Session) -> None:
    units = OpenUnits()
    with pytest.raises(ZeroDivisionError):
        async with session.begin():
            raise ZeroDivisionError
    assert units.count == 0


async def test_does_not_count_the_units_of_tasks_beside_it(database: Database) -> None:
    units = OpenUnits()
    opened, done = asyncio.Event(), asyncio.Event()

    async def beside() -> None:
        async with database.session() as session, session.begin():
            opened.set()
            await done.wait()

    task = asyncio.create_task(beside())
    await opened.wait()
    assert units.count == 0
    done.set()
    await task


async def test_a_unit_left_open_is_not_kept_alive_by_its_task(database: Database) -> None:
    async def leave() -> weakref.ref[UnitOfWork]:
        unit = database.session().begin()
        await unit.__aenter__()
        return weakref.ref(unit)

    left = await asyncio.create_task(leave())
    await asyncio.sleep(0)
    gc.collect()
    assert left() is None


async def test_does_not_count_units_from_before_or_after(session: Session) -> None:
    async with session.begin():
        units = OpenUnits()
        assert units.count == 0
        async with session.begin():
            assert units.count == 0
