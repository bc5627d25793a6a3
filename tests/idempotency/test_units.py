"""Units of work inside a request that is answered once: the first is its transaction."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import APIRouter
from sqlalchemy import event, text, update

from fastgres.db import Database, Session
from fastgres.errors import UniqueViolationError
from fastgres.http import SessionDep
from fastgres.idempotency import Idempotent
from tests.idempotency.conftest import NewAuthor, authors, counts, post, stored, write
from tests.models import Author, Counter

if TYPE_CHECKING:
    from tests.idempotency.conftest import Serve


async def fail(session: Session, body: NewAuthor) -> None:
    """Add an author in a unit of work that fails, and catch what left it."""
    with contextlib.suppress(ZeroDivisionError):
        async with session.begin():
            session.add(Author(**body.model_dump()))
            await session.flush()
            raise ZeroDivisionError


@pytest.mark.clone
async def test_first_unit_needs_no_savepoint(serve: Serve, database: Database) -> None:
    router = APIRouter()
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2].split()[0])

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, str]:
        return await write(session, body)

    client = await serve(router)
    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    assert (await post(client)).status_code == 201
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert statements == ["SELECT", "INSERT", "INSERT"]


async def test_first_unit_that_failed_leaves_nothing_behind(
    serve: Serve, database: Database
) -> None:
    """The key is taken anew for what the handler goes on with."""
    router = APIRouter()

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, str]:
        await fail(session, body)
        await session.execute(text("SELECT 1"))
        return await write(session, body)

    client = await serve(router)
    first, second = await post(client), await post(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.content == first.content
    assert (await authors(database), await stored(database)) == (1, 1)
    assert counts(client) == {"first": 1, "replay": 1}


async def test_first_unit_that_failed_may_be_the_only_one(serve: Serve, database: Database) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> str:
        await fail(session, body)
        return "refused"

    client = await serve(router)
    assert (await post(client)).json() == "refused"
    assert (await post(client)).headers["Idempotent-Replayed"] == "true"
    assert (await authors(database), await stored(database)) == (0, 1)


async def test_what_a_unit_s_end_refuses_is_refused_there(serve: Serve, database: Database) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> str:
        with contextlib.suppress(UniqueViolationError):
            async with session.begin():
                session.add_all([Author(**body.model_dump()), Author(**body.model_dump())])
        await write(session, body)
        return "the second time"

    client = await serve(router)
    assert (await post(client)).json() == "the second time"
    assert (await authors(database), await stored(database)) == (1, 1)


async def test_write_before_a_unit_outlives_its_error(serve: Serve, database: Database) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        session.add(Author(**body.model_dump()))
        await fail(session, NewAuthor(name="Eve", email="eve@example.com"))

    client = await serve(router)
    assert (await post(client)).status_code == 200
    assert (await authors(database), await stored(database)) == (1, 1)


async def test_units_after_the_first_are_savepoints_each(serve: Serve, database: Database) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        await write(session, body)
        await fail(session, NewAuthor(name="Eve", email="eve@example.com"))
        await write(session, NewAuthor(name="Alan", email="alan@example.com"))

    client = await serve(router)
    assert (await post(client)).status_code == 200
    assert (await authors(database), await stored(database)) == (2, 1)


async def test_hooks_wait_for_the_answer_and_are_lost_with_their_unit(
    serve: Serve, database: Database
) -> None:
    router = APIRouter()
    told: list[str] = []

    def telling(what: str) -> Callable[[], Awaitable[None]]:
        async def tell() -> None:
            told.append(f"{what} {await stored(database)}")

        return tell

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> list[str]:
        with contextlib.suppress(ZeroDivisionError):
            async with session.begin():
                session.after_commit(telling("lost"))
                raise ZeroDivisionError
        async with session.begin():
            session.after_commit(telling("kept"))
        return list(told)

    client = await serve(router)
    assert (await post(client)).json() == []
    assert told == ["kept 1"]


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_handler_that_ends_the_transaction_between_two_units_is_a_bug(
    end: str, serve: Serve, database: Database
) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        await fail(session, body)
        await session.execute(text("SELECT 1"))
        await getattr(session, end)()
        await write(session, body)

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert await stored(database) == 0


# From here on with true commits and several connections.


@pytest.mark.clone
@pytest.mark.parametrize("goes_on", [True, False])
async def test_twin_that_is_faster_than_what_follows_a_failed_unit_has_the_effect(
    goes_on: bool, serve: Serve, database: Database
) -> None:
    """The key is free between the two, and not to be stored over."""
    router = APIRouter()
    runs: list[int] = []

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, int]:
        runs.append(1)
        number = len(runs)
        if number == 1:
            await fail(session, body)
            await post(client)
        if number > 1 or goes_on:
            async with session.begin():
                await session.execute(update(Counter).values(value=Counter.value + 1))
        return {"run": number}

    async with database.session() as session, session.begin():
        session.add(Counter(value=0))
    client = await serve(router)
    outer = await post(client)
    assert outer.json() == {"run": 2}
    assert outer.headers["Idempotent-Replayed"] == "true"
    assert len(runs) == 2
    async with database.session() as session:
        assert await session.scalar(text("SELECT value FROM counters")) == 1
    assert database.pool_status().lent == 0


@pytest.mark.clone
@pytest.mark.parametrize("goes_on", [True, False])
async def test_twin_that_runs_when_a_failed_unit_is_followed_by_another_is_told(
    goes_on: bool, serve: Serve, database: Database
) -> None:
    router = APIRouter()
    begun, over = asyncio.Event(), asyncio.Event()
    twins: list[asyncio.Task[httpx.Response]] = []

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        if twins:
            begun.set()
            await over.wait()
            await write(session, body)
            return
        await fail(session, body)
        twins.append(asyncio.create_task(post(client)))
        await begun.wait()
        if goes_on:
            await write(session, body)
            pytest.fail("the unit must not begin while a twin has the key")

    client = await serve(router)
    outer = await post(client)
    over.set()
    assert (outer.status_code, outer.json()["code"]) == (409, "request_in_progress")
    assert (await twins[0]).status_code == 201
    assert (await authors(database), await stored(database)) == (1, 1)
