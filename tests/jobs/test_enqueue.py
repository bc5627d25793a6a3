"""Many jobs in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from fastgres.db import Database
from fastgres.errors import InvalidTextError, MigrationError
from fastgres.jobs import enqueue_many, job
from fastgres.jobs.throttle import channel_of, channels_to_notify, forget_notified
from tests.jobs.workshop import rows, value

if TYPE_CHECKING:
    from fastgres.db import Session
    from fastgres.settings import Settings


@job(unique="{number}")
async def count(number: int) -> None:
    """One job for each number."""


@job(queue="mail")
async def greet(name: str) -> None:
    """Another queue."""


async def test_many_jobs_of_several_kinds_are_one_statement(
    session: Session, database: Database
) -> None:
    statements: list[str] = []

    def remember(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(database.engine.sync_engine, "before_cursor_execute", remember)
    async with session.begin():
        ids = await enqueue_many(
            session, [count.call(1), greet.call("Ada"), count.call(1), count.call(2)]
        )
    event.remove(database.engine.sync_engine, "before_cursor_execute", remember)
    assert len([text for text in statements if "fastgres.jobs" in text]) == 1
    assert [job_id is None for job_id in ids] == [False, False, True, False]
    stored = await rows(database, "SELECT id, queue FROM fastgres.jobs ORDER BY id")
    assert stored == [(ids[0], "default"), (ids[1], "mail"), (ids[3], "default")]


async def test_no_jobs_are_no_statement(session: Session) -> None:
    assert await enqueue_many(session, []) == []
    assert not session.in_transaction()


async def test_text_that_no_database_stores_is_the_callers_fault(session: Session) -> None:
    with pytest.raises(InvalidTextError):
        async with session.begin():
            await greet.enqueue(session, name="a\0b")


@pytest.mark.clone
async def test_twin_in_a_transaction_that_rolls_back_does_not_count(database: Database) -> None:
    number = uuid4().int % 1000
    async with database.session() as session:
        with pytest.raises(ZeroDivisionError):
            async with session.begin():
                await count.enqueue(session, number)
                raise ZeroDivisionError
        async with session.begin():
            assert await count.enqueue(session, number) is not None
    assert await value(database, "SELECT count(*) FROM fastgres.jobs") == 1


@pytest.mark.clone
async def test_twin_keeps_nobody_from_waking_the_workers(database: Database) -> None:
    """It has enqueued nothing, and notified nobody."""
    engine = database.engine.sync_engine
    async with database.session() as session:
        async with session.begin():
            assert await count.enqueue(session, 1) is not None
        forget_notified(engine, ["default"])
        async with session.begin():
            assert await count.enqueue(session, 1) is None
    assert channels_to_notify(engine, ["default"]) != []


@pytest.mark.clone
async def test_workers_are_woken_at_the_commit(database: Database) -> None:
    heard: list[str] = []
    listener = await database.connect()
    await listener.add_listener(channel_of("mail"), lambda *told: heard.append(told[2]))
    async with database.session() as session:
        async with session.begin():
            await greet.enqueue(session, name="Ada")
            await greet.enqueue(session, name="Alan")
        forget_notified(database.engine.sync_engine, ["mail"])
        async with session.begin():
            await enqueue_many(session, [greet.call("Ada"), count.call(1)])
    await listener.execute("SELECT 1")
    await listener.close()
    assert heard == [channel_of("mail")] * 2


async def test_what_is_enqueued_is_told_until_the_commit(session: Session) -> None:
    async with session.begin():
        await greet.enqueue(session, name="Ada")
        await enqueue_many(session, [greet.call("Ada"), count.call(1)])
        assert session.uncommitted() == ("new job greet", "new jobs")
    assert session.uncommitted() == ()


@pytest.mark.clone
async def test_notifications_may_be_switched_off(database_url: str, settings: Settings) -> None:
    """For services behind a pooler, and those that commit too often for the lock it takes."""
    changed = settings.model_copy(update={"job_notifications": False})
    silent = Database(database_url, changed)
    async with silent.session() as session, session.begin():
        await greet.enqueue(session, name="Ada")
        assert channels_to_notify(session.get_bind(), ["mail"]) == []
    await silent.close()


@pytest.mark.clone
@pytest.mark.parametrize("number", [1, 2])
async def test_database_without_the_tables_is_told_of_with_the_commands(
    database: Database, number: int
) -> None:
    """In a test that asks for no client nothing has looked for them before."""
    async with database.session() as session, session.begin():
        await session.execute(text("DROP SCHEMA fastgres CASCADE"))
    with pytest.raises(MigrationError, match=r"'greet'.*`fastgres db tables`.*db upgrade`"):
        async with database.session() as session, session.begin():
            await enqueue_many(session, [greet.call("Ada")] * number)


async def test_rolled_back_tests_are_told_the_same(session: Session) -> None:
    """Their statements go another way."""
    with pytest.raises(MigrationError, match="`fastgres db tables`"):
        async with session.begin():
            await session.execute(text("DROP TABLE fastgres.jobs"))
            await greet.enqueue(session, name="Ada")
