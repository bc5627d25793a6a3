"""Requests that are answered once: one transaction for key, effect and answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import httpx
import pytest
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlalchemy import text, update

from fastgres.db import Database, Session, run_inside
from fastgres.errors import SerializationFailureError
from fastgres.http import DatabaseDep, SessionDep, WholeResponse
from fastgres.idempotency import Idempotent, idempotent, sql
from fastgres.idempotency.answers import columns
from fastgres.idempotency.fingerprint import fingerprint_of
from fastgres.settings import Settings
from tests.http.listening import listening
from tests.idempotency.conftest import (
    ADA,
    NewAuthor,
    authors,
    counts,
    keyed,
    post,
    service,
    stored,
    write,
)
from tests.models import Author, Counter, metadata
from tests.relay import Relay

if TYPE_CHECKING:
    from tests.idempotency.conftest import Serve

GATE = 4711
"""The advisory lock at which `at_commit` stops."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that wait longer: how busy the machine is, is not what the races are about."""
    waits = {"database_pool_timeout": 30.0, "database_lock_timeout": 30.0}
    return settings.model_copy(update=waits)


@pytest.fixture
def router() -> APIRouter:
    """A router with one idempotent route."""
    router = APIRouter()

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep, response: Response) -> dict[str, str]:
        made = await write(session, body)
        response.headers["Location"] = f"/authors/{made['id']}"
        response.headers["X-Other"] = "of this exchange"
        response.set_cookie("session", "secret")
        return made

    return router


