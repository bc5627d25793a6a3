"""Exports: all rows, batch by batch, in the memory of one and with nothing held open."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import computed_field
from sqlalchemy import Text, case, cast, delete, func, insert, literal, select, text, update
from structlog.testing import capture_logs

from fastgres.reads import ExportFormat, Reads
from fastgres.reads.streaming import BATCH
from tests.http.conftest import service
from tests.models import Book, Copy, Counter
from tests.reads.serving import listening
from tests.reads.shelf import BookRead, CopyRead, LoudTitle, Shown, Title, stock
from tests.reads.wire import overheard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncSession

    from fastgres.db import Database, Session
    from fastgres.settings import Settings


class CounterRead(Shown):
    """A small row."""

    id: int
    value: int


class Doubled(CounterRead):
    """One that Python has to write."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def twice(self) -> int:
        """Twice the value."""
        return 2 * self.value


COUNTERS = Reads(Counter, CounterRead)


async def count_to(session: AsyncSession, last: int) -> None:
    """Insert so many rows, the value of each being the negative of its key."""
    numbers = select(func.generate_series(1, last).label("n")).subquery()
    rows = select(numbers.c.n, -numbers.c.n)
    await session.execute(insert(Counter).from_select(["id", "value"], rows))


async def committed(database: Database, last: int) -> None:
    """Insert and commit so many rows, and have the server count them, for it to take the index."""
    async with database.session() as session, session.begin():
        await count_to(session, last)
        await session.execute(text("ANALYZE counters"))


def chunks(response: StreamingResponse) -> AsyncIterator[bytes]:
    """Return what the response sends, piece by piece."""
    iterator: Any = response.body_iterator
    return iterator  # type: ignore[no-any-return]  # Starlette allows text as well


async def body_of(response: StreamingResponse) -> bytes:
    """Return all that the response sends."""
    return b"".join([chunk async for chunk in chunks(response)])


def parsed(body: bytes, form: ExportFormat) -> list[Any]:
    """Return the objects of an export, having looked at its form."""
    if form == "json":
        found: list[Any] = json.loads(body)
        return found
    assert body == b"" or body.endswith(b"}\n")
    return [json.loads(line) for line in body.splitlines()]


@pytest.mark.parametrize("form", ["ndjson", "json"])
@pytest.mark.parametrize("model", [CounterRead, Doubled])
@pytest.mark.parametrize("last", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1])
async def test_all_rows_once(
    session: Session, form: ExportFormat, model: type[Any], last: int
) -> None:
    """Wherever the batches end, one way as the other."""
    await count_to(session, last)
    reads = Reads(Counter, model)
    assert reads.plan.kind == ("compiled" if model is CounterRead else "loaded")
    found = parsed(await body_of(reads.stream(session, format=form)), form)
    assert [(each["id"], each["value"]) for each in found] == [(n, -n) for n in range(1, last + 1)]


def test_type_of_the_response(session: Session) -> None:
    """As the format says."""
    assert COUNTERS.stream(session).media_type == "application/x-ndjson"
    assert COUNTERS.stream(session, format="json").media_type == "application/json"


async def test_bytes(session: Session) -> None:
    """One object a line, or one array; nothing else."""
    await count_to(session, 2)
    two = b'{"id":1,"value":-1}', b'{"id":2,"value":-2}'
    assert await body_of(COUNTERS.stream(session)) == b"%b\n%b\n" % two
    assert await body_of(COUNTERS.stream(session, format="json")) == b"[%b,%b]" % two
    nothing = Counter.id < 0
    assert await body_of(COUNTERS.stream(session, nothing)) == b""
    assert await body_of(COUNTERS.stream(session, nothing, format="json")) == b"[]"


