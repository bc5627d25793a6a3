"""Running one attempt: from a claimed row to its outcome."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import structlog
from pydantic_core import PydanticSerializationError, to_json

from fastgres.errors import (
    GiveUpError,
    MailUnavailableError,
    RetryError,
    StolenJobError,
    StoredArgumentsError,
    UnavailableError,
)
from fastgres.jobs.backoff import exponential
from fastgres.jobs.outcome import Ending, Outcome, clean, describe
from fastgres.observability import bind_request_id, bind_traceparent, get_logger

if TYPE_CHECKING:
    from fastgres.jobs.definition import Job
    from fastgres.jobs.running import RunningJob

log = get_logger(__name__)

MAX_RESULT_BYTES = 65_536
"""Bytes that a kept result may have as JSON."""

LONGEST_DELAY = 30 * 86_400.0
"""Seconds that a failed job waits at most; a delay that is no number becomes this."""


_ELSEWHERE: Final = (RetryError, StoredArgumentsError, UnavailableError, MailUnavailableError)
"""What is no fault of the job's code: its place there tells nothing."""


async def run_attempt(job: Job[Any], running: RunningJob) -> Outcome:
    """Run the function and return what became of it; cancelling it is the caller's to explain."""
    if running.request_id is not None:
        bind_request_id(running.request_id)
    bind_traceparent(running.traceparent)
    structlog.contextvars.bind_contextvars(job=job.name, job_id=running.id, attempt=running.attempt)
    began = perf_counter()
    outcome, error = await _ended(job, running)
    _tell(outcome, error, ms=round((perf_counter() - began) * 1000, 1))
    return outcome


async def _ended(job: Job[Any], running: RunningJob) -> tuple[Outcome, BaseException | None]:
    """Catch whatever leaves the function: one job never takes others down."""
    claimed = running.claimed
    try:
        arguments = job.arguments.read(claimed.arguments, claimed.version)
    except Exception as error:  # noqa: BLE001 - an upgrade of the user's may raise anything
        return _dead(running, "Its arguments do not fit.", error), error
    try:
        returned = await _call(job, running, arguments)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return _failed(job, running, error), error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a job raises is its outcome
        return _failed(job, running, error), error
    return _succeeded(job, running, returned), None


async def _call(job: Job[Any], running: RunningJob, arguments: dict[str, Any]) -> Any:
    given = (running,) if job.arguments.wants_running else ()
    clock = asyncio.timeout(job.options.timeout)
    try:
        async with clock:
            return await job.function(*given, **arguments)
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise TimeoutError(f"It took longer than {job.options.timeout:g} seconds.") from error


def _succeeded(job: Job[Any], running: RunningJob, returned: Any) -> Outcome:
    keep = job.options.keep_result
    result = _result(returned) if keep else None
    return Outcome(
        job=running.claimed,
        ending=Ending.DONE,
        completed=running.completing,
        result=result,
        keep=0.0 if result is None else keep,
    )


def _result(returned: Any) -> str | None:
    """Return what is kept: what cannot be is no reason to run the job again."""
    try:
        written = to_json(returned)
    except PydanticSerializationError as error:
        log.warning("job result not kept", why=str(error))
        return None
    if b"\\u0000" in written:
        log.warning("job result not kept", why="it contains NUL, which PostgreSQL does not store")
        return None
    if len(written) > MAX_RESULT_BYTES:
        log.warning("job result not kept", why=f"{len(written):,} bytes are too many")
        return None
    return written.decode()


def _failed(job: Job[Any], running: RunningJob, error: BaseException) -> Outcome:
    if isinstance(error, StolenJobError):
        return Outcome(job=running.claimed, ending=Ending.LOST, error=describe(error))
    if isinstance(error, GiveUpError):
        return _dead(running, f"It gave up: {error}", error)
    if running.is_last_attempt:
        return _dead(running, f"Attempt {running.attempt} was the last one.", error)
    return Outcome(
        job=running.claimed,
        ending=Ending.FAILED,
        completed=running.completing,
        delay=_delay(job, running.attempt, error),
        error=describe(error),
    )


def _delay(job: Job[Any], attempt: int, error: BaseException) -> float:
    """Return the seconds until the next attempt; what the job says of them may be wrong too."""
    try:
        asked = error.after if isinstance(error, RetryError) else job.options.backoff(attempt)
    except Exception:
        log.exception("job backoff failed")
        asked = exponential()(attempt)
    return asked if 0 <= asked <= LONGEST_DELAY else LONGEST_DELAY


def _dead(running: RunningJob, reason: str, error: BaseException) -> Outcome:
    return Outcome(
        job=running.claimed,
        ending=Ending.DEAD,
        completed=running.completing,
        reason=clean(reason, 1000),
        error=describe(error),
    )


def _tell(outcome: Outcome, error: BaseException | None, *, ms: float) -> None:
    line = (outcome.error or "").split("\n")[0]
    trace = None if isinstance(error, _ELSEWHERE) else error
    if outcome.ending is Ending.DONE:
        log.info("job done", ms=ms)
    elif outcome.ending is Ending.FAILED:
        seconds = round(outcome.delay or 0.0, 1)
        log.warning("job failed", ms=ms, again_in=seconds, error=line, exc_info=trace)
    elif outcome.ending is Ending.DEAD:
        log.error("job dead", ms=ms, reason=outcome.reason, error=line, exc_info=trace)
    else:
        log.warning("job stolen", ms=ms)
