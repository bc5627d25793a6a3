"""The queues that take part."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Final

from bench.places import PEERS


@dataclass(frozen=True, slots=True)
class Contestant:
    """One queue: its name, what is said of it, and how its unfinished jobs are counted."""

    name: str
    title: str
    remaining: str
    transactional: bool = True

    @property
    def command(self) -> list[str]:
        """How its program is run."""
        python = sys.executable if self.name == "fastgres" else str(PEERS)
        return [python, "-m", f"bench.contestants.queues.{self.name}"]


CONTESTANTS: Final = (
    Contestant("fastgres", "fastgres", "SELECT count(*) FROM fastgres.jobs"),
    Contestant("pgqueuer", "PgQueuer, asyncpg", "SELECT count(*) FROM pgqueuer"),
    Contestant(
        "procrastinate",
        "procrastinate, psycopg",
        "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')",
    ),
    Contestant(
        "saq",
        "SAQ on PostgreSQL, psycopg",
        "SELECT count(*) FROM saq_jobs WHERE status IN ('new', 'queued', 'active')",
        transactional=False,
    ),
)