async def test_conditions_hold_in_every_batch(session: Session) -> None:
    """Those of the caller, with their values, and the soft deletion."""
    await count_to(session, 3 * BATCH)
    even = Counter.id % 2 == 0
    found = parsed(await body_of(COUNTERS.stream(session, even, Counter.id <= 2_500)), "ndjson")
    assert [each["id"] for each in found] == list(range(2, 2_501, 2))
    books = await stock(session)
    books[1].deleted_at = books[1].created_at
    await session.flush()
    body = await body_of(Reads(Book, Title).stream(session))
    assert body == b'{"title":"Book 0"}\n{"title":"Book 2"}\n'


async def test_nested_objects(session: Session) -> None:
    """As in any other read."""
    await stock(session)
    shown = await Reads(Book, BookRead).list(session)
    assert await body_of(Reads(Book, BookRead).stream(session, format="json")) == shown.body
    loud = await Reads(Book, LoudTitle).list(session)
    assert await body_of(Reads(Book, LoudTitle).stream(session, format="json")) == loud.body


async def test_key_of_several_columns(session: Session) -> None:
    """The batches go on behind all of them."""
    for book in await stock(session):
        numbers = select(func.generate_series(100, 1_000).label("n")).subquery()
        rows = select(literal(book.id), numbers.c.n, literal("B"))
        await session.execute(insert(Copy).from_select(["book_id", "number", "shelf"], rows))
    found = parsed(await body_of(Reads(Copy, CopyRead).stream(session)), "ndjson")
    assert len(found) == 3 + 3 * 901
    shown = await Reads(Copy, CopyRead).list(session, limit=9_999)
    assert found == json.loads(bytes(shown.body))


@pytest.mark.clone
class TestMeanwhile:
    """Rows come and go while a client reads."""

    async def test_what_was_there_all_the_time_is_sent_once(self, database: Database) -> None:
        await committed(database, 2 * BATCH + 10)
        sent = chunks(COUNTERS.stream(database.engine))
        body = await anext(sent)
        async with database.session() as session, session.begin():
            await session.execute(delete(Counter).where(Counter.id.in_([1, 1_001, 1_002])))
            await session.execute(update(Counter).values(value=7))
            await session.execute(insert(Counter).values(id=5_000))
        body += b"".join([chunk async for chunk in sent])
        found = [each["id"] for each in parsed(body, "ndjson")]
        gone = {1_001, 1_002}
        assert found == [*(n for n in range(1, 2_011) if n not in gone), 5_000]

    async def test_no_transaction_is_open_between_batches(self, database: Database) -> None:
        """Nor is a connection lent."""
        await committed(database, 3 * BATCH)
        for reads in (COUNTERS, Reads(Counter, Doubled)):
            async with database.session() as session:
                async for _ in chunks(reads.stream(session)):
                    assert database.pool_status().lent == 0
                    assert await states(database) == {"idle"}
                assert not session.in_transaction()

    async def test_session_may_be_closed_before_the_response_is_sent(
        self, database: Database
    ) -> None:
        """As the session of a request is."""
        await committed(database, 2)
        async with database.session() as session:
            response = COUNTERS.stream(session)
        assert len(parsed(await body_of(response), "ndjson")) == 2

    async def test_reads_no_further_than_the_client(
        self, database_url: str, settings: Settings
    ) -> None:
        """Each batch is one statement, run when the one before it is sent."""
        async with overheard(database_url, settings) as (database, said):
            await committed(database, 4 * BATCH)
            said.clear()
            sent = chunks(COUNTERS.stream(database.engine))
            for number in range(1, 5):
                await anext(sent)
                await asyncio.sleep(0.01)
                assert len(said) == number
                assert said[-1].startswith("SELECT ")
            assert [chunk async for chunk in sent] == []
            assert len(said) == 4

    async def test_memory_is_flat(self, database: Database) -> None:
        """That of a batch, for 200,000 rows and a reader that takes its time."""
        await committed(database, 200_000)
        sent = chunks(COUNTERS.stream(database.engine, format="json"))
        for _ in range(5):
            await anext(sent)
        tracemalloc.start()
        size = 0
        try:
            async for chunk in sent:
                size += len(chunk)
                await asyncio.sleep(0)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert size > 5_000_000
        assert peak < 1_000_000


