"""Requests that call somebody else: several transactions, and one effect all the same."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from fastapi import APIRouter, HTTPException
from sqlalchemy import text

from fastgres.db import Database, Session
from fastgres.errors import ConflictError, ProblemError, ServerUnavailableError
from fastgres.http import SessionDep
from fastgres.idempotency import Idempotent, StepsDep, idempotent
from tests.idempotency.conftest import authors, counts, keyed, stored
from tests.models import Author, Counter

if TYPE_CHECKING:
    import httpx

    from tests.idempotency.conftest import Serve


class DeclinedError(ProblemError):
    """What the other side says when it will not, now or later."""

    status = 402
    code = "declined"
    title = "Declined"


class Bank:
    """The other side: charges once for each key, and may fail before or after it did."""

    def __init__(self) -> None:
        self.charged: dict[str, dict[str, int]] = {}
        self.calls: list[str] = []
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.lent: list[int] = []
        self.database: Database | None = None

    async def charge(self, key: str) -> dict[str, int]:
        """Charge, or fail as it was told."""
        self.calls.append(key)
        if self.database is not None:
            self.lent.append(self.database.pool_status().lent)
        if self.before:
            raise self.before.pop(0)
        receipt = self.charged.setdefault(key, {"number": len(self.charged) + 1})
        if self.after:
            raise self.after.pop(0)
        return receipt


@pytest.fixture
def bank() -> Bank:
    """A bank that works."""
    return Bank()


def paying(bank: Bank) -> APIRouter:
    """Return a router with a route that charges, and then writes."""
    router = APIRouter()

    @router.post("/pay", status_code=201, dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> dict[str, int]:
        await session.execute(text("SELECT 1"))
        receipt = await steps.run("charge", bank.charge)
        await write(session)
        return receipt

    return router


@pytest.fixture
def router(bank: Bank) -> APIRouter:
    """A router with a route that charges, and then writes."""
    return paying(bank)


async def write(session: Session, name: str = "Ada") -> None:
    """Add an author in a unit of work, as a service does."""
    async with session.begin():
        session.add(Author(name=name, email=f"{name}@example.com"))


async def post(client: httpx.AsyncClient, key: str = "k-1") -> httpx.Response:
    """Ask for the payment."""
    return await client.post("/pay", headers=keyed(key))


async def row(database: Database) -> Any:
    """Return the one row."""
    async with database.session() as session:
        return (await session.execute(text("SELECT * FROM fastgres.idempotency"))).one()


async def let_time_pass(database: Database) -> None:
    """Let the time of whoever holds the row be over."""
    async with database.session() as session, session.begin():
        await session.execute(
            text("UPDATE fastgres.idempotency SET locked_until = now() - interval '1 hour'")
        )


async def test_retry_is_given_the_same_answer(
    router: APIRouter, serve: Serve, database: Database, bank: Bank
) -> None:
    client = await serve(router)
    first, second = await post(client), await post(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(bank.calls) == 1
    assert await authors(database) == 1
    assert counts(client) == {"first": 1, "replay": 1}
    kept = await row(database)
    assert (kept.state, kept.recovery_point, kept.request) == ("finished", "charge", None)


async def test_key_with_another_request_is_refused(router: APIRouter, serve: Serve) -> None:
    client = await serve(router)
    await post(client)
    other = await client.post("/pay?amount=2", headers=keyed())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_key_for_the_other_side_is_of_the_row_and_the_step(
    router: APIRouter, serve: Serve, database: Database, bank: Bank
) -> None:
    await post(await serve(router))
    assert bank.calls == [f"fg-{(await row(database)).id}-charge"]


async def test_reply_that_was_lost_is_asked_for_again_with_the_same_key(
    router: APIRouter, serve: Serve, database: Database, bank: Bank
) -> None:
    bank.after = [ServerUnavailableError()]
    client = await serve(router)
    assert (await post(client)).status_code == 503
    assert (await row(database)).recovery_point == "started"
    assert (await post(client)).json() == {"number": 1}
    assert len(bank.calls) == 2
    assert len(set(bank.calls)) == 1
    assert len(bank.charged) == 1
    assert await authors(database) == 1


async def test_step_that_was_done_is_not_done_again(
    serve: Serve, database: Database, bank: Bank
) -> None:
    router = APIRouter()
    failing = [True]

    @router.post("/pay", status_code=201, dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> dict[str, int]:
        receipt = await steps.run("charge", bank.charge)
        await write(session)
        if failing:
            failing.clear()
            raise ValueError("the process dies")
        return receipt

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert await authors(database) == 0
    kept = await row(database)
    assert (kept.state, kept.recovery_point, kept.steps) == (
        "started",
        "charge",
        {"charge": {"number": 1}},
    )
    assert (await post(client)).json() == {"number": 1}
    assert len(bank.calls) == 1
    assert await authors(database) == 1


async def test_last_word_of_the_other_side_is_stored(
    router: APIRouter, serve: Serve, database: Database, bank: Bank
) -> None:
    bank.before = [DeclinedError("No funds.")]
    client = await serve(router)
    first, second = await post(client), await post(client)
    assert (first.status_code, second.status_code) == (402, 402)
    assert second.content == first.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(bank.calls) == 1
    assert await authors(database) == 0


@pytest.mark.parametrize("status", [401, 403, 408, 425, 429])
async def test_word_that_is_not_the_last_is_not_stored(
    status: int, serve: Serve, database: Database, bank: Bank
) -> None:
    class OtherError(DeclinedError):
        pass

    OtherError.status = status
    bank.before = [OtherError()]
    router = APIRouter()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(steps: StepsDep) -> dict[str, int]:
        return await steps.run("charge", bank.charge)

    client = await serve(router)
    assert (await post(client)).status_code == status
    assert (await post(client)).json() == {"number": 1}


async def test_refusal_before_any_step_leaves_nothing(
    serve: Serve, database: Database, bank: Bank
) -> None:
    router = APIRouter()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(steps: StepsDep) -> None:
        raise HTTPException(404)

    client = await serve(router)
    assert (await post(client)).status_code == 404
    assert await stored(database) == 0


async def test_refusal_after_a_step_is_asked_again(
    serve: Serve, database: Database, bank: Bank
) -> None:
    router = APIRouter()
    refusing = [True]

    @router.post("/pay", status_code=201, dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> dict[str, int]:
        receipt = await steps.run("charge", bank.charge)
        await write(session)
        if refusing:
            refusing.clear()
            raise ConflictError
        return receipt

    client = await serve(router)
    assert [(await post(client)).status_code for _ in range(2)] == [409, 201]
    assert len(bank.calls) == 1
    assert await authors(database) == 1


async def test_error_of_a_step_may_be_caught(serve: Serve, database: Database, bank: Bank) -> None:
    router = APIRouter()
    bank.before = [DeclinedError()]

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> str:
        try:
            await steps.run("charge", bank.charge)
        except DeclinedError:
            await write(session)
        return "declined"

    client = await serve(router)
    assert [(await post(client)).json() for _ in range(2)] == ["declined", "declined"]
    assert await authors(database) == 1
    assert len(bank.calls) == 1


async def test_steps_may_write_in_between(serve: Serve, database: Database, bank: Bank) -> None:
    """Once, although the request is run twice."""
    router = APIRouter()
    bank.before = [ServerUnavailableError()]

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> list[Any]:
        async def reserve() -> str:
            await write(session, "Reserved")
            return "reserved"

        first = await steps.write("reserve", reserve)
        receipt = await steps.run("charge", bank.charge)
        await write(session, "Paid")
        return [first, receipt]

    client = await serve(router)
    assert (await post(client)).status_code == 503
    assert await authors(database) == 1
    assert (await post(client)).json() == ["reserved", {"number": 1}]
    assert await authors(database) == 2


async def test_error_in_a_writing_step_undoes_it(serve: Serve, database: Database) -> None:
    router = APIRouter()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> None:
        async def reserve() -> None:
            await write(session)
            raise ConflictError

        await steps.write("reserve", reserve)

    assert (await post(await serve(router))).status_code == 409
    assert (await authors(database), await stored(database)) == (0, 0)


async def test_write_before_a_step_is_a_bug(serve: Serve, database: Database, bank: Bank) -> None:
    """A retry would write it again."""
    router = APIRouter()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> None:
        await write(session)
        await steps.run("charge", bank.charge)

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert bank.calls == []
    assert await authors(database) == 0


async def test_step_inside_of_a_unit_is_a_bug(serve: Serve, bank: Bank) -> None:
    """It would hold its locks for as long as the other side takes."""
    router = APIRouter()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> None:
        async with session.begin():
            await session.execute(text("SELECT 1"))
            await steps.run("charge", bank.charge)

    assert (await post(await serve(router))).status_code == 500
    assert bank.calls == []


async def test_name_that_comes_twice_is_a_bug(serve: Serve, bank: Bank) -> None:
    """As in a loop: the second would be given the result of the first."""
    router = APIRouter()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(steps: StepsDep) -> None:
        for _ in range(2):
            await steps.run("charge", bank.charge)

    assert (await post(await serve(router))).status_code == 500
    assert len(bank.calls) == 1


async def test_result_that_is_no_json_is_a_bug(serve: Serve) -> None:
    router = APIRouter()

    async def call(_key: str) -> object:
        return object()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(steps: StepsDep) -> None:
        await steps.run("charge", call)

    reply = await post(await serve(router))
    assert reply.status_code == 500


async def test_handler_that_commits_by_itself_is_a_bug(
    serve: Serve, database: Database, bank: Bank
) -> None:
    router = APIRouter()

    @router.post("/pay", dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> None:
        session.add(Counter())
        await session.commit()

    assert (await post(await serve(router))).status_code == 500


async def test_call_that_takes_too_long_is_broken_off(serve: Serve) -> None:
    """A twin may take over when the time is up; two must not call at once."""
    router = APIRouter()

    async def hang(_key: str) -> None:
        await asyncio.Event().wait()

    @router.post("/pay", dependencies=[idempotent(lock=timedelta(seconds=0.1))])
    async def pay(steps: StepsDep) -> None:
        await steps.run("charge", hang)

    reply = await post(await serve(router))
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")


# From here on with true commits and several connections.


@pytest.mark.clone
async def test_no_connection_is_held_while_the_other_side_works(
    router: APIRouter, serve: Serve, database: Database, bank: Bank
) -> None:
    bank.database = database
    assert (await post(await serve(router))).status_code == 201
    assert bank.lent == [0]
    assert database.pool_status().lent == 0


class SlowBank(Bank):
    """Stands still in its first call until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def charge(self, key: str) -> dict[str, int]:
        """Wait, and charge."""
        receipt = await super().charge(key)
        if len(self.calls) == 1:
            self.asked.set()
            await self.let.wait()
        return receipt