async def test_retry_is_given_the_same_answer(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    """Also in tests that are rolled back."""
    client = await serve(router)
    first, second = await post(client), await post(client)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Content-Type"] == "application/json"
    assert second.headers["Content-Length"] == first.headers["Content-Length"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert await authors(database) == 1
    assert counts(client) == {"first": 1, "replay": 1}


async def test_cookies_and_unknown_headers_are_not_replayed(
    router: APIRouter, serve: Serve
) -> None:
    client = await serve(router)
    first, second = await post(client), await post(client)
    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" not in second.headers
    assert "X-Other" not in second.headers


async def test_quoted_key_is_the_same_key(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    client = await serve(router)
    await post(client, "k-1")
    assert (await post(client, '"k-1"')).headers["Idempotent-Replayed"] == "true"


async def test_key_with_another_request_is_refused(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    client = await serve(router)
    await post(client)
    other = await client.post("/authors", json={**ADA, "name": "Eve"}, headers=keyed())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert counts(client) == {"first": 1, "422": 1}
    assert await authors(database) == 1


async def test_key_belongs_to_its_caller(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    client = await serve(router)
    first = await post(client, Authorization="Bearer ada")
    other = await post(client, Authorization="Bearer eve")
    assert first.status_code == 201
    assert (other.status_code, other.json()["code"]) == (409, "already_exists")
    assert counts(client) == {"first": 1, "rollback": 1}


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
async def test_refusal_is_rolled_back_and_not_stored(
    status: int, serve: Serve, database: Database
) -> None:
    router = APIRouter()
    refused: list[int] = []

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, str]:
        made = await write(session, body)
        if not refused:
            refused.append(status)
            raise HTTPException(status)
        return made

    client = await serve(router)
    assert (await post(client)).status_code == status
    assert (await authors(database), await stored(database)) == (0, 0)
    assert (await post(client)).status_code == 201
    assert counts(client) == {"rollback": 1, "first": 1}


async def test_bug_is_rolled_back_and_not_stored(serve: Serve, database: Database) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        await write(session, body)
        raise ValueError("a bug")

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert (await authors(database), await stored(database)) == (0, 0)
    assert counts(client) == {"rollback": 1}


async def test_named_status_is_stored_with_what_was_committed(
    serve: Serve, database: Database
) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[idempotent(stored=(402,))])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        await write(session, body)
        raise HTTPException(402)

    client = await serve(router)
    first, second = await post(client), await post(client)
    assert (first.status_code, second.status_code) == (402, 402)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.content == first.content
    assert await authors(database) == 1


async def test_answer_without_a_body_is_stored(serve: Serve) -> None:
    router = APIRouter()

    @router.post("/nothing", status_code=204, dependencies=[Idempotent])
    async def nothing() -> None:
        """Do nothing."""

    client = await serve(router)
    await client.post("/nothing", headers=keyed())
    second = await client.post("/nothing", headers=keyed())
    assert (second.status_code, second.content) == (204, b"")
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Content-Length" not in second.headers


async def test_answer_that_has_expired_is_forgotten(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    client = await serve(router)
    await post(client)
    async with database.session() as session, session.begin():
        await session.execute(text("UPDATE fastgres.idempotency SET expires_at = now()"))
        await session.execute(text("DELETE FROM authors"))
    again = await post(client)
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers
    assert (await post(client)).content == again.content


async def test_body_that_is_too_large_to_store_fails_the_whole(
    serve: Serve, database: Database
) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> str:
        await write(session, body)
        return "x" * 1024 * 1024

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert (await authors(database), await stored(database)) == (0, 0)


async def test_handler_that_commits_by_itself_is_a_bug(serve: Serve, database: Database) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        session.add(Author(**body.model_dump()))
        await session.commit()

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert await stored(database) == 0


async def test_error_that_was_caught_without_a_savepoint_stores_nothing(
    serve: Serve, database: Database
) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> str:
        try:
            await session.execute(text("SELECT 1/0"))
        except Exception:  # noqa: BLE001 - the mistake that is tested
            return "fine"
        return "better"

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert await stored(database) == 0


async def test_error_that_was_caught_in_a_savepoint_is_over(
    serve: Serve, database: Database
) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> str:
        made = await write(session, body)
        try:
            await write(session, body)
        except Exception:  # noqa: BLE001 - the second is a duplicate, whatever it is called
            return made["name"]
        return "both"

    client = await serve(router)
    assert (await post(client)).json() == "Ada"
    assert (await authors(database), await stored(database)) == (1, 1)


async def late(database: DatabaseDep) -> AsyncIterator[Session]:
    """Hold a unit of work open until the response is sent."""
    async with database.session() as session, session.begin():
        await session.execute(text("SELECT 1"))
        yield session


@pytest.mark.clone
async def test_unit_that_is_open_beside_it_is_refused(serve: Serve, database: Database) -> None:
    """It would be committed after the answer was stored, or not at all."""
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: Annotated[Session, Depends(late)]) -> None:
        """Write nothing."""

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert await stored(database) == 0


async def around(session: SessionDep) -> AsyncIterator[Session]:
    """Hold a unit of work open around the handler, on the session of the request."""
    async with session.begin():
        yield session


@pytest.mark.parametrize("scope", ["function", "request"])
async def test_unit_around_the_handler_is_refused_before_it_runs(
    scope: Literal["function", "request"], serve: Serve, database: Database
) -> None:
    """The answer would be sent, or not be stored, while the effect waits for that unit."""
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent, Depends(around, scope=scope)])
    async def register(body: NewAuthor, session: SessionDep) -> None:
        await write(session, body)

    client = await serve(router)
    assert (await post(client)).status_code == 500
    assert (await authors(database), await stored(database)) == (0, 0)


# From here on with true commits and several connections.


@asynccontextmanager
async def held(database: Database, number: int = GATE) -> AsyncIterator[None]:
    """Hold an advisory lock."""
    async with database.session() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})
        yield


