"""The attempts that a worker is running, and how long each may go on without its lease."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from fastgres.jobs.outcome import Ending, Outcome

if TYPE_CHECKING:
    from fastgres.jobs.claimed import ClaimedJob
    from fastgres.jobs.running import RunningJob


@dataclass(slots=True, eq=False)
class Slot:
    """One running attempt. `until` is the end of its lease by this process's own clock."""

    running: RunningJob
    until: float
    task: asyncio.Task[None] | None = None
    cancelled_as: Ending | None = None

    @property
    def job(self) -> ClaimedJob:
        """The row that was claimed."""
        return self.running.claimed

    def cancel(self, ending: Ending) -> None:
        """Cancel the attempt, once, and say what is to become of its row."""
        if self.cancelled_as is None:
            self.cancelled_as = ending
            if self.task is not None:
                self.task.cancel()

    def outcome_of_cancelling(self) -> Outcome:
        """Return the outcome of an attempt that was cancelled before it ended."""
        return Outcome(
            job=self.job,
            ending=self.cancelled_as or Ending.RELEASED,
            completed=self.running.completing,
        )


@dataclass(slots=True)
class Slots:
    """All running attempts of a worker; `freed` is set whenever one ends."""

    size: int
    running: set[Slot] = field(default_factory=set)
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def free(self) -> int:
        """How many more attempts may start."""
        return self.size - len(self.running)

    def add(self, slot: Slot) -> None:
        """Take a slot."""
        self.running.add(slot)

    def remove(self, slot: Slot) -> None:
        """Give a slot back."""
        self.running.discard(slot)
        self.freed.set()

    def expiring(self, margin: float) -> Iterable[Slot]:
        """Return the attempts whose lease ends within `margin` seconds.

        One that completes itself is left alone: its row is locked by its own transaction, and the
        database tells it whether it is still the owner.
        """
        now = monotonic()
        return [
            slot
            for slot in self.running
            if slot.until - margin < now
            and slot.cancelled_as is None
            and not slot.running.completing
        ]

    async def wait_for_all(self, seconds: float) -> bool:
        """Wait until no attempt runs any more; False when some still do."""
        try:
            async with asyncio.timeout(seconds):
                while self.running:
                    self.freed.clear()
                    await self.freed.wait()
        except TimeoutError:
            return False
        return True
