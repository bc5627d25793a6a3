"""Handing due jobs to a broker, and again those that it seems to have lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypedDict, Unpack

from sqlalchemy import text

from fastgres.errors import ConfigurationError, ProblemError
from fastgres.jobs.discovery import find_jobs
from fastgres.jobs.keeper import Keeper
from fastgres.jobs.link import link_to
from fastgres.jobs.listener import Listener
from fastgres.jobs.queue import Identity, Queue
from fastgres.jobs.relaying import sql
from fastgres.jobs.signals import stopped_by_signals
from fastgres.jobs.slots import Slots
from fastgres.jobs.stats import WorkerStats
from fastgres.jobs.timetable import Timetable
from fastgres.jobs.trouble import Trouble
from fastgres.jobs.waking import Alarm
from fastgres.observability import Outage, get_logger
from fastgres.tables import keep_tables, require_tables

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from fastgres.db import Database
    from fastgres.jobs.definition import Job

log = get_logger(__name__)

_PICK = text(sql.PICK)
_MARK = text(sql.MARK)
_RECONCILE = text(sql.RECONCILE)

_LEASE: Final = 30.0
"""Seconds; a third of it is how often jobs of dead consumers are looked for."""

_LONGEST_PAUSE: Final = 10.0
"""Seconds between two tries, at most, while the broker is away."""


@dataclass(frozen=True, slots=True)
class Message:
    """A job to hand over: nothing but its name and id, all else stays in PostgreSQL.

    ```python
    from fastgres.jobs import Message

    assert Message(id=7, name="send_receipt", queue="mail").queue == "mail"
    ```
    """

    id: int
    name: str
    queue: str


class Publisher(Protocol):
    """Hand messages to a broker, within a bounded time.

    ```python
    from collections.abc import Sequence
    from fastgres.jobs import Message, Publisher

    class Printer:
        async def publish(self, messages: Sequence[Message]) -> set[int]:
            return {message.id for message in messages}

        def renew(self) -> None: ...
        def close(self) -> None: ...

    printer: Publisher = Printer()
    ```
    """

    async def publish(self, messages: Sequence[Message]) -> set[int]:
        """Return the ids that the broker has confirmed.

        Raises ConnectionError, which says why, when it took none.
        """

    def renew(self) -> None:
        """Connect and declare anew: the broker has lost something."""

    def close(self) -> None:
        """Let go of the connection."""


class RelayOptions(TypedDict, total=False):
    """What a relay takes: how much at once, how often, and when to send again.

    ```python
    from fastgres.jobs import RelayOptions

    patient: RelayOptions = {"resend_after": 3600.0}
    ```
    """

    target: str
    batch: int
    window: int
    poll: float
    resend_after: float
    listen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    target: str = "celery"
    batch: int = 100
    window: int = 1_000
    poll: float = 1.0
    resend_after: float = 600.0
    listen: bool = True

    def __post_init__(self) -> None:
        for name in ("batch", "window", "poll", "resend_after"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(
                    f"The relay was given {name}={getattr(self, name)!r}, with which no job would "
                    "ever reach the broker. Give a number above 0."
                )


class Relay:
    """Publish the due jobs of a target, mark those that the broker has confirmed.

    `target` ("celery"): the `target=` of the jobs. `batch` (100): how many in one transaction.
    `window` (1,000): how many of a queue may stand with the broker; the others wait in PostgreSQL.
    `resend_after` (600 s): when jobs that nobody has begun are sent again. `poll` (1 s): how often
    it looks without being woken. Several relays share the work. Besides the pool it holds three
    connections.

    A relay that dies between publishing and marking leaves jobs that are sent twice; consumers
    skip the second message.

    ```python
    from fastgres.jobs import Relay, job

    class Printer:
        async def publish(self, messages) -> set[int]:
            return {message.id for message in messages}

        def renew(self) -> None: ...
        def close(self) -> None: ...

    @job(target="printer")
    async def print_label(order: int) -> None: ...

    async with session.begin():
        await print_label.enqueue(session, order=7)
    relay = Relay(database, [print_label], Printer(), target="printer")
    assert await relay.send_due() == 1
    ```
    """

    def __init__(
        self,
        database: Database,
        jobs: Iterable[ModuleType | Job[Any]],
        publisher: Publisher,
        **options: Unpack[RelayOptions],
    ) -> None:
        self._options = _Options(**options)
        target = self._options.target
        self.jobs = {
            name: job for name, job in find_jobs(jobs).items() if job.options.target == target
        }
        self._queues = sorted({job.options.queue for job in self.jobs.values()})
        self._database = database
        self._publisher = publisher
        self._alarm = Alarm(self._options.poll)
        self._stopping = asyncio.Event()
        self._trouble = Trouble(log, "relaying of jobs")
        self._broker = Outage(log, "broker", target=target)
        self._broker.say_meanwhile("jobs wait in the database")

    def stop(self) -> None:
        """End after the batch that is being published."""
        self._stopping.set()
        self._alarm.ring()

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT."""
        with stopped_by_signals(self.stop):
            await self.run()

    async def run(self) -> None:
        """Relay until `stop()`; waits while the database or the broker is away.

        Raises `MigrationError` when the tables are missing.
        """
        await require_tables(self._database.engine, needed_by="the relay")
        self._database.outage.say_meanwhile("no jobs reach the broker")
        log.info("relay started", target=self._options.target, queues=self._queues)
        link = link_to(self._database)
        me = Identity(queues=(), concurrency=0, lease=_LEASE)
        loops = [asyncio.create_task(loop) for loop in self._loops(Queue(link, me))]
        sending = asyncio.create_task(self._send())
        try:
            await asyncio.wait({sending, *loops}, return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            await sending
        finally:
            await _end([sending, *loops])
            link.close()
            self._publisher.close()
        for loop in loops:
            if not loop.cancelled():
                loop.result()
        log.info("relay stopped", target=self._options.target)

    def _loops(self, queue: Queue) -> Iterator[Coroutine[Any, Any, None]]:
        yield self._keep(Keeper(queue, Slots(0), lease=_LEASE, stats=WorkerStats()))
        timetable = Timetable(self.jobs.values(), queue, self._alarm.ring)
        if timetable:
            yield timetable.run()
        yield keep_tables(self._database.engine)
        if self._options.listen and self._database.settings.database_pooler == "none":
            yield Listener(self._database, self._queues, self._alarm.ring).run()

    async def _keep(self, keeper: Keeper) -> None:
        """Free jobs of dead consumers and send again what nobody has begun, for ever."""
        trouble = Trouble(log, "upkeep of the relay")
        while True:
            try:
                await keeper.rescue()
                await self.reconcile()
                trouble.over()
            except ProblemError as error:
                trouble.met(error)
            await asyncio.sleep(min(_LEASE, self._options.resend_after) / 3)

    async def reconcile(self) -> int:
        """Make jobs ready again that were sent long ago and begun by nobody; return how many."""
        values = {"target": self._options.target, "after": self._options.resend_after}
        async with self._database.session() as session, session.begin():
            late = len((await session.execute(_RECONCILE, values)).all())
        if late:
            log.warning("jobs sent again", jobs=late, after=self._options.resend_after)
            self._publisher.renew()
            self._alarm.ring()
        return late

    async def _send(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._alarm.clear()
            sent = await self._try_to_send()
            failures = failures + 1 if sent is None else 0
            if self._stopping.is_set():
                return
            if sent is None:
                await _happens(self._stopping, min(0.1 * 2**failures, _LONGEST_PAUSE))
            elif sent == 0:
                await self._alarm.wait()

    async def _try_to_send(self) -> int | None:
        """Send one batch; return how many, None when database or broker did not take it."""
        try:
            sent = await self.send_due()
        except ProblemError as error:
            self._trouble.met(error)
        except ConnectionError as error:
            self._broker.lost(error=str(error))
        else:
            self._trouble.over()
            if sent:
                self._broker.found()
            return sent
        return None

    async def send_due(self) -> int:
        """Publish one batch of due jobs, mark what was confirmed; return how many that were.

        Raises `ConnectionError` when the broker took none. The rows are locked meanwhile: a
        consumer that is faster than this transaction waits for it.
        """
        async with self._database.session() as session, session.begin():
            due = [Message(*row) for row in await session.execute(_PICK, self._wanted())]
            if not due:
                return 0
            confirmed = await self._publisher.publish(due)
            await session.execute(_MARK, {"ids": sorted(confirmed)})
        if not confirmed:
            raise ConnectionError(f"None of {len(due)} messages was confirmed.")
        log.debug("jobs relayed", jobs=len(confirmed))
        return len(confirmed)

    def _wanted(self) -> dict[str, Any]:
        options = self._options
        return {
            "queues": self._queues,
            "target": options.target,
            "batch": options.batch,
            "window": options.window,
        }


async def _happens(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
