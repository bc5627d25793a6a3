"""What a relay hands over, in which order, and what it does when it is not taken."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from structlog.testing import capture_logs

from fastgres.errors import ConfigurationError
from fastgres.jobs import Message, Relay, enqueue_many, job
from tests.jobs.workshop import change, enqueue, rows, until, value

if TYPE_CHECKING:
    from fastgres.db import Database

pytestmark = pytest.mark.clone

BEGIN = (
    "UPDATE fastgres.jobs SET state = 'running', started_at = now(), lease_until = now(),"
    " worker = gen_random_uuid() WHERE id = :id"
)
SENT = "SELECT count(*) FROM fastgres.jobs WHERE state = 'sent'"


@job(target="printer")
async def label(order: int = 0) -> None: ...


@job(target="printer", priority=-1)
async def urgent() -> None: ...


@job()
async def local() -> None: ...


@dataclass
class Printer:
    """Takes at most so many messages of a batch."""

    takes: int = 1_000
    taken: list[Message] = field(default_factory=list)
    renewed: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, messages: Sequence[Message]) -> set[int]:
        """Take them."""
        self.asked.set()
        taken = messages[: self.takes]
        self.taken += taken
        return {message.id for message in taken}

    def renew(self) -> None:
        """Count."""
        self.renewed += 1

    def close(self) -> None:
        """Nothing to close."""


class Killed(Printer):
    """Takes everything, and the relay does not live to write it down."""

    async def publish(self, messages: Sequence[Message]) -> set[int]:
        """Take and fall."""
        await super().publish(messages)
        raise SystemExit


def relay(database: Database, printer: Printer, **options: Any) -> Relay:
    """A relay to the printer."""
    return Relay(database, [label, urgent], printer, target="printer", **options)


async def test_due_jobs_are_handed_over_by_priority_and_marked(database: Database) -> None:
    first, second = await enqueue(database, label), await enqueue(database, urgent)
    printer = Printer()
    assert await relay(database, printer).send_due() == 2
    assert [message.id for message in printer.taken] == [second, first]
    assert await value(database, f"{SENT} AND sent_at IS NOT NULL") == 2


async def test_job_is_not_handed_over_before_its_moment(database: Database) -> None:
    async with database.session() as session, session.begin():
        await enqueue_many(session, [label.call()], when=dt.timedelta(hours=1))
    printer = Printer()
    assert await relay(database, printer).send_due() == 0
    await change(database, "UPDATE fastgres.jobs SET run_at = now()")
    assert await relay(database, printer).send_due() == 1


async def test_jobs_of_other_targets_are_left_alone(database: Database) -> None:
    await enqueue(database, local)
    assert await relay(database, Printer()).send_due() == 0


async def test_what_was_not_confirmed_stays_ready(database: Database) -> None:
    await enqueue(database, label, times=5)
    assert await relay(database, Printer(takes=2)).send_due() == 2
    assert await value(database, SENT) == 2
    with pytest.raises(ConnectionError, match="None of 3"):
        await relay(database, Printer(takes=0)).send_due()
    assert await value(database, SENT) == 2


async def test_what_was_published_and_not_marked_is_published_again(database: Database) -> None:
    job_id = await enqueue(database, label)
    killed, printer = Killed(), Printer()
    with pytest.raises(SystemExit):
        await relay(database, killed).send_due()
    assert await relay(database, printer).send_due() == 1
    assert [message.id for message in killed.taken + printer.taken] == [job_id, job_id]


async def test_broker_holds_no_more_of_a_queue_than_the_window(database: Database) -> None:
    await enqueue(database, label, times=5)
    small = relay(database, Printer(), window=3)
    assert [await small.send_due(), await small.send_due()] == [3, 0]
    await change(
        database, "DELETE FROM fastgres.jobs WHERE id = (SELECT min(id) FROM fastgres.jobs)"
    )
    assert await small.send_due() == 1


async def test_relays_at_once_take_different_jobs(database: Database) -> None:
    await enqueue(database, label, times=10)
    one, other = Printer(), Printer()
    relays = [relay(database, printer, batch=5) for printer in (one, other)]
    assert await asyncio.gather(*(each.send_due() for each in relays)) == [5, 5]
    assert len({message.id for message in one.taken + other.taken}) == 10


async def test_broker_that_is_away_is_told_once_with_its_reason(database: Database) -> None:
    """And once more when it takes jobs again."""

    class Away(Printer):
        tries: int = 0

        async def publish(self, messages: Sequence[Message]) -> set[int]:
            self.tries += 1
            if self.tries < 4:
                raise ConnectionError("Connection refused")
            return await super().publish(messages)

    await enqueue(database, label)
    structlog.reset_defaults()
    with capture_logs() as logs:
        running = relay(database, printer := Away(), poll=0.01, listen=False)
        task = asyncio.create_task(running.run())
        async with asyncio.timeout(20):
            await printer.asked.wait()
        running.stop()
        await task
    told = [line for line in logs if line["log_level"] == "warning"]
    assert [line["event"] for line in told] == ["broker away", "broker back"]
    assert (told[0]["error"], told[1]["tries"]) == ("Connection refused", 3)


async def test_job_that_nobody_has_begun_is_sent_again(database: Database) -> None:
    await enqueue(database, label, times=2)
    printer = Printer()
    patient = relay(database, printer, resend_after=60.0)
    await patient.send_due()
    assert await patient.reconcile() == 0
    await change(
        database,
        "UPDATE fastgres.jobs SET sent_at = now() - interval '61 s'"
        " WHERE id = (SELECT min(id) FROM fastgres.jobs)",
    )
    assert await patient.reconcile() == 1
    assert printer.renewed == 1
    assert await patient.send_due() == 1
    assert await value(database, SENT) == 2


async def sent_in_turn(database: Database) -> list[int]:
    """Three jobs that were sent one after the other, a minute ago and more."""
    for _ in range(3):
        await enqueue(database, label)
        await relay(database, Printer()).send_due()
    await change(database, "UPDATE fastgres.jobs SET sent_at = sent_at - interval '61 s'")
    return [row[0] for row in await rows(database, "SELECT id FROM fastgres.jobs ORDER BY id")]


async def test_job_is_not_sent_again_while_those_before_it_are_begun(database: Database) -> None:
    """A long backlog is no loss."""
    patient = relay(database, Printer(), resend_after=60.0)
    await change(database, BEGIN, id=(await sent_in_turn(database))[0])
    assert await patient.reconcile() == 0
    await change(database, "UPDATE fastgres.jobs SET started_at = now() - interval '61 s'")
    assert await patient.reconcile() == 2


async def test_job_that_was_passed_over_is_sent_again(database: Database) -> None:
    """A later one was begun: its own message is lost."""
    await change(database, BEGIN, id=(await sent_in_turn(database))[2])
    assert await relay(database, Printer(), resend_after=60.0).reconcile() == 2


async def test_relay_is_woken_and_stops_softly(database: Database) -> None:
    printer = Printer()
    running = relay(database, printer, poll=30.0)
    task = asyncio.create_task(running.run())

    async def listening() -> bool:
        query = "SELECT query FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        return bool(await rows(database, query))

    await until(listening)
    await enqueue(database, label)
    async with asyncio.timeout(10):
        await printer.asked.wait()
    running.stop()
    await task
    assert await value(database, SENT) == 1


def test_numbers_with_which_nothing_is_sent_are_refused(database: Database) -> None:
    with pytest.raises(ConfigurationError, match="window=0"):
        relay(database, Printer(), window=0)
