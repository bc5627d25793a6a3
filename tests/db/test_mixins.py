"""Columns that most tables share."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from fastgres.db import uuid7
from tests.models import Author

if TYPE_CHECKING:
    from fastgres.db import Session


async def added(session: Session, **values: object) -> Author:
    author = Author(**({"name": "Ada", "email": "ada@example.com"} | values))
    async with session.begin():
        session.add(author)
    return author


async def test_the_key_is_made_by_the_client(session: Session) -> None:
    assert (await added(session)).id.version == 7


async def test_a_key_that_was_given_is_kept(session: Session) -> None:
    key = uuid7()
    assert (await added(session, id=key)).id == key


async def test_times_are_aware_and_the_servers(session: Session) -> None:
    author = await added(session)
    assert author.created_at.tzinfo is not None
    assert author.created_at == await session.scalar(select(func.now()))


@pytest.mark.clone
async def test_an_update_of_many_moves_updated_at(session: Session) -> None:
    author = await added(session)
    async with session.begin():
        await session.execute(update(Author).values(name="Augusta"))
    await session.refresh(author)
    assert author.updated_at > author.created_at


async def test_a_new_row_is_not_deleted(session: Session) -> None:
    assert (await added(session)).deleted_at is None


def test_the_time_of_deletion_is_a_timestamptz() -> None:
    assert Author.__table__.c.deleted_at.type.python_type is dt.datetime
    assert getattr(Author.__table__.c.deleted_at.type, "timezone", False) is True
