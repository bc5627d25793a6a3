"""What becomes of an attempt, whatever leaves its function."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from fastgres.errors import GiveUpError, RetryError, ServerUnavailableError, StolenJobError
from fastgres.jobs import Job, RunningJob, job
from fastgres.jobs.attempt import LONGEST_DELAY, run_attempt
from fastgres.jobs.claimed import ClaimedJob
from fastgres.jobs.outcome import Ending, Outcome
from fastgres.observability import configure_logging, current_request_id
from fastgres.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastgres.db import Database


async def attempt(
    database: Database, declared: Job[Any], arguments: str = "{}", **changes: Any
) -> Outcome:
    """Run a job as if it had been claimed."""
    values: dict[str, Any] = {
        "id": 7,
        "attempt": 1,
        "name": declared.name,
        "version": 1,
        "arguments": arguments,
        "headers": {},
        "max_attempts": 3,
        "queue": "default",
        "priority": 0,
        "run_at": datetime.now(UTC),
    }
    running = RunningJob(
        claimed=ClaimedJob(**(values | changes)),
        worker=uuid4(),
        database=database,
        reports=None,  # type: ignore[arg-type]  # no test here reports
    )
    return await asyncio.create_task(run_attempt(declared, running))


def raising(error: BaseException, **options: Any) -> Job[Any]:
    """A job that raises."""

    @job(**options)
    async def task() -> None:
        raise error

    return task


async def test_function_gets_its_arguments(database: Database) -> None:
    seen: list[Any] = []

    @job()
    async def task(job: RunningJob, number: int, day: datetime) -> None:
        seen.extend([job.id, number, day])

    done = await attempt(database, task, '{"number": 3, "day": "2026-01-01T00:00:00Z"}')
    assert done.ending is Ending.DONE
    assert seen == [7, 3, datetime(2026, 1, 1, tzinfo=UTC)]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), asyncio.CancelledError()])
async def test_whatever_it_raises_is_tried_again(database: Database, error: BaseException) -> None:
    failed = await attempt(database, raising(error, backoff=lambda _: 9.0))
    assert (failed.ending, failed.delay) == (Ending.FAILED, 9.0)
    assert type(error).__name__ in (failed.error or "")


async def test_last_attempt_leads_to_the_dead_letters(database: Database) -> None:
    dead = await attempt(database, raising(ValueError("no")), attempt=3)
    assert (dead.ending, dead.reason) == (Ending.DEAD, "Attempt 3 was the last one.")


async def test_giving_up_leads_there_at_once(database: Database) -> None:
    dead = await attempt(database, raising(GiveUpError("no such address")))
    assert (dead.ending, dead.reason) == (Ending.DEAD, "It gave up: no such address")


async def test_it_may_say_itself_when_to_try_again(database: Database) -> None:
    assert (await attempt(database, raising(RetryError(after=120)))).delay == 120


async def test_stolen_attempt_writes_nothing(database: Database) -> None:
    assert (await attempt(database, raising(StolenJobError("a", 7, 1)))).ending is Ending.LOST


async def test_too_long_is_a_failure_that_says_so(database: Database) -> None:
    @job(timeout=0.01)
    async def task() -> None:
        await asyncio.Event().wait()

    failed = await attempt(database, task)
    assert failed.ending is Ending.FAILED
    assert "longer than 0.01 seconds" in (failed.error or "")


async def test_argument_that_does_not_fit_leads_to_the_dead_letters(database: Database) -> None:
    @job()
    async def task(number: int) -> None: ...

    with capture_logs() as lines:
        dead = await attempt(database, task, '{"number": "seven"}')
    assert (dead.ending, dead.reason) == (Ending.DEAD, "Its arguments do not fit.")
    assert "number" in (dead.error or "")
    assert "seven" not in (dead.error or "")
    (told,) = [line for line in lines if line["event"] == "job dead"]
    assert told["exc_info"] is None, "a traceback would show our code, and none of theirs"


async def test_upgrade_that_fails_leads_there_too(database: Database) -> None:
    @job(version=2)
    async def task(number: int) -> None: ...

    task.upgrade(1)(lambda old: {"number": old["count"]})
    assert (await attempt(database, task, "{}")).ending is Ending.DEAD
    assert (await attempt(database, task, '{"count": 1}')).ending is Ending.DONE


@pytest.mark.parametrize("backoff", [lambda _: float("nan"), lambda _: 1e300, lambda _: -1.0])
async def test_delay_that_no_database_takes_becomes_the_longest(
    database: Database, backoff: Callable[[int], float]
) -> None:
    assert (await attempt(database, raising(ValueError(), backoff=backoff))).delay == LONGEST_DELAY


async def test_backoff_that_fails_does_not_lose_the_job(database: Database) -> None:
    failed = await attempt(database, raising(ValueError(), backoff=lambda _: 1 / 0))
    assert failed.ending is Ending.FAILED


async def test_result_is_kept_where_wanted_and_storable(database: Database) -> None:
    def returning(value: Any, keep: float) -> Job[Any]:
        @job(keep_result=keep)
        async def task() -> Any:
            return value

        return task

    async def result(value: Any, keep: float = 60.0) -> str | None:
        done = await attempt(database, returning(value, keep))
        assert done.ending is Ending.DONE
        return done.result

    assert await result({"pages": 3}) == '{"pages":3}'
    assert await result({"pages": 3}, keep=0.0) is None
    assert await result("a\0b") is None
    assert await result("x" * 100_000) is None
    assert await result(sys) is None


async def test_request_id_of_the_one_who_enqueued_is_bound(database: Database) -> None:
    seen: list[str | None] = []

    @job()
    async def task() -> None:
        seen.append(current_request_id())

    await attempt(database, task, headers={"request_id": "019a"})
    assert seen == ["019a"]
    assert current_request_id() is None


async def test_cancelled_attempt_is_its_workers_to_explain(database: Database) -> None:
    began = asyncio.Event()

    @job()
    async def task() -> None:
        began.set()
        await asyncio.Event().wait()

    running: Awaitable[Outcome] = asyncio.create_task(attempt(database, task))
    await began.wait()
    assert isinstance(running, asyncio.Task)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_failure_is_logged_with_its_traceback(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal as that of a request is: several lines, the job's own code marked."""
    configure_logging(Settings(environment="test", log_format="console"))
    await attempt(database, raising(ValueError("out of paper")))
    first, *rest = capsys.readouterr().err.splitlines()
    assert "job failed" in first
    assert "out of paper" in first
    assert any(line.startswith("    > File") and __file__ in line for line in rest)
    assert rest[-1] == "    ValueError: out of paper"


@pytest.mark.parametrize("last", [False, True])
async def test_stack_is_a_field_of_the_line_in_json(
    last: bool, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(Settings(environment="test", log_format="json"))
    await attempt(database, raising(ValueError("out of paper")), attempt=3 if last else 1)
    (line,) = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert line["event"] == ("job dead" if last else "job failed")
    assert line["error"] == "ValueError: out of paper"
    assert line["stack"].startswith("Traceback")
    assert line["stack"].endswith("ValueError: out of paper")


async def test_failure_that_passes_by_itself_has_no_traceback(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its place in the code tells nothing, and it comes again and again."""
    configure_logging(Settings(environment="test", log_format="json"))
    await attempt(database, raising(RetryError("not ready", after=1)))
    await attempt(database, raising(ServerUnavailableError()))
    lines = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["job failed"] * 2
    assert not any("stack" in line for line in lines)
