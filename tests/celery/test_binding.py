"""Jobs that go to a real broker, are run by a real Celery, and come to one end each."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery, Task
from celery.exceptions import Reject
from celery.signals import worker_process_shutdown

from fastgres.celery import bind_celery, relay_to
from fastgres.db import Database
from fastgres.errors import ConfigurationError, UnavailableError
from fastgres.jobs import job
from tests.celery.conftest import Start, empty
from tests.celery.works import effect_once, fail, kill_worker, leave_note
from tests.jobs.workshop import enqueue, rows, until, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastgres.settings import Settings
    from tests.celery.brokers import Broker

pytestmark = [pytest.mark.xdist_group("celery"), pytest.mark.timeout(180)]

NOTES = "SELECT count(*) FROM effects"
LEFT = "SELECT count(*) FROM fastgres.jobs"
WORKERS = "SELECT count(*) FROM fastgres.workers WHERE started_at >= '{}'"
SENT = "SELECT count(*) FROM fastgres.jobs WHERE state = 'sent'"

Process = subprocess.Popen[bytes]


async def reaches(database: Database, statement: str, number: int) -> None:
    """Wait until a count is what it should be."""

    async def enough() -> bool:
        return bool(await value(database, statement) == number)

    await until(enough, seconds=40)


async def test_each_job_is_run_once_and_leaves_no_row(
    effects: Database, worker: Process, relaying: Any
) -> None:
    await enqueue(effects, leave_note, times=10)
    await enqueue(effects, effect_once, times=10)
    async with relaying():
        await reaches(effects, LEFT, 0)
    assert await value(effects, NOTES) == 20
    assert await value(effects, "SELECT count(DISTINCT job_id) FROM effects") == 20
    assert await value(effects, "SELECT count(*) FROM fastgres.job_inbox") == 20


async def test_message_of_a_done_job_is_skipped(
    effects: Database, worker: Process, relaying: Any, celery: Celery
) -> None:
    job_id = await enqueue(effects, effect_once)
    async with relaying():
        await reaches(effects, LEFT, 0)
        for _ in range(3):
            celery.send_task("effect_once", args=(job_id,), queue="exact")
        await enqueue(effects, effect_once)
        await reaches(effects, NOTES, 2)
    assert await rows(effects, "SELECT count(*) FROM effects GROUP BY job_id") == [(1,), (1,)]


async def test_jobs_of_a_broker_that_lost_everything_are_sent_again(
    effects: Database, worker: Process, relaying: Any, broker: Broker
) -> None:
    os.killpg(worker.pid, signal.SIGSTOP)
    await enqueue(effects, effect_once, times=20)
    async with relaying(resend_after=1.0):
        await reaches(effects, SENT, 20)
        empty(broker)
        os.killpg(worker.pid, signal.SIGCONT)
        await reaches(effects, LEFT, 0)
    assert await value(effects, NOTES) == 20


async def test_relay_killed_between_publishing_and_marking_leaves_one_effect(
    effects: Database, worker: Process, relaying: Any, start: Start
) -> None:
    await enqueue(effects, effect_once, times=5)
    killed = start("tests.celery.program")
    assert killed.wait(40) == -signal.SIGKILL
    async with relaying():
        await reaches(effects, LEFT, 0)
    assert await value(effects, NOTES) == 5


async def test_failed_job_comes_back_by_the_queue_and_ends_among_the_dead(
    effects: Database, worker: Process, relaying: Any
) -> None:
    await enqueue(effects, fail)
    async with relaying():
        await reaches(effects, "SELECT count(*) FROM fastgres.dead_jobs", 1)
    assert await rows(effects, "SELECT attempt FROM effects ORDER BY id") == [(1,), (2,)]
    assert "nothing there" in await value(effects, "SELECT last_error FROM fastgres.dead_jobs")


async def test_job_of_a_killed_process_is_run_again(
    effects: Database, worker: Process, relaying: Any
) -> None:
    await enqueue(effects, kill_worker)
    async with relaying(resend_after=3.0):
        await reaches(effects, LEFT, 0)
    assert await rows(effects, "SELECT attempt FROM effects ORDER BY id") == [(1,), (2,)]


@pytest.fixture
def bind() -> Iterator[Callable[[Callable[[], Database]], Task]]:
    """Bind a job to a database in this process; let go of it as a process that ends does."""

    def bind(database: Callable[[], Database]) -> Task:
        app = bind_celery(Celery("here", broker="memory://"), [leave_note], database=database)
        return app.tasks["leave_note"]

    yield bind
    worker_process_shutdown.send(sender=None)


async def test_process_that_ends_lets_go_of_the_database(
    effects: Database, place: str, settings: Settings, bind: Callable[..., Task]
) -> None:
    task = bind(lambda: Database(place, settings))
    workers = WORKERS.format(await value(effects, "SELECT CAST(clock_timestamp() AS text)"))
    job_id = await enqueue(effects, leave_note)
    assert await asyncio.to_thread(task.run, job_id) == "done"
    await reaches(effects, workers, 1)
    await asyncio.to_thread(worker_process_shutdown.send, sender=None)
    assert await value(effects, workers) == 0


async def test_message_goes_back_while_the_database_is_away(bind: Callable[..., Task]) -> None:
    """Its job is neither done nor lost."""

    def away() -> Database:
        raise UnavailableError

    with pytest.raises(Reject) as raised:
        await asyncio.to_thread(bind(away).run, 1)
    assert raised.value.requeue


def test_message_is_kept_until_its_job_has_ended() -> None:
    """Also when the process that runs it is killed."""
    task = bind_celery(Celery("own", broker="memory://"), [leave_note]).tasks["leave_note"]
    assert task.acks_late
    assert task.reject_on_worker_lost


def test_queue_of_rabbitmq_is_kept_by_a_majority_of_its_nodes() -> None:
    app = bind_celery(Celery("own", broker="amqp://localhost"), [leave_note])
    assert app.amqp.queues["default"].queue_arguments == {"x-queue-type": "quorum"}


def test_binding_without_a_job_for_celery_is_refused() -> None:
    @job()
    async def local() -> None: ...

    with pytest.raises(ConfigurationError, match="None of the jobs"):
        bind_celery(Celery("none"), [local])


async def test_relay_to_an_application_without_jobs_is_refused(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="not bound"):
        relay_to(Celery("none"), database)


def test_what_the_application_has_set_stays() -> None:
    app = Celery("own", broker="memory://")
    app.conf.worker_prefetch_multiplier = 8
    bind_celery(app, [leave_note])
    assert app.conf.worker_prefetch_multiplier == 8
    assert app.conf.worker_soft_shutdown_timeout == 20.0
