"""Declaring jobs, and enqueueing them in the caller's transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from fastgres.errors import ConfigurationError, JobArgumentsError, UnknownNameError
from fastgres.jobs import JobOptions, RunningJob, cron, job
from fastgres.observability import (
    bind_request_id,
    bind_traceparent,
    reset_request_id,
    reset_traceparent,
)
from tests.jobs.workshop import rows, value

if TYPE_CHECKING:
    from fastgres.db import Database, Session


@job(queue="mail", priority=3, retries=2)
async def greet(job: RunningJob, name: str) -> None:
    """Greets."""


@job(unique="{order_id}")
async def send_receipt(order_id: UUID) -> None:
    """Sends a receipt."""


async def test_job_is_stored_with_what_was_declared(session: Session, database: Database) -> None:
    async with session.begin():
        job_id = await greet.enqueue(session, name="Ada")
    columns = "id, queue, name, arguments, priority, state, attempt, max_attempts"
    stored = f"SELECT {columns} FROM fastgres.jobs"
    assert await rows(database, stored) == [
        (job_id, "mail", "greet", {"name": "Ada"}, 3, "ready", 0, 3)
    ]


async def test_arguments_may_be_given_by_position(session: Session) -> None:
    async with session.begin():
        assert await greet.enqueue(session, "Ada") is not None


@pytest.mark.clone
async def test_job_of_a_transaction_that_rolls_back_never_was(database: Database) -> None:
    async with database.session() as session:
        with pytest.raises(ZeroDivisionError):
            async with session.begin():
                await greet.enqueue(session, name="Ada")
                raise ZeroDivisionError
    assert await value(database, "SELECT count(*) FROM fastgres.jobs") == 0


@pytest.mark.clone
async def test_job_is_not_seen_before_its_transaction_has_committed(database: Database) -> None:
    async with database.session() as session, session.begin():
        await greet.enqueue(session, name="Ada")
        assert await value(database, "SELECT count(*) FROM fastgres.jobs") == 0
    assert await value(database, "SELECT count(*) FROM fastgres.jobs") == 1


async def test_wrong_arguments_are_refused_and_leave_the_transaction_whole(
    session: Session,
) -> None:
    wrong: Any = {"nme": "Ada"}
    async with session.begin():
        with pytest.raises(JobArgumentsError, match="'name'"):
            await greet.enqueue(session, **wrong)
        assert await greet.enqueue(session, name="Ada") is not None


async def test_twin_of_a_unique_job_gives_none_and_leaves_the_transaction_whole(
    session: Session, database: Database
) -> None:
    order = uuid4()
    async with session.begin():
        first = await send_receipt.enqueue(session, order_id=order)
        assert await send_receipt.enqueue(session, order_id=order) is None
        assert await send_receipt.enqueue(session, order_id=uuid4()) is not None
    assert first is not None
    assert await value(database, "SELECT count(*) FROM fastgres.jobs") == 2


async def test_unique_takes_all_arguments_or_a_function(session: Session) -> None:
    @job(unique=True)
    async def whole(a: int, b: int = 2) -> None: ...

    @job(unique=lambda a, b: str(a))
    async def first_only(a: int, b: int) -> None: ...

    async with session.begin():
        assert await whole.enqueue(session, 1) is not None
        assert await whole.enqueue(session, a=1, b=2) is None
        assert await whole.enqueue(session, 1, 3) is not None
        assert await first_only.enqueue(session, 1, 1) is not None
        assert await first_only.enqueue(session, 1, 2) is None


def test_long_unique_key_is_stored_as_a_digest() -> None:
    @job(unique=True)
    async def store(text: str) -> None: ...

    key = store.call("x" * 1000).unique_key
    assert key is not None
    assert len(key) == 64
    assert key != store.call("y" * 1000).unique_key


async def test_scheduled_job_waits_for_its_moment(session: Session, database: Database) -> None:
    moment = datetime(2050, 1, 1, tzinfo=UTC)
    async with session.begin():
        await greet.schedule(session, timedelta(hours=1), name="Ada")
        await greet.schedule(session, moment, name="Alan")
        await greet.schedule(session, datetime(2000, 1, 1, tzinfo=UTC), name="Grace")
    waits = "SELECT run_at - created_at FROM fastgres.jobs ORDER BY id"
    assert (await rows(database, waits))[0] == (timedelta(hours=1),)
    assert (await rows(database, waits))[2] == (timedelta(0),)
    assert await value(database, "SELECT max(run_at) FROM fastgres.jobs") == moment


async def test_moment_without_a_zone_is_refused(session: Session) -> None:
    async with session.begin():
        with pytest.raises(ConfigurationError, match="no time zone"):
            await greet.schedule(session, datetime(2050, 1, 1), name="Ada")  # noqa: DTZ001 - that is the point


async def test_request_id_and_trace_go_with_the_job(session: Session, database: Database) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    tokens = bind_request_id("019a"), bind_traceparent(trace)
    async with session.begin():
        await greet.enqueue(session, name="Ada")
    reset_request_id(tokens[0])
    reset_traceparent(tokens[1])
    assert await value(database, "SELECT headers FROM fastgres.jobs") == {
        "request_id": "019a",
        "traceparent": trace,
    }


@pytest.mark.parametrize(
    "options",
    [
        {"queue": "Mail Queue"},
        {"retries": -1},
        {"priority": 40_000},
        {"version": 0},
        {"timeout": 0},
        {"name": "no name"},
    ],
)
def test_option_that_no_worker_could_use_is_refused(options: JobOptions) -> None:
    async def function() -> None: ...

    with pytest.raises(ConfigurationError, match=next(iter(options))):
        job(**options)(function)


def test_template_of_an_unknown_argument_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="order_id"):

        @job(unique="{order}")
        async def function(order_id: int) -> None: ...


def test_function_that_is_not_async_is_refused() -> None:
    def function() -> None: ...

    wrong: Any = function
    with pytest.raises(ConfigurationError, match="async"):
        job()(wrong)


def test_upgrade_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"upgrade\(1\)"):
        greet.upgrade(1)


def test_scheduled_job_needs_no_arguments() -> None:
    with pytest.raises(JobArgumentsError, match="'name'"):

        @cron("* * * * *")
        async def function(name: str) -> None: ...


def test_forgotten_parentheses_are_named() -> None:
    """The likeliest slip of all."""
    bare: Any = job

    async def remind() -> None: ...

    with pytest.raises(ConfigurationError, match=r"over 'remind'.* write @job\(\)"):
        bare(remind)
