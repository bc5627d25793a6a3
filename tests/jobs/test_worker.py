"""Workers as processes that die, freeze and come back; and in rolled back tests."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fastgres.db import Database
from fastgres.errors import ConfigurationError
from fastgres.jobs import Worker, enqueue_many, job
from fastgres.jobs.watchdog import EXIT_CODE
from tests.jobs.workshop import (
    block_loop,
    effect_once,
    enqueue,
    kill_worker,
    leave_note,
    rows,
    sleep_long,
    until,
    value,
)

if TYPE_CHECKING:
    from fastgres.db import Session
    from fastgres.settings import Settings

ROOT = Path(__file__).parents[2]
COUNT = "SELECT count(*) FROM fastgres.jobs"
NOTES = "SELECT count(*) FROM effects"

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Starts worker processes, and kills what is left of them."""
    processes: list[subprocess.Popen[bytes]] = []

    def run(lease: float = 2.0) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.jobs.program", database_url, str(lease)]
        with (tmp_path / f"worker{len(processes)}.log").open("wb") as log:
            processes.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
        return processes[-1]

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()


async def noted(database: Database, number: int = 1) -> None:
    """Wait until jobs have left so many notes."""

    async def enough() -> bool:
        return bool(await value(database, NOTES) >= number)

    await until(enough, seconds=40)


async def empty(database: Database) -> None:
    """Wait until no job is left."""

    async def none() -> bool:
        return bool(await value(database, COUNT) == 0)

    await until(none, seconds=60)


@pytest.mark.clone
class TestProcesses:
    async def test_job_of_a_killed_worker_is_run_by_another(
        self, effects: Database, start: Start
    ) -> None:
        await enqueue(effects, sleep_long, seconds=60)
        first = start()
        await noted(effects)
        first.kill()
        start()
        await noted(effects, 2)
        attempts = await rows(effects, "SELECT attempt FROM effects ORDER BY id")
        assert attempts == [(1,), (2,)]

    async def test_no_job_is_lost_and_none_done_twice_when_workers_are_killed(
        self, effects: Database, start: Start
    ) -> None:
        async with effects.session() as session, session.begin():
            ids = await enqueue_many(session, [effect_once.call(seconds=0.02) for _ in range(300)])
        processes = [start(), start()]
        for round_ in range(1, 5):
            await noted(effects, round_ * 50)
            processes.pop(0).kill()
            processes.append(start())
        await empty(effects)
        done = await rows(effects, "SELECT job_id, count(*) FROM effects GROUP BY 1 ORDER BY 1")
        assert done == [(job_id, 1) for job_id in ids]

    async def test_worker_that_was_frozen_and_goes_on_cannot_end_what_others_have_done(
        self, effects: Database, start: Start
    ) -> None:
        await enqueue(effects, effect_once, seconds=4)
        frozen = start()
        await until(lambda: value(effects, f"{COUNT} WHERE state = 'running'"), seconds=40)
        frozen.send_signal(signal.SIGSTOP)
        other = start()
        await noted(effects)
        frozen.send_signal(signal.SIGCONT)
        await empty(effects)
        frozen.terminate()
        other.terminate()
        assert (frozen.wait(30), other.wait(30)) == (0, 0)
        assert await rows(effects, "SELECT attempt, pid FROM effects") == [(2, other.pid)]

    async def test_job_that_kills_its_workers_ends_in_the_dead_letters(
        self, effects: Database, start: Start
    ) -> None:
        poison = await enqueue(effects, kill_worker)
        last: subprocess.Popen[bytes] | None = None

        async def is_dead() -> bool:
            nonlocal last
            if last is None or last.poll() is not None:
                last = start(1.0)
            return bool(await value(effects, "SELECT count(*) FROM fastgres.dead_jobs"))

        await until(is_dead, seconds=90)
        dead = await rows(effects, "SELECT id, attempt, reason FROM fastgres.dead_jobs")
        assert dead[0][:2] == (poison, 3)
        assert "did not renew its lease" in dead[0][2]
        assert await value(effects, NOTES) == 3

    async def test_worker_whose_loop_stands_still_ends_itself(
        self, effects: Database, start: Start
    ) -> None:
        await enqueue(effects, block_loop)
        blocked = start(3.0)
        await noted(effects)
        assert await asyncio.to_thread(blocked.wait, 30) == EXIT_CODE

    async def test_sigterm_lets_jobs_end(self, effects: Database, start: Start) -> None:
        await enqueue(effects, sleep_long, seconds=1)
        process = start()
        await noted(effects)
        process.terminate()
        assert await asyncio.to_thread(process.wait, 30) == 0
        assert await rows(effects, "SELECT note FROM effects ORDER BY id") == [
            ("began",),
            ("ended",),
        ]
        assert await value(effects, COUNT) == 0

    async def test_second_sigterm_gives_jobs_back_at_once(
        self, effects: Database, start: Start
    ) -> None:
        await enqueue(effects, sleep_long, seconds=60)
        process = start(60.0)
        await noted(effects)
        process.terminate()
        process.terminate()
        assert await asyncio.to_thread(process.wait, 30) == 0
        assert await rows(effects, "SELECT state, attempt FROM fastgres.jobs") == [("ready", 0)]


class TestRolledBack:
    async def test_drain_runs_jobs_on_the_one_connection(
        self, session: Session, database: Database
    ) -> None:
        greeted: list[str] = []

        @job()
        async def greet(name: str) -> None:
            greeted.append(name)

        async with session.begin():
            await greet.enqueue(session, name="Ada")
            await greet.enqueue(session, name="Alan")
        assert (await Worker(database, [greet]).drain()).done == 2
        assert greeted == ["Ada", "Alan"]

    async def test_failures_stay_for_later(self, session: Session, database: Database) -> None:
        @job()
        async def fail() -> None:
            raise ValueError("no")

        async with session.begin():
            await fail.enqueue(session)
        assert (await Worker(database, [fail]).drain()).failed == 1
        assert await value(database, "SELECT state FROM fastgres.jobs") == "ready"

    async def test_run_says_what_to_do(self, database: Database) -> None:
        with pytest.raises(ConfigurationError, match=r"worker.drain\(\)"):
            await Worker(database, [leave_note]).run()


async def test_worker_that_starts_before_its_database_waits(settings: Settings) -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing", settings)
    worker = Worker(nowhere, [leave_note], grace=0.1)
    running = asyncio.create_task(worker.run())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await asyncio.shield(running)
    worker.stop()
    async with asyncio.timeout(20):
        await running
    await nowhere.close()


def test_queues_are_those_of_the_jobs_unless_given(database: Database) -> None:
    @job(queue="mail")
    async def post() -> None: ...

    assert Worker(database, [leave_note, post]).queues == ("default", "mail")
    assert Worker(database, [leave_note, post], queues=["mail"]).queues == ("mail",)


@pytest.mark.parametrize("option", ["concurrency", "lease", "poll"])
def test_number_with_which_nothing_would_run_is_refused(database: Database, option: str) -> None:
    options: Any = {option: 0}
    with pytest.raises(ConfigurationError, match=option):
        Worker(database, [leave_note], **options)
