"""Where the last claim stood, so that the next one does not walk over what is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from time import monotonic
from typing import Final

from fastgres.jobs.claimed import ClaimedJob

LOOK_EVERYWHERE: Final = 0.5
"""Seconds between two claims that look at all due jobs of the queues."""

_SHARE: Final = 10
"""How many times its own length such a claim is apart from the next one, at least."""

_SLACK: Final = dt.timedelta(seconds=2)
"""How old a transaction that enqueues may be, to be found without a look everywhere."""

_BEGINNING: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

Lane = tuple[str, int]


class Lanes:
    """The queues and priorities of a worker, each with the moment since which jobs are looked for.

    A claim in lanes is cheap whatever has been deleted before it, and misses what was committed
    late or given back with an old moment; a claim everywhere, twice a second, finds that.
    """

    def __init__(self, queues: Iterable[str], priorities: Iterable[Lane]) -> None:
        self._queues = list(queues)
        self._since: dict[Lane, dt.datetime] = dict.fromkeys(sorted(priorities), _BEGINNING)
        self._next_look = 0.0

    def is_due_to_look_everywhere(self) -> bool:
        """Tell whether the next claim has to look at all jobs; always so before the first."""
        return not self._since or monotonic() >= self._next_look

    def look_everywhere(self) -> None:
        """Let the next claim look at all jobs."""
        self._next_look = 0.0

    def looked_everywhere(self, took: float) -> None:
        """Note that it was done, and how many seconds it took."""
        self._next_look = monotonic() + max(LOOK_EVERYWHERE, took * _SHARE)

    def queues(self) -> list[str]:
        """Return the queues, each time another one first, so that none waits for ever."""
        self._queues.append(self._queues.pop(0))
        return list(self._queues)

    def places(self) -> tuple[list[str], list[int], list[dt.datetime]]:
        """Return queues, priorities and moments of the lanes, the most urgent first."""
        turn = {queue: place for place, queue in enumerate(self.queues())}
        order = sorted(self._since, key=lambda lane: (lane[1], turn.get(lane[0], 0)))
        return (
            [lane[0] for lane in order],
            [lane[1] for lane in order],
            [self._since[lane] for lane in order],
        )

    def claimed(self, jobs: Iterable[ClaimedJob]) -> None:
        """Move each lane to just before the oldest job that was taken from it."""
        oldest: dict[Lane, dt.datetime] = {}
        for job in jobs:
            lane = (job.queue, job.priority)
            oldest[lane] = min(job.run_at, oldest.get(lane, job.run_at))
        for lane, moment in oldest.items():
            self._since[lane] = moment - _SLACK
