"""A row of the queue as a worker has claimed it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """One attempt: `id` and `attempt` together are its fence, no other attempt has both.

    `arguments` is the stored JSON as text; it is read when the function is known.
    """

    id: int
    attempt: int
    name: str
    version: int
    arguments: str
    headers: dict[str, str]
    max_attempts: int
    queue: str
    priority: int
    run_at: dt.datetime

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> ClaimedJob:
        """Return it from a row as `sql.CLAIM` gives it."""
        before, headers, after = row[:5], from_json(row[5]), row[6:]
        make: Any = cls
        job: ClaimedJob = make(*before, headers if isinstance(headers, dict) else {}, *after)
        return job

    @property
    def place(self) -> tuple[int, dt.datetime, int]:
        """Its place in the queue; UPDATE returns rows in no order."""
        return (self.priority, self.run_at, self.id)
