"""How the queues stand, in numbers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import text

from fastgres.jobs import job, read_overview

if TYPE_CHECKING:
    from fastgres.db import Database, Session
    from fastgres.jobs import QueueStatus

WORKER = """
INSERT INTO fastgres.workers (id, host, pid, queues, concurrency, seen_at)
VALUES (gen_random_uuid(), 'here', 7, '{mail,default}', 5, now() - make_interval(secs => :silent))
"""
DEAD = """
INSERT INTO fastgres.dead_jobs (id, queue, name, version, arguments, headers, priority, state,
    run_at, created_at, attempt, max_attempts, target, reason)
VALUES (nextval('fastgres.jobs_id_seq'), 'old', 'gone', 1, '{}', '{}', 0, 'running', now(), now(),
    6, 6, 'local', 'It failed.')
"""


@job(queue="mail")
async def write(to: str) -> None:
    """Never run here."""


async def queues(database: Database, *known: str) -> dict[str, QueueStatus]:
    """Return the queues by name."""
    return {one.queue: one for one in (await read_overview(database, known=known)).queues}


async def test_jobs_are_counted_where_they_stand(database: Database, session: Session) -> None:
    """Due, for later, for another attempt, taken."""
    async with session.begin():
        for number in range(4):
            await write.enqueue(session, to=str(number))
        await write.schedule(session, timedelta(hours=1), to="later")
        await session.execute(
            text(
                "UPDATE fastgres.jobs SET run_at = now() + interval '1 min', attempt = 2"
                " WHERE arguments->>'to' = '1'"
            )
        )
        await session.execute(
            text(
                "UPDATE fastgres.jobs SET state = 'running', worker = gen_random_uuid(),"
                " lease_until = now() WHERE arguments->>'to' = '2'"
            )
        )
    mail = (await queues(database, "write"))["mail"]
    assert (mail.ready, mail.retrying, mail.running, mail.scheduled) == (2, 1, 1, 1)
    assert (mail.dead, mail.sent, mail.unknown) == (0, 0, 0)


async def test_oldest_is_how_long_a_due_job_waits(database: Database, session: Session) -> None:
    """Not since it was enqueued: since it was to run."""
    async with session.begin():
        await write.enqueue(session, to="ada")
        await write.enqueue(session, to="eve")
        await write.schedule(session, timedelta(hours=1), to="later")
        await session.execute(
            text(
                "UPDATE fastgres.jobs SET run_at = now() - interval '90 s', created_at ="
                " now() - interval '1 day' WHERE arguments->>'to' = 'ada'"
            )
        )
    oldest = (await queues(database))["mail"].oldest
    assert oldest is not None
    assert 90 <= oldest < 3600


async def test_job_without_a_function_is_counted_as_unknown_and_named(
    database: Database, session: Session
) -> None:
    """Those of another name only; and what a broker has is not for us to know."""
    async with session.begin():
        await write.enqueue(session, to="ada")
        await session.execute(text("UPDATE fastgres.jobs SET name = 'renamed'"))
        await write.enqueue(session, to="eve")
    mail = (await queues(database, "write"))["mail"]
    assert (mail.ready, mail.unknown, mail.unknown_names) == (2, 1, ("renamed",))


async def test_queue_of_dead_jobs_alone_is_there(database: Database, session: Session) -> None:
    """Nobody would look for them elsewhere."""
    async with session.begin():
        await session.execute(text(DEAD))
    assert (await queues(database))["old"].dead == 1


async def test_workers_that_live_are_counted(database: Database, session: Session) -> None:
    """One that was silent for longer than two leases is gone, whatever its row says."""
    async with session.begin():
        await session.execute(text(WORKER), {"silent": 5})
        await session.execute(text(WORKER), {"silent": 500})
    overview = await read_overview(database)
    assert [(one.queue, one.workers, one.slots) for one in overview.queues] == [
        ("default", 1, 5),
        ("mail", 1, 5),
    ]
    (worker,) = overview.workers
    assert (worker.host, worker.pid, worker.queues) == ("here", 7, ("mail", "default"))
    assert 5 <= worker.silent < 60


async def test_due_jobs_without_a_worker_are_unattended(
    database: Database, session: Session
) -> None:
    """A queue whose workers were forgotten in a deployment."""
    async with session.begin():
        await write.enqueue(session, to="ada")
    assert (await queues(database))["mail"].is_unattended
    async with session.begin():
        await session.execute(text(WORKER), {"silent": 5})
    assert not (await queues(database))["mail"].is_unattended
