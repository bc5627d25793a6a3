"""Jobs that leave traces: each attempt as it begins, each effect, and who had it."""

from __future__ import annotations

import asyncio
import os
import random
import signal

from sqlalchemy import text

from chaos import sql
from fastgres.jobs import Job, RunningJob, job

LASTS = float(os.environ.get("CHAOS_LASTS", "0.6"))
"""Seconds that each half of a job takes at most: time to die in, or to be frozen."""


async def _begin(running: RunningJob, number: int, kind: str) -> None:
    """Note the attempt in a transaction of its own."""
    async with running.session() as session, session.begin():
        await session.execute(
            text(sql.BEGIN_ATTEMPT),
            {
                "number": number,
                "attempt": running.attempt,
                "worker": running.worker,
                "kind": kind,
            },
        )
    await asyncio.sleep(random.uniform(0, LASTS))  # noqa: S311 - no secret


async def _end(running: RunningJob, number: int, kind: str, *, complete: bool) -> None:
    async with running.session() as session, session.begin():
        values = {"number": number, "attempt": running.attempt, "kind": kind}
        await session.execute(text(sql.EFFECT), values)
        await asyncio.sleep(random.uniform(0, LASTS))  # noqa: S311 - no secret
        if complete:
            await running.complete(session)


@job(queue="work", retries=20, backoff=lambda _: 0.1)
async def transactional(running: RunningJob, number: int) -> None:
    """Have an effect in the transaction that ends the job."""
    await _begin(running, number, "transactional")
    await _end(running, number, "transactional", complete=True)


@job(queue="work", retries=20, backoff=lambda _: 0.1)
async def outside(running: RunningJob, number: int) -> None:
    """Have an effect that no transaction of the job holds: it may happen more than once."""
    await _begin(running, number, "outside")
    await _end(running, number, "outside", complete=False)


@job(queue="poison", retries=2, backoff=lambda _: 0.1)
async def poison(running: RunningJob, number: int) -> None:
    """Take the worker down."""
    await _begin(running, number, "poison")
    os.kill(os.getpid(), signal.SIGKILL)


@job(target="celery", queue="exact", retries=20, backoff=lambda _: 0.1)
async def celery_transactional(running: RunningJob, number: int) -> None:
    """Have an effect in the transaction that ends the job, in a process of Celery."""
    await _begin(running, number, "celery_transactional")
    await _end(running, number, "celery_transactional", complete=True)


@job(target="celery", queue="again", retries=20, backoff=lambda _: 0.1)
async def celery_outside(running: RunningJob, number: int) -> None:
    """Have an effect that may happen more than once, in a process of Celery."""
    await _begin(running, number, "celery_outside")
    await _end(running, number, "celery_outside", complete=False)


LOCAL: dict[str, Job[...]] = {
    "transactional": transactional,
    "outside": outside,
    "poison": poison,
}
"""What the workers of fastgres run."""
CELERY: dict[str, Job[...]] = {
    "celery_transactional": celery_transactional,
    "celery_outside": celery_outside,
}
"""What a broker is handed."""
KINDS: dict[str, Job[...]] = LOCAL | CELERY
