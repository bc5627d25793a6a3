"""Requests that run again because their unit of work lost a race."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request

from fastgres.db import Database
from fastgres.errors import SerializationFailureError
from fastgres.http import SessionDep
from fastgres.http.repeating import ATTEMPTS
from tests.http.keepers import Noting

if TYPE_CHECKING:
    from tests.http.conftest import Serve

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def keeper() -> Noting:
    """A keeper that keeps everything."""
    return Noting()


async def test_lost_race_runs_again_with_the_same_body(
    router: APIRouter, serve: Serve, keeper: Noting
) -> None:
    bodies: list[Any] = []

    @router.post("/", dependencies=[Depends(keeper.hold)])
    async def answer(body: dict[str, int]) -> str:
        bodies.append(body)
        if len(bodies) == 1:
            raise SerializationFailureError
        return "second"

    reply = await (await serve(router)).post("/", json={"a": 1}, headers=KEY)
    assert reply.json() == "second"
    assert bodies == [{"a": 1}, {"a": 1}]
    assert keeper.seen == ["abandon", 'keep 200 "second"']


async def test_race_lost_by_the_keeper_runs_again(router: APIRouter, serve: Serve) -> None:
    keeper = Noting(SerializationFailureError())
    runs: list[int] = []

    @router.post("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> int:
        runs.append(1)
        return len(runs)

    reply = await (await serve(router)).post("/", headers=KEY)
    assert reply.json() == 2
    assert keeper.seen == ["abandon", "keep 200 2"]


async def test_race_lost_outside_of_the_routes_runs_again(
    router: APIRouter, serve: Serve, keeper: Noting
) -> None:
    runs: list[int] = []

    @router.post("/", dependencies=[Depends(keeper.hold)])
    async def answer(request: Request) -> str:
        if not runs:
            request.scope["starlette.exception_handlers"] = ({}, {})
            runs.append(1)
            raise SerializationFailureError
        return "second"

    reply = await (await serve(router)).post("/", headers=KEY)
    assert reply.json() == "second"


async def test_race_that_is_lost_again_and_again_is_told(
    router: APIRouter, serve: Serve, keeper: Noting
) -> None:
    runs: list[int] = []

    @router.post("/", dependencies=[Depends(keeper.hold)])
    async def answer() -> None:
        runs.append(1)
        raise SerializationFailureError

    reply = await (await serve(router)).post("/", headers=KEY)
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")
    assert reply.json()["code"] == "retry"
    assert len(runs) == ATTEMPTS


async def test_request_without_a_keeper_runs_once(router: APIRouter, serve: Serve) -> None:
    """It may have committed something before."""
    runs: list[int] = []

    @router.post("/")
    async def answer() -> None:
        runs.append(1)
        raise SerializationFailureError

    assert (await (await serve(router)).post("/", headers=KEY)).status_code == 503
    assert len(runs) == 1


async def test_routing_starts_anew(router: APIRouter, serve: Serve, keeper: Noting) -> None:
    """Routers write into the scope where they have come to."""
    inner = FastAPI()
    seen: list[Any] = []

    @inner.post("/{name}", dependencies=[Depends(keeper.hold)])
    async def answer(name: str, request: Request) -> str:
        seen.append((request.url.path, dict(request.state._state)))
        request.state.mark = "left by the first run"
        if len(seen) == 1:
            raise SerializationFailureError
        return name

    router.mount("/inner", inner)
    reply = await (await serve(router)).post("/inner/ada", headers=KEY)
    assert reply.json() == "ada"
    assert seen == [("/inner/ada", {})] * 2


@pytest.mark.clone
async def test_second_run_has_a_session_of_its_own(
    router: APIRouter, serve: Serve, database: Database, keeper: Noting
) -> None:
    sessions: list[Any] = []

    @router.post("/", dependencies=[Depends(keeper.hold)])
    async def answer(session: SessionDep) -> bool:
        await session.connection()
        sessions.append(session)
        if len(sessions) == 1:
            raise SerializationFailureError
        return sessions[0] is sessions[1]

    client = await serve(router, database=database)
    assert (await client.post("/", headers=KEY)).json() is False
    assert database.pool_status().lent == 0
