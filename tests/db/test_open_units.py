"""Which units a task has open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fastgres.db import OpenUnits
from tests.models import Author

if TYPE_CHECKING:
    from fastgres.db import Database, Session


async def test_counts_outermost_units_of_every_session(database: Database) -> None:
    units = OpenUnits()
    async with database.session() as session, session.begin(), session.begin():
        assert units.count == 1
    assert units.count == 0
    units.end()


async def test_names_what_they_have_written(session: Session) -> None:
    units = OpenUnits()
    async with session.begin():
        session.add(Author(name="Ada", email="ada@example.com"))
        assert units.changes() == ("new Author",)
    units.end()


async def test_forgets_a_unit_that_failed(session: Session) -> None:
    units = OpenUnits()
    with pytest.raises(ZeroDivisionError):
        async with session.begin():
            raise ZeroDivisionError
    assert units.count == 0
    units.end()


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
    units.end()


async def test_does_not_count_units_from_before_or_after(session: Session) -> None:
    async with session.begin():
        units = OpenUnits()
        assert units.count == 0
        units.end()
        async with session.begin():
            assert units.count == 0