@pytest.mark.clone
async def test_twin_is_told_so_while_the_other_side_works(serve: Serve, database: Database) -> None:
    slow = SlowBank()
    client = await serve(paying(slow))
    first = asyncio.create_task(post(client))
    await slow.asked.wait()
    twin = await post(client)
    assert (twin.status_code, twin.json()["code"]) == (409, "request_in_progress")
    assert twin.headers["Retry-After"] == "1"
    slow.let.set()
    assert (await first).status_code == 201
    assert (await post(client)).headers["Idempotent-Replayed"] == "true"
    assert len(slow.calls) == 1


@pytest.mark.clone
async def test_holder_that_stood_still_writes_nothing(serve: Serve, database: Database) -> None:
    """A twin took over, and the answer of the first comes too late."""
    slow = SlowBank()
    client = await serve(paying(slow))
    first = asyncio.create_task(post(client))
    await slow.asked.wait()
    await let_time_pass(database)
    assert (await post(client)).status_code == 201
    slow.let.set()
    assert (await first).status_code == 409
    assert len(slow.charged) == 1
    assert await authors(database) == 1


@pytest.mark.clone
async def test_holder_that_was_taken_over_does_no_further_step(
    serve: Serve, database: Database
) -> None:
    first_bank, second_bank = SlowBank(), SlowBank()
    router = APIRouter()

    @router.post("/pay", status_code=201, dependencies=[Idempotent])
    async def pay(steps: StepsDep) -> None:
        await steps.run("reserve", first_bank.charge)
        await steps.run("charge", second_bank.charge)

    client = await serve(router)
    first = asyncio.create_task(post(client))
    await first_bank.asked.wait()
    await let_time_pass(database)
    second = asyncio.create_task(post(client))
    await second_bank.asked.wait()
    first_bank.let.set()
    assert (await first).status_code == 409
    second_bank.let.set()
    assert (await second).status_code == 201
    assert len(second_bank.calls) == 1