async def states(database: Database) -> set[str]:
    """Return the states of the connections that have been used, as the server knows them."""
    async with database.engine.connect() as connection:
        found = await connection.scalars(
            text(
                "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
        return set(found) or {"idle"}


async def running(database: Database) -> int:
    """Return how many statements sleep on the server."""
    async with database.engine.connect() as connection:
        found = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state = 'active' AND wait_event = 'PgSleep'"
            )
        )
        return int(found or 0)


async def until(database: Database, number: int) -> None:
    """Wait until so many statements sleep."""
    for _ in range(500):
        if await running(database) == number:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"not {number} statements sleep, but {await running(database)}")


SLOW = case(
    (Counter.id <= BATCH + 1, literal(1)),
    else_=func.length(cast(func.pg_sleep(30), Text)) + 1,
)
"""The second batch takes its time."""

BROKEN = 1 / (Counter.id - (BATCH + 500))
"""The second batch fails."""


@pytest.mark.clone
class TestOverASocket:
    """With a real server, and clients that misbehave."""

    async def test_client_that_leaves(self, database: Database) -> None:
        """The statement that runs for it is cancelled, and the connection is free again."""
        await committed(database, 30 * BATCH)
        async with listening(exporting(database, SLOW > 0)) as port:
            reader, writer = await ask(port, "/export?form=json")
            await reader.readuntil(b'{"id":1000')
            await until(database, 1)
            assert database.pool_status().lent == 1
            writer.close()
            await until(database, 0)
            await until_given_back(database)
            assert (await Reads(Counter, CounterRead).first(database.engine)).value() is not None

    async def test_client_that_reads_slowly(self, database: Database) -> None:
        """Gets all of it."""
        await committed(database, 30 * BATCH)
        async with listening(exporting(database, Counter.id > 0)) as port:
            reader, writer = await ask(port, "/export?form=ndjson")
            await asyncio.sleep(0.1)
            body = await unchunked(reader)
            assert len(parsed(body, "ndjson")) == 30 * BATCH
            writer.close()

    @pytest.mark.parametrize("form", ["json", "ndjson"])
    async def test_failure_cuts_the_connection(
        self, database: Database, form: ExportFormat
    ) -> None:
        """The client must not take half of it for all of it."""
        await committed(database, 30 * BATCH)
        async with listening(exporting(database, BROKEN != 7)) as port:
            reader, writer = await ask(port, f"/export?form={form}")
            with capture_logs() as logs, pytest.raises(asyncio.IncompleteReadError) as cut:
                await unchunked(reader)
            writer.close()
            await until_given_back(database)
        assert not cut.value.partial
        told = [each["event"] for each in logs if each["log_level"] != "info"]
        assert told == ["response cut off"]

    async def test_failure_of_the_first_batch_cuts_it_too(self, database: Database) -> None:
        """The status has been sent by then."""
        await committed(database, 1)
        async with listening(exporting(database, 1 / (Counter.id - 1) > 0)) as port:
            reader, writer = await ask(port, "/export?form=json")
            with capture_logs(), pytest.raises(asyncio.IncompleteReadError):
                await unchunked(reader)
            writer.close()


def exporting(database: Database, condition: Any) -> Any:
    """Make a service that exports the counters."""
    router = APIRouter()

    @router.get("/export")
    async def export(form: ExportFormat) -> StreamingResponse:
        return COUNTERS.stream(database.engine, condition, format=form)

    return service(router, database=database)


async def ask(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for the export, and read the headers of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000_000)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"transfer-encoding: chunked" in head.lower()
    return reader, writer


async def unchunked(reader: asyncio.StreamReader) -> bytes:
    """Read a body in chunks to its end."""
    body = b""
    async with asyncio.timeout(10):
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
    return body


async def until_given_back(database: Database) -> None:
    """Wait until no connection is lent."""
    for _ in range(500):
        if database.pool_status().lent == 0:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"{database.pool_status().lent} connections are lent")