async def wait_for_waiters(database: Database, count: int = 1) -> None:
    """Return when so many sessions wait for an advisory lock."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    while True:
        async with database.session() as session:
            if (await session.scalar(waiting) or 0) >= count:
                return
        await asyncio.sleep(0.01)


async def at_commit(database: Database, action: str) -> None:
    """Have every COMMIT that adds an author do this first."""
    async with database.session() as session, session.begin():
        await session.execute(
            text(
                "CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS"
                f" 'BEGIN {action} RETURN NULL; END'"
            )
        )
        await session.execute(
            text(
                "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON authors"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()"
            )
        )


@pytest.mark.clone
async def test_twin_of_a_running_request_is_told_so_at_once(
    serve: Serve, database: Database
) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, str]:
        await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": GATE})
        return await write(session, body)

    client = await serve(router)
    async with held(database):
        first = asyncio.create_task(post(client))
        await wait_for_waiters(database)
        twin = await post(client)
        assert (twin.status_code, twin.json()["code"]) == (409, "request_in_progress")
        assert "send this one again" in twin.json()["detail"]
        stranger = asyncio.create_task(post(client, Authorization="Bearer eve"))
        await wait_for_waiters(database, 2)
    assert twin.headers["Retry-After"] == "1"
    statuses = sorted([(await first).status_code, (await stranger).status_code])
    assert statuses == [200, 409]
    assert counts(client)["409"] == 1
    assert database.pool_status().lent == 0


@pytest.mark.clone
async def test_twins_have_one_effect(
    router: APIRouter, settings: Settings, database: Database, database_url: str
) -> None:
    """Over HTTP, each on a connection of its own."""
    app = service(router, settings, None, database_url=database_url)  # type: ignore[arg-type]  # opens its own
    with listening(app) as port:
        for turn in range(3):
            body = {"name": "Ada", "email": f"ada-{turn}@example.com"}

            async def twin(body: dict[str, str], key: str) -> httpx.Response:
                async with httpx.AsyncClient(base_url=f"http://localhost:{port}") as client:
                    return await client.post("/authors", json=body, headers=keyed(key), timeout=60)

            replies = await asyncio.gather(*(twin(body, f"k-{turn}") for _ in range(20)))
            assert await authors(database) == turn + 1
            made = [reply for reply in replies if reply.status_code == 201]
            others = [reply for reply in replies if reply.status_code != 201]
            assert len({reply.content for reply in made}) == 1
            assert {reply.json()["code"] for reply in others} <= {"request_in_progress"}


@pytest.mark.clone
async def test_stored_before_the_first_byte(
    router: APIRouter, settings: Settings, database: Database
) -> None:
    """What a client has read is true, and stays true when this process dies now."""
    seen: list[int] = []
    app = service(router, settings, database)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.extend([await authors(database), await stored(database)])

    content = json.dumps(ADA).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/authors",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"idempotency-key", b"k-1"),
        ],
        "client": None,
        "server": None,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async with app.router.lifespan_context(app):
        await app(scope, receive, send)
    assert seen == [1, 1]


@pytest.mark.clone
async def test_backend_that_dies_in_commit_is_503_and_the_retry_begins_anew(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    await at_commit(database, "PERFORM pg_terminate_backend(pg_backend_pid());")
    client = await serve(router)
    lost = await post(client)
    assert lost.status_code == 503
    assert lost.headers["Retry-After"]
    assert (await authors(database), await stored(database)) == (0, 0)
    async with database.session() as session, session.begin():
        await session.execute(text("DROP FUNCTION at_commit CASCADE"))
    assert (await post(client)).status_code == 201
    assert await authors(database) == 1


@pytest.mark.clone
async def test_commit_whose_reply_is_lost_is_503_and_the_retry_is_given_the_answer(
    router: APIRouter, settings: Settings, database: Database, database_url: str
) -> None:
    await at_commit(database, f"PERFORM pg_advisory_xact_lock({GATE});")
    async with Relay(database_url) as relay:
        distant = Database(relay.url, settings, metadata=metadata)
        app = service(router, settings, distant)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        ):
            async with held(database):
                request = asyncio.create_task(post(client))
                await wait_for_waiters(database)
                relay.cut()
                lost = await request
            assert lost.status_code == 503
            async with held(database):
                """Wait for the server, which has not noticed, to end its COMMIT."""
            assert (await authors(database), await stored(database)) == (1, 1)
            again = await post(client)
        await distant.close()
    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await authors(database) == 1


@pytest.mark.clone
async def test_constraint_that_fails_at_commit_stores_nothing(
    serve: Serve, database: Database
) -> None:
    router = APIRouter()

    @router.post("/counters", status_code=201, dependencies=[Idempotent])
    async def count(session: SessionDep) -> None:
        async with session.begin():
            session.add(Counter(value=1))

    async with database.session() as session, session.begin():
        session.add(Counter(value=1))
        await session.execute(
            text("ALTER TABLE counters ADD UNIQUE (value) DEFERRABLE INITIALLY DEFERRED")
        )
    client = await serve(router)
    reply = await client.post("/counters", headers=keyed())
    assert (reply.status_code, reply.json()["code"]) == (409, "already_exists")
    assert await stored(database) == 0
    assert counts(client) == {"rollback": 1}


@pytest.mark.clone
@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_snapshot_older_than_the_twin_s_commit_replays(
    level: str, serve: Serve, database: Database
) -> None:
    """The row is not seen, and still guards: the request runs again and finds it."""
    router = APIRouter()
    runs: list[int] = []

    async def snapshot(session: SessionDep) -> None:
        """Take the snapshot before the key, as a dependency that reads does."""
        await session.execute(text(f"SET TRANSACTION ISOLATION LEVEL {level}"))
        await session.execute(text("SELECT 1"))
        runs.append(1)
        if len(runs) == 1:
            await post(client)

    @router.post("/authors", status_code=201, dependencies=[Depends(snapshot), Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, int]:
        async with session.begin():
            await session.execute(update(Counter).values(value=Counter.value + 1))
        return {"runs": len(runs)}

    async with database.session() as session, session.begin():
        session.add(Counter(value=0))
    client = await serve(router)
    outer = await post(client)
    assert outer.json() == {"runs": 2}
    assert outer.headers["Idempotent-Replayed"] == "true"
    async with database.session() as session:
        assert await session.scalar(text("SELECT value FROM counters")) == 1


@pytest.mark.clone
async def test_row_that_appears_all_the_same_is_the_answer(
    serve: Serve, database: Database
) -> None:
    """Its key is the guard, whatever becomes of the lock."""
    router = APIRouter()
    runs: list[int] = []

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(
        body: NewAuthor, session: SessionDep, other: DatabaseDep, request: Request
    ) -> dict[str, str]:
        runs.append(1)
        made = await write(session, body)
        async with other.session() as twin, twin.begin():
            given = columns(WholeResponse(201, (), b'"twin"')).values()
            asked = fingerprint_of(request.scope, await request.body())
            values = ("ada", "k-1", asked, *given, timedelta(days=1))
            await run_inside(twin, sql.STORE, values)
        return made

    client = await serve(router)
    assert (await post(client)).json() == "twin"
    assert runs == [1]
    assert await authors(database) == 0


@pytest.mark.clone
async def test_refusal_over_an_older_snapshot_is_the_answer_of_the_twin(
    serve: Serve, database: Database
) -> None:
    """The twin's effect must not be told to its own caller as somebody else's."""
    router = APIRouter()
    runs: list[int] = []

    async def snapshot(session: SessionDep) -> None:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await session.execute(text("SELECT 1"))
        runs.append(1)
        if len(runs) == 1:
            await post(client)

    @router.post("/authors", status_code=201, dependencies=[Depends(snapshot), Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, str]:
        return await write(session, body)

    client = await serve(router)
    outer = await post(client)
    assert outer.status_code == 201
    assert outer.headers["Idempotent-Replayed"] == "true"
    assert await authors(database) == 1


@pytest.mark.clone
async def test_lost_race_runs_the_whole_unit_again(serve: Serve, database: Database) -> None:
    router = APIRouter()
    runs: list[int] = []

    @router.post("/authors", status_code=201, dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, str]:
        made = await write(session, body)
        runs.append(1)
        if len(runs) < 3:
            raise SerializationFailureError
        return made

    client = await serve(router)
    assert (await post(client)).status_code == 201
    assert len(runs) == 3
    assert (await authors(database), await stored(database)) == (1, 1)
    assert counts(client) == {"rollback": 2, "first": 1}


@pytest.mark.clone
async def test_cancelled_request_has_done_nothing(settings: Settings, database: Database) -> None:
    router = APIRouter()

    @router.post("/authors", dependencies=[Idempotent])
    async def register(body: NewAuthor, session: SessionDep) -> dict[str, str]:
        made = await write(session, body)
        await session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": GATE})
        return made

    app = service(router, settings, database)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        async with held(database):
            request = asyncio.create_task(post(client))
            await wait_for_waiters(database)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
        assert (await authors(database), await stored(database)) == (0, 0)
        assert (await post(client)).status_code == 200
    assert database.pool_status().lent == 0


@pytest.mark.clone
async def test_request_that_is_cut_off_anywhere_has_one_effect(
    router: APIRouter, settings: Settings, database: Database
) -> None:
    """At every point at which it waits: what the retry is given is true, and happened once."""
    app = service(router, settings, database)
    transport = httpx.ASGITransport(app)
    cut = 0
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        for turns in range(60):
            body = {"name": "Ada", "email": f"ada-{turns}@example.com"}
            again = {"json": body, "headers": keyed(f"k-{turns}")}
            request = asyncio.create_task(client.post("/authors", **again))  # type: ignore[arg-type]  # both fit
            for _ in range(turns):
                await asyncio.sleep(0)
            cut += request.cancel()
            await asyncio.wait({request})
            reply = await client.post("/authors", **again)  # type: ignore[arg-type]  # both fit
            assert reply.status_code == 201
            assert await authors(database) == turns + 1
    assert cut > 5
    assert database.pool_status().lent == 0