@pytest.mark.clone
async def test_holder_that_was_taken_over_commits_no_effect(
    serve: Serve, database: Database, bank: Bank
) -> None:
    router = APIRouter()
    runs: list[str] = []
    reached, let = asyncio.Event(), asyncio.Event()

    @router.post("/pay", status_code=201, dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> None:
        runs.append(f"run-{len(runs)}")
        name = runs[-1]
        await steps.run("charge", bank.charge)
        if name == "run-0":
            reached.set()
            await let.wait()
        await write(session, name)

    client = await serve(router)
    first = asyncio.create_task(post(client))
    await reached.wait()
    await let_time_pass(database)
    assert (await post(client)).status_code == 201
    let.set()
    assert (await first).status_code == 409
    assert await authors(database) == 1


@pytest.mark.clone
async def test_request_whose_process_died_goes_on_when_its_time_is_over(
    serve: Serve, database: Database
) -> None:
    slow = SlowBank()
    client = await serve(paying(slow))
    lost = asyncio.create_task(post(client))
    await slow.asked.wait()
    async with database.session() as session, session.begin():
        await session.execute(text("UPDATE fastgres.idempotency SET holder = gen_random_uuid()"))
    lost.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lost
    assert (await post(client)).status_code == 409
    await let_time_pass(database)
    slow.let.set()
    assert (await post(client)).status_code == 201
    assert len(slow.charged) == 1
    assert await authors(database) == 1


@pytest.mark.clone
async def test_twins_have_one_effect(serve: Serve, database: Database, bank: Bank) -> None:
    client = await serve(paying(bank))
    replies = await asyncio.gather(*(post(client) for _ in range(10)))
    assert {reply.status_code for reply in replies} <= {201, 409}
    assert len({reply.content for reply in replies if reply.status_code == 201}) == 1
    assert len(bank.calls) == 1
    assert await authors(database) == 1


@pytest.mark.clone
async def test_request_that_is_cut_off_anywhere_has_one_effect(
    serve: Serve, database: Database, bank: Bank
) -> None:
    """At every point at which it waits: one charge, one row, and the answer of both."""
    client = await serve(once_each(bank))
    cut = 0
    for turns in range(0, 120, 2):
        request = asyncio.create_task(post(client, f"k-{turns}"))
        for _ in range(turns):
            await asyncio.sleep(0)
        cut += request.cancel()
        await asyncio.wait({request})
        await let_time_pass(database)
        assert (await post(client, f"k-{turns}")).status_code == 201
        assert len(bank.charged) == await authors(database) == turns // 2 + 1
    assert cut > 20
    assert database.pool_status().lent == 0


def once_each(bank: Bank) -> APIRouter:
    """Return a router with a route that charges, and then adds another author."""
    router = APIRouter()

    @router.post("/pay", status_code=201, dependencies=[Idempotent])
    async def pay(session: SessionDep, steps: StepsDep) -> dict[str, int]:
        receipt = await steps.run("charge", bank.charge)
        await write(session, str(uuid4()))
        return receipt

    return router
