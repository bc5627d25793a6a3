"""The dependency: the key is read, and who asks is known before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Header, HTTPException
from sqlalchemy import text

from fastgres.db import Database
from fastgres.http import SessionDep
from fastgres.idempotency import Idempotent, anyone, idempotent
from tests.http.conftest import service as bare_service
from tests.idempotency.conftest import keyed, stored

if TYPE_CHECKING:
    from tests.idempotency.conftest import Serve


async def test_key_is_required(router: APIRouter, serve: Serve) -> None:
    @router.post("/", dependencies=[Idempotent])
    async def answer() -> None:
        """Do nothing."""

    reply = await (await serve(router)).post("/")
    assert (reply.status_code, reply.json()["code"]) == (400, "idempotency_key")


async def test_key_that_is_not_well_formed_is_refused(router: APIRouter, serve: Serve) -> None:
    @router.post("/", dependencies=[idempotent(required=False)])
    async def answer() -> None:
        """Do nothing."""

    reply = await (await serve(router)).post("/", headers=keyed("two words"))
    assert reply.status_code == 400


async def test_key_that_is_not_required_may_be_missing(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    calls: list[int] = []

    @router.post("/", dependencies=[idempotent(required=False)])
    async def answer() -> None:
        calls.append(1)

    client = await serve(router)
    assert [(await client.post("/")).status_code for _ in range(2)] == [200, 200]
    assert len(calls) == 2
    assert await stored(database) == 0


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_methods_that_are_idempotent_ignore_the_header(
    method: str, serve: Serve, database: Database
) -> None:
    router = APIRouter(dependencies=[Idempotent])

    @router.api_route("/", methods=[method, "POST"])
    async def answer() -> str:
        return "yes"

    client = await serve(router)
    for headers in ({}, keyed("two words"), keyed(), keyed()):
        reply = await client.request(method, "/", headers=headers)
        assert reply.status_code == 200
        assert "Idempotent-Replayed" not in reply.headers
    assert await stored(database) == 0


async def test_route_may_opt_in_other_methods(router: APIRouter, serve: Serve) -> None:
    @router.put("/", dependencies=[idempotent(methods=["put"])])
    async def answer() -> str:
        return "yes"

    client = await serve(router)
    await client.put("/", headers=keyed())
    assert (await client.put("/", headers=keyed())).headers["Idempotent-Replayed"] == "true"


async def test_caller_is_asked_before_an_answer_is_replayed(
    router: APIRouter, serve: Serve
) -> None:
    known = ["ada"]

    async def user(authorization: Annotated[str, Header()]) -> str:
        if authorization not in known:
            raise HTTPException(401)
        return authorization

    @router.post("/", dependencies=[idempotent(caller=user)])
    async def answer() -> str:
        return "secret"

    client = await serve(router)
    headers = keyed(Authorization="ada")
    assert (await client.post("/", headers=headers)).status_code == 200
    known.clear()
    assert (await client.post("/", headers=headers)).status_code == 401


ALLOWED: list[str] = []


async def may(authorization: Annotated[str, Header()]) -> None:
    """Refuse who is not on the list."""
    if authorization not in ALLOWED:
        raise HTTPException(403)


async def by_parameter(_: Annotated[None, Depends(may)]) -> str:
    """Ask behind the key."""
    return "secret"


async def unguarded() -> str:
    """Ask nobody."""
    return "secret"


@pytest.mark.parametrize(
    ("handler", "dependencies"),
    [
        (by_parameter, [Idempotent]),
        (unguarded, [Depends(may), Idempotent]),
        (unguarded, [Idempotent, Depends(may)]),
    ],
)
async def test_every_dependency_may_refuse_before_an_answer_is_replayed(
    handler: Any, dependencies: list[Any], router: APIRouter, serve: Serve
) -> None:
    """Whatever its place: authorization is asked each time."""
    router.post("/", dependencies=dependencies)(handler)
    client = await serve(router)
    headers = keyed(Authorization="Bearer ada")
    ALLOWED[:] = ["Bearer ada"]
    assert (await client.post("/", headers=headers)).status_code == 200
    ALLOWED.clear()
    assert (await client.post("/", headers=headers)).status_code == 403


async def test_request_that_is_not_valid_takes_no_key(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    @router.post("/", dependencies=[Idempotent])
    async def answer(body: dict[str, int]) -> None:
        """Do nothing."""

    client = await serve(router)
    assert (await client.post("/", json=["x"], headers=keyed())).status_code == 422
    assert (await client.post("/", json={"a": 1}, headers=keyed())).status_code == 200


async def test_dependency_may_be_a_parameter(router: APIRouter, serve: Serve) -> None:
    calls: list[object] = []

    @router.post("/")
    async def answer(claim: Annotated[Any, Idempotent]) -> int:
        calls.append(claim)
        return len(calls)

    client = await serve(router)
    replies = [await client.post("/", headers=keyed()) for _ in range(2)]
    assert [reply.json() for reply in replies] == [1, 1]


async def test_caller_may_be_replaced_in_tests(router: APIRouter, serve: Serve) -> None:
    @router.post("/", dependencies=[idempotent(caller=anyone)])
    async def answer() -> str:
        return "yes"

    async def somebody() -> str:
        raise HTTPException(401)

    client = await serve(router)
    overrides = client.app.dependency_overrides  # type: ignore[attr-defined]  # set by `serve`
    overrides[anyone] = somebody
    assert (await client.post("/", headers=keyed())).status_code == 401
    overrides.clear()
    assert (await client.post("/", headers=keyed())).status_code == 200


@pytest.mark.parametrize("once", [Idempotent, idempotent(caller=anyone)])
async def test_route_that_was_not_made_ready_says_so(
    once: Any, router: APIRouter, database: Database
) -> None:
    @router.post("/", dependencies=[once])
    async def answer() -> None:
        """Do nothing."""

    app = bare_service(router, database=database, debug=True)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        reply = await client.post("/", headers=keyed())
    assert reply.status_code == 500
    assert "create_app" in reply.text


async def busy_user(session: SessionDep) -> str:
    """Ask the database who asks."""
    return str(await session.scalar(text("SELECT current_user")))


@pytest.mark.clone
async def test_no_connection_is_held_while_the_body_comes(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    """Not even one in which it was asked who asks, for a handler that reads no body."""
    lent: list[int] = []

    @router.post("/", dependencies=[idempotent(caller=busy_user)])
    async def answer(session: SessionDep) -> None:
        await session.execute(text("SELECT 1"))

    async def body() -> Any:
        for _ in range(3):
            lent.append(database.pool_status().lent)
            yield b"a"

    client = await serve(router)
    reply = await client.post("/", content=body(), headers=keyed())
    assert reply.status_code == 200
    assert lent == [0, 0, 0]


async def test_route_that_is_built_anew_is_not_answered_twice(
    router: APIRouter, serve: Serve, database: Database
) -> None:
    """FastAPI forgets what was made ready when a route is added later."""
    calls: list[int] = []

    @router.post("/", dependencies=[idempotent(caller=anyone)])
    async def answer() -> None:
        calls.append(1)

    client = await serve(router)

    @router.get("/later")
    async def later() -> None:
        """Come later."""

    replies = [await client.post("/", headers=keyed()) for _ in range(2)]
    assert len(calls) <= 1
    assert {reply.status_code for reply in replies} == {500}
