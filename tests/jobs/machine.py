"""The queue against a model of it: Hypothesis drives two workers, each its own zombie."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fastgres.db import Database
from fastgres.jobs import enqueue_many
from fastgres.jobs.claimed import ClaimedJob
from fastgres.jobs.enqueue import Call
from fastgres.jobs.lanes import Lanes
from fastgres.jobs.link import OwnLink
from fastgres.jobs.outcome import Ending
from fastgres.jobs.queue import Identity, Queue
from fastgres.settings import Settings, load_settings
from tests.jobs.workshop import Hand, outcome

T = TypeVar("T")

WORKERS = st.integers(0, 1)
ENDINGS = [Ending.FAILED, Ending.RELEASED, Ending.DONE, Ending.DEAD]
ROWS = (
    "SELECT id, state, attempt, worker FROM fastgres.jobs"
    " UNION ALL SELECT id, 'dead', 0, NULL FROM fastgres.dead_jobs"
)
EMPTY = "TRUNCATE fastgres.jobs, fastgres.dead_jobs"
EXPIRE = "UPDATE fastgres.jobs SET lease_until = now() - interval '1 s' WHERE worker = $1"
DUE = "UPDATE fastgres.jobs SET run_at = now() WHERE id = ANY($1)"


@dataclass
class Modelled:
    """One job as it has to be."""

    id: int
    place: tuple[int, int, int]
    most: int
    key: str | None
    state: str = "ready"
    attempt: int = 0
    worker: UUID | None = None
    expired: bool = False
    known: bool = False

    def claim(self, worker: UUID) -> None:
        """Be claimed."""
        self.state, self.worker, self.expired = "running", worker, False
        self.attempt += 1

    def free(self, refund: int = 0) -> None:
        """Be ready again."""
        self.state, self.worker, self.expired = "ready", None, False
        self.attempt -= refund


@dataclass
class Model:
    """All jobs as they have to be."""

    jobs: dict[int, Modelled] = field(default_factory=dict)
    dead: set[int] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    moment: int = 0

    def now(self) -> int:
        """Return a later moment than ever before."""
        self.moment += 1
        return self.moment

    def owns(self, worker: UUID, held: ClaimedJob) -> Modelled | None:
        """Return the job of an attempt that still counts."""
        job = self.jobs.get(held.id)
        if job is None or job.state != "running":
            return None
        return job if (job.attempt, job.worker) == (held.attempt, worker) else None

    def next(self, most: int) -> list[int]:
        """Return the ids that a claim has to return."""
        ready = [job for job in self.jobs.values() if job.state == "ready"]
        return [job.id for job in sorted(ready, key=lambda job: job.place)[:most]]


class QueueMachine(RuleBasedStateMachine):
    """Two workers at one queue; every attempt is remembered, and may be ended at any time."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.held: list[tuple[int, ClaimedJob]] = []
        self.database = Database(self.url, load_settings(Settings, environment="test"))
        self.hands: list[Hand] = []
        self.desk = OwnLink(self.database)
        self.links = [self.desk]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it on the loop of the machine."""
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        """Begin with an empty queue."""
        self.run(self.desk.fetch(EMPTY))
        for _ in range(2):
            self.links.append(OwnLink(self.database))
            me = Identity(queues=("default",), concurrency=10, lease=300.0)
            self.hands.append(Hand(Queue(self.links[-1], me), Lanes(("default",), set()), me))

    def teardown(self) -> None:
        """Leave no connection behind."""
        for link in self.links:
            link.close()
        self.run(self.database.close())
        self.runner.close()

    @precondition(lambda self: len(self.model.jobs) < 4)
    @rule(priority=st.integers(0, 1), most=st.integers(1, 4), key=st.sampled_from([None, "a", "b"]))
    def enqueue(self, priority: int, most: int, key: str | None) -> None:
        """A twin of a job that is not done gives no id."""
        call = Call(
            name="task",
            queue="default",
            version=1,
            arguments="{}",
            priority=priority,
            max_attempts=most,
            unique_key=key,
            target="local",
        )
        twin = key is not None and key in {job.key for job in self.model.jobs.values()}
        job_id = self.run(self._enqueue(call))
        assert (job_id is None) == twin
        if job_id is not None:
            place = (priority, self.model.now(), job_id)
            self.model.jobs[job_id] = Modelled(job_id, place, most, key)

    async def _enqueue(self, call: Call) -> int | None:
        async with self.database.session() as session, session.begin():
            return (await enqueue_many(session, [call]))[0]

    @rule(worker=WORKERS, most=st.integers(1, 4), lost=st.sampled_from([False, False, True]))
    def claim(self, worker: int, most: int, lost: bool) -> None:
        """Exactly the next ones, in their order, each with its attempt counted.

        The answer may be lost: then the worker does not know of them.
        """
        hand = self.hands[worker]
        expected = self.model.next(most)
        claimed = self.run(hand.claim(most))
        assert [job.id for job in claimed] == expected
        for job in claimed:
            self.model.jobs[job.id].claim(hand.me.id)
            assert job.attempt == self.model.jobs[job.id].attempt <= job.max_attempts
            self.model.jobs[job.id].known = not lost
            if not lost:
                self.held.append((worker, job))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), ending=st.sampled_from(ENDINGS))
    def end(self, data: st.DataObject, ending: Ending) -> None:
        """An attempt ends, the owner's or a zombie's: only the owner's counts."""
        worker, held = data.draw(st.sampled_from(self.held))
        if ending is Ending.FAILED and held.attempt >= held.max_attempts:
            ending = Ending.DEAD
        hand = self.hands[worker]
        owned = self.model.owns(hand.me.id, held)
        returned = self.run(self._end(hand, held, ending))
        assert returned == ({held.id} if owned is not None else set())
        if owned is not None:
            self._apply(owned, ending)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), ending=st.sampled_from(ENDINGS))
    def end_another(self, data: st.DataObject, ending: Ending) -> None:
        """The same, so that attempts end as often as they begin."""
        self.end(data, ending)

    async def _end(self, hand: Hand, held: ClaimedJob, ending: Ending) -> set[int]:
        ended = [outcome(held, ending, delay=0.0, reason="r", error="e")]
        if ending is Ending.DONE:
            return await hand.queue.acknowledge(ended)
        if ending is Ending.DEAD:
            return await hand.queue.bury(ended)
        return await hand.queue.put_back(ended, refund=ending is not Ending.FAILED)

    def _apply(self, job: Modelled, ending: Ending) -> None:
        if ending is Ending.DONE:
            self.model.done.append(job.id)
            del self.model.jobs[job.id]
        elif ending is Ending.DEAD:
            self.model.dead.add(job.id)
            del self.model.jobs[job.id]
        else:
            job.place = (job.place[0], self.model.now(), job.id)
            job.free(refund=int(ending is not Ending.FAILED))

    @rule(worker=WORKERS)
    def expire(self, worker: int) -> None:
        """A worker stands still for longer than its lease."""
        me = self.hands[worker].me.id
        self.run(self.desk.fetch(EXPIRE, me))
        for job in self.model.jobs.values():
            job.expired = job.expired or job.worker == me

    @rule(worker=WORKERS)
    def renew(self, worker: int) -> None:
        """A worker renews what is still its own, and hears what is not."""
        hand = self.hands[worker]
        mine = [held for owner, held in self.held if owner == worker]
        newest = {held.id: held for held in mine}
        answers = self.run(hand.queue.renew(list(newest.values())))
        for held in newest.values():
            owned = self.model.owns(hand.me.id, held)
            assert answers[held.id, held.attempt][1] == (owned is not None)
        for job in self.model.jobs.values():
            job.expired = job.expired and not (job.worker == hand.me.id and job.known)

    @rule(worker=WORKERS)
    def rescue(self, worker: int) -> None:
        """All that expired is freed, or dead when it was the last attempt."""
        expired = {job.id: job for job in self.model.jobs.values() if job.expired}
        rescued = self.run(self.hands[worker].queue.rescue())
        assert {each.id for each in rescued} == set(expired)
        moment = self.model.now()
        for each in rescued:
            job = expired[each.id]
            assert each.dead == (job.attempt >= job.most)
            if each.dead:
                self.model.dead.add(job.id)
                del self.model.jobs[job.id]
            else:
                job.free()
                job.place = (job.place[0], moment, job.id)
        self.run(self.desk.fetch(DUE, list(expired)))

    @invariant()
    def is_as_modelled(self) -> None:
        """The table holds what the model holds; no job was done twice."""
        if not self.hands:
            return
        stored = {row[0]: tuple(row[1:]) for row in self.run(self.desk.fetch(ROWS))}
        expected: dict[int, tuple[object, ...]] = {
            job.id: (job.state, job.attempt, job.worker) for job in self.model.jobs.values()
        }
        expected.update(dict.fromkeys(self.model.dead, ("dead", 0, None)))
        assert stored == expected
        assert len(self.model.done) == len(set(self.model.done))
