"""The queues that take part."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final, Literal

from bench.places import PEERS

PROCESS: Final = "a process with 20 jobs at once"
_AFTER: Final = "after your COMMIT: lost when the process dies in between, or Redis does"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One queue: its name, what is said of it, and how its unfinished jobs are counted.

    `transactional`: it enqueues in the caller's transaction. `remaining` counts the unfinished jobs
    after the one whose number is `$1`, the last that `sequence` gave: SQL that walks over what is
    long gone would be slower than the queue while an old transaction is open.
    """

    name: str
    title: str
    store: Literal["postgres", "redis"]
    enqueues: str
    after_death: str
    worker: str = PROCESS
    transactional: bool = False
    remaining: str = ""
    sequence: str = ""
    lengths: tuple[tuple[str, str], ...] = ()
    """Commands and keys of Redis that together give the number of unfinished jobs."""

    @property
    def command(self) -> list[str]:
        """How its program is run."""
        python = sys.executable if self.name == OURS else str(PEERS)
        return [python, "-m", f"bench.contestants.queues.{self.name}"]


OURS: Final = "fastgres"

CONTESTANTS: Final = (
    Contestant(
        OURS,
        "fastgres",
        "postgres",
        "in your transaction, on your `AsyncSession`",
        "run again when its lease ends; the late end of an attempt that was given up is refused",
        transactional=True,
        remaining="SELECT count(*) FROM fastgres.jobs WHERE id > $1",
        sequence="fastgres.jobs_id_seq",
    ),
    Contestant(
        "pgqueuer",
        "PgQueuer, asyncpg",
        "postgres",
        "in your transaction, on your asyncpg connection",
        "run again when its heartbeat has stopped",
        transactional=True,
        remaining="SELECT count(*) FROM pgqueuer WHERE id > $1",
        sequence="pgqueuer_id_seq",
    ),
    Contestant(
        "procrastinate",
        "procrastinate, psycopg",
        "postgres",
        "in your transaction, on your psycopg connection",
        "stays `doing` until a task that you write finds it and tries it again",
        transactional=True,
        remaining="SELECT count(*) FROM procrastinate_jobs "
        "WHERE id > $1 AND status IN ('todo', 'doing')",
        sequence="procrastinate_jobs_id_seq",
    ),
    Contestant(
        "saq",
        "SAQ on PostgreSQL, psycopg",
        "postgres",
        "after your COMMIT: lost when the process dies in between",
        "swept after its timeout, and run again where it was given retries",
        remaining="SELECT count(*) FROM saq_jobs WHERE status IN ('new', 'queued', 'active')",
    ),
    Contestant(
        "saq_redis",
        "SAQ on Redis",
        "redis",
        _AFTER,
        "swept after its timeout, and run again where it was given retries",
        lengths=(("zcard", "saq:default:incomplete"),),
    ),
    Contestant(
        "celery",
        "Celery on Redis",
        "redis",
        _AFTER,
        "run again after the visibility timeout, an hour (`acks_late`; otherwise lost)",
        worker="a process of the prefork pool, with one job at a time",
        lengths=(("llen", "celery"), ("hlen", "unacked")),
    ),
)
