"""A 2xx is committed: over a real socket, wherever the unit of work was opened."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy import select, text, update
from structlog.testing import capture_logs

from fastgres.db import Database, Session, dsn
from fastgres.http import DatabaseDep, SessionDep, with_session
from tests.http.listening import serving
from tests.models import Counter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastgres.settings import Settings

pytestmark = pytest.mark.clone

TABLES = """
CREATE TABLE seats (number int PRIMARY KEY);
INSERT INTO seats VALUES (1);
CREATE TABLE bookings (
  seat int CONSTRAINT fk_bookings_seat REFERENCES seats DEFERRABLE INITIALLY DEFERRED,
  ticket text CONSTRAINT uq_bookings_ticket UNIQUE DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO bookings VALUES (1, 'taken');
CREATE FUNCTION meet_fate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.ticket = 'race' THEN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END IF;
  IF NEW.ticket = 'fatal' THEN
    PERFORM pg_terminate_backend(pg_backend_pid());
    PERFORM pg_sleep(10);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER fate AFTER INSERT ON bookings DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION meet_fate();
"""
"""Every constraint is checked at COMMIT, where a ticket may also end the connection."""

BOOK = text("INSERT INTO bookings VALUES (:seat, :ticket)")
TICKETS = text("SELECT ticket FROM bookings WHERE ticket <> 'taken'")


async def book(session: Session, ticket: str) -> None:
    """Book a seat; there is none for `nowhere`."""
    await session.execute(BOOK, {"seat": 2 if ticket == "nowhere" else 1, "ticket": ticket})


class Box:
    """A service."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def sell(self, ticket: str) -> None:
        """Book in a unit."""
        async with self.session.begin():
            await book(self.session, ticket)


async def sold(ticket: str, session: SessionDep) -> None:
    """Book in a dependency."""
    await Box(session).sell(ticket)


async def sold_below(_: Annotated[None, Depends(sold)]) -> None:
    """Have it done by a dependency of a dependency."""


async def sale(session: SessionDep) -> AsyncIterator[Session]:
    """Open a unit around the route."""
    async with session.begin():
        yield session


async def sale_of_its_own(database: DatabaseDep) -> AsyncIterator[Session]:
    """Open one on a session that is not the request's."""
    async with database.session() as session, session.begin():
        yield session


async def clerk(session: Annotated[Session, Depends(sale, scope="function")]) -> Session:
    """Stand between."""
    return session


async def closing_till(ticket: str, session: SessionDep) -> AsyncIterator[None]:
    """Book in the code behind the `yield`."""
    yield
    await Box(session).sell(ticket)


async def open_till(session: SessionDep) -> AsyncIterator[Session]:
    """Commit in the code behind the `yield` what the route has written, as tutorials do."""
    yield session
    await session.commit()


true = APIRouter()
"""Routes that commit before the response, at every depth."""


contended = APIRouter()
"""A route whose requests all want the same row."""


@true.post("/handler/{ticket}", status_code=201)
async def in_handler(ticket: str, session: SessionDep) -> None:
    async with session.begin():
        await book(session, ticket)


@true.post("/adopted/{ticket}", status_code=201)
async def in_adopted_transaction(ticket: str, session: SessionDep) -> None:
    await session.scalar(select(1))
    await Box(session).sell(ticket)


@true.post("/service/{ticket}", status_code=201)
async def in_service(ticket: str, box: Annotated[Box, Depends(with_session(Box))]) -> None:
    await box.sell(ticket)


@true.post("/retried/{ticket}", status_code=201)
async def in_retried_work(ticket: str, session: SessionDep) -> None:
    await session.retry(lambda: book(session, ticket))


@true.post("/dependency/{ticket}", status_code=201, dependencies=[Depends(sold)])
async def in_dependency(ticket: str) -> None: ...


@true.post("/nested/{ticket}", status_code=201, dependencies=[Depends(sold_below)])
async def in_nested_dependency(ticket: str) -> None: ...


@true.post("/yield/{ticket}", status_code=201)
async def in_yield(
    ticket: str, session: Annotated[Session, Depends(sale, scope="function")]
) -> None:
    await book(session, ticket)


@true.post("/nested-yield/{ticket}", status_code=201)
async def in_nested_yield(ticket: str, session: Annotated[Session, Depends(clerk)]) -> None:
    await book(session, ticket)


@true.post("/own/{ticket}", status_code=201)
async def in_session_of_its_own(
    ticket: str, session: Annotated[Session, Depends(sale_of_its_own, scope="function")]
) -> None:
    await book(session, ticket)


@true.post(
    "/exit/{ticket}",
    status_code=201,
    dependencies=[Depends(closing_till, scope="function")],
)
async def in_exit_code(ticket: str) -> None: ...


@true.post("/commit/{ticket}", status_code=201)
async def by_commit_in_exit_code(
    ticket: str, session: Annotated[Session, Depends(open_till, scope="function")]
) -> None:
    await book(session, ticket)


@true.post("/independent/{ticket}", status_code=201)
async def in_independent_unit(ticket: str, session: SessionDep) -> None:
    async with session.independent() as own:
        await book(own, ticket)


@true.post("/stream/{ticket}", status_code=201)
async def before_a_stream(ticket: str, session: SessionDep) -> StreamingResponse:
    await Box(session).sell(ticket)

    async def body() -> AsyncIterator[bytes]:
        yield b"sold"

    return StreamingResponse(body(), 201)


@true.post("/redirect/{ticket}", status_code=201)
async def before_a_redirect(ticket: str, session: SessionDep) -> RedirectResponse:
    await Box(session).sell(ticket)
    return RedirectResponse("/", 201)


@contended.post("/count", status_code=201)
async def count_up(session: SessionDep) -> None:
    async def work() -> None:
        await session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        value = await session.scalar(select(Counter.value)) or 0
        await session.execute(update(Counter).values(value=value + 1))

    await session.retry(work)


late = APIRouter()
"""Routes whose unit ends after the response, as a `yield` dependency does by default."""


@late.post("/yield/{ticket}", status_code=201)
async def late_yield(ticket: str, session: Annotated[Session, Depends(sale)]) -> None:
    await book(session, ticket)


@late.post("/nested/{ticket}", status_code=201)
async def late_nested(
    ticket: str, _: Annotated[Session, Depends(sale)], session: SessionDep
) -> None:
    await Box(session).sell(ticket)


@late.post("/own/{ticket}", status_code=201)
async def late_own(ticket: str, session: Annotated[Session, Depends(sale_of_its_own)]) -> None:
    await book(session, ticket)


@late.post("/stream/{ticket}", status_code=201)
async def late_stream(
    ticket: str, session: Annotated[Session, Depends(sale_of_its_own)]
) -> StreamingResponse:
    await book(session, ticket)

    async def body() -> AsyncIterator[bytes]:
        yield b"sold"

    return StreamingResponse(body(), 201)


@late.post("/unwritten/{ticket}", status_code=201, dependencies=[Depends(sale)])
async def late_without_a_write(ticket: str) -> None: ...


@pytest_asyncio.fixture
async def database(database: Database, database_url: str) -> Database:
    """Make the tables."""
    connection = await asyncpg.connect(dsn(database_url))
    await connection.execute(TABLES)
    await connection.close()
    return database


def places(router: APIRouter) -> list[str]:
    """Name the routes."""
    return [str(getattr(route, "path", "")).split("/")[1] for route in router.routes]


async def post_each(router: APIRouter, port: int, ticket: str) -> dict[str, int]:
    """Ask every route for this ticket; return their statuses."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        return {
            place: (await client.post(f"/{place}/{ticket.format(place)}")).status_code
            for place in places(router)
        }


async def booked(database: Database) -> list[str]:
    """What another connection sees."""
    async with database.session() as session:
        return sorted(await session.scalars(TICKETS))


async def test_201_is_committed_wherever_the_unit_was_opened(
    database: Database, database_url: str, settings: Settings
) -> None:
    with serving(true, database_url, settings) as (port, _):
        statuses = await post_each(true, port, "{}")
        assert statuses == dict.fromkeys(places(true), 201)
        assert await booked(database) == sorted(places(true))


@pytest.mark.parametrize(
    ("ticket", "status"), [("taken", 409), ("nowhere", 422), ("fatal", 503), ("race", 503)]
)
async def test_what_fails_at_commit_is_never_2xx_wherever_the_unit_was_opened(
    ticket: str, status: int, database: Database, database_url: str, settings: Settings
) -> None:
    """A deferred constraint; a connection that is killed in mid-COMMIT; a race that was lost."""
    with serving(true, database_url, settings) as (port, served):
        assert await post_each(true, port, ticket) == dict.fromkeys(places(true), status)
        assert served.pool_status().lent == 0
    assert await booked(database) == []


async def test_a_refused_commit_says_what_was_refused(
    database: Database, database_url: str, settings: Settings
) -> None:
    with serving(true, database_url, settings) as (port, _):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            taken = await client.post("/yield/taken")
            killed = await client.post("/yield/fatal")
    assert taken.headers["content-type"] == "application/problem+json"
    assert taken.json()["code"] == "already_exists"
    assert (killed.json()["code"], killed.headers["Retry-After"]) == ("database_unavailable", "2")


@pytest.mark.parametrize("environment", ["test", "production"])
async def test_a_unit_that_ends_after_the_response_is_refused(
    environment: str, database: Database, database_url: str, settings: Settings
) -> None:
    """In production too: nobody can tell whether its COMMIT will succeed."""
    with (
        capture_logs() as logs,
        serving(late, database_url, settings, environment=environment) as (port, served),
    ):
        assert await post_each(late, port, "{}") == dict.fromkeys(places(late), 500)
        assert served.pool_status().lent == 0
    told = [log for log in logs if log["event"] == "commit after the response"]
    assert len(told) == len(places(late))
    assert all('scope="function"' in log["hint"] for log in told)
    assert {log["changes"] for log in told} == {("insert in SQL text",), ()}
    assert await booked(database) == []


async def test_of_fifty_that_want_one_row_each_is_done_once_or_503(
    database: Database, database_url: str, settings: Settings
) -> None:
    """And those that were 503 are done when they ask again."""
    async with database.session() as session, session.begin():
        session.add(Counter())
    patient = {"database_pool_timeout": 60.0, "database_lock_timeout": 60.0}
    with serving(contended, database_url, settings, **patient) as (port, served):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            left, done = 50, 0
            while left:
                replies = await asyncio.gather(*(client.post("/count") for _ in range(left)))
                assert {reply.status_code for reply in replies} <= {201, 503}
                assert all("Retry-After" in each.headers for each in replies if each.is_error)
                left = sum(reply.is_error for reply in replies)
                done += len(replies) - left
        assert served.pool_status().lent == 0
    async with database.session() as session:
        assert done == 50 == await session.scalar(select(Counter.value))
