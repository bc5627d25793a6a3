"""Whether a statement runs as it was compiled."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as SyncSession

from fastgres.db import Session, only_watches, runs_as_compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgres.db import Database


def adds(_: Any) -> None:
    """Add criteria, for all that is known."""


@only_watches
def watches(_: Any) -> None:
    """Look on."""


@contextmanager
def listening(target: Any, listener: Any) -> Iterator[None]:
    """Listen to statements for a while."""
    event.listen(target, "do_orm_execute", listener)
    try:
        yield
    finally:
        event.remove(target, "do_orm_execute", listener)


async def sources(database: Database) -> list[Any]:
    """Return what reads take: sessions new and used, of ours and of others, and the bind."""
    used = database.session()
    used.sync_session  # noqa: B018 - makes it
    return [database.session(), used, AsyncSession(database.source), database.source]


async def test_of_itself(database: Database) -> None:
    """Also in a test that is rolled back, whose sessions are watched."""
    assert [runs_as_compiled(each) for each in await sources(database)] == [True] * 4


@pytest.mark.parametrize("target", [SyncSession, Session.sync_session_class])
async def test_listener_of_sessions(database: Database, target: Any) -> None:
    """One that may add criteria stands in the way, and one that only watches does not."""
    ours = target is not SyncSession
    with listening(target, watches):
        assert [runs_as_compiled(each) for each in await sources(database)] == [True] * 4
        with listening(target, adds):
            found = [runs_as_compiled(each) for each in await sources(database)]
            assert found == [False, False, ours, False]
    assert runs_as_compiled(database.source)


async def test_listener_of_one_session(database: Database) -> None:
    """The others go on as before."""
    first, second = database.session(), database.session()
    with listening(first.sync_session, adds):
        assert not runs_as_compiled(first)
        assert runs_as_compiled(second)
        assert runs_as_compiled(database.source)
