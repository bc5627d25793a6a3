"""Dependencies that are called without FastAPI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import pytest
from fastapi import Depends, FastAPI, Header, Request, Response, Security
from fastapi.security import APIKeyHeader
from starlette.requests import HTTPConnection

from fastgres.endpoints import ReadRouter, answer_declared
from fastgres.http import DatabaseDep, Lifecycle, install
from fastgres.settings import Settings
from tests.endpoints.library import ADA, BOB, FIRST, BookRead, OwnBookRepository, ask, served

if TYPE_CHECKING:
    from fastgres.db import Database

called: list[str] = []


async def nobody() -> UUID:
    """Need nothing."""
    called.append("nobody")
    return ADA


async def by_request(request: Request) -> UUID:
    """Look at the request."""
    called.append(f"request {request.path_params['book_id']}")
    return ADA


async def by_connection(connection: HTTPConnection) -> UUID:
    """Look at the connection."""
    called.append(f"connection {connection.url.path}")
    return ADA


async def by_header(x_author: Annotated[UUID, Header()]) -> UUID:
    """Have FastAPI read a header."""
    return x_author


async def by_another(other: Annotated[UUID, Depends(nobody)]) -> UUID:
    """Ask another dependency."""
    return other


async def by_response(response: Response) -> UUID:
    """Change the response."""
    response.headers["X-Mine"] = "yes"
    return ADA


async def by_database(database: DatabaseDep) -> UUID:
    """Ask the database."""
    await database.ping()
    return ADA


async def yielding() -> AsyncIterator[UUID]:
    """Clean up afterwards."""
    yield ADA


def in_a_thread() -> UUID:
    """Block."""
    return ADA


def wrapped(function: Any) -> Any:
    """Decorate."""

    @wraps(function)
    async def inner() -> Any:
        return await function()

    return inner


class Callable:
    """An object that is called."""

    async def __call__(self) -> UUID:
        """Return the author."""
        return ADA


def own(dependency: Any, **options: Any) -> ReadRouter:
    """Declare a route of which the dependency gives the scope."""
    router = ReadRouter(prefix="/me", **options)
    scope = {"author_id": dependency}
    router.one("/{book_id}", OwnBookRepository, BookRead, scope=scope)
    return router


@pytest.mark.parametrize("dependency", [nobody, by_request, by_connection])
async def test_coroutine_that_takes_the_request_at_most_is_called(
    dependency: Any, filled: Database
) -> None:
    called.clear()
    reply = await ask(served(filled, own(dependency)), f"/me/{FIRST}")
    assert (reply.status, reply.by_fastapi) == (200, False)
    assert len(called) == 1


@pytest.mark.parametrize(
    "dependency",
    [
        by_header,
        by_another,
        by_response,
        by_database,
        yielding,
        in_a_thread,
        wrapped(nobody),
        Callable(),
    ],
)
async def test_any_other_is_called_by_fastapi(dependency: Any, filled: Database) -> None:
    headers = [(b"x-author", str(ADA).encode())]
    reply = await ask(served(filled, own(dependency)), f"/me/{FIRST}", headers=headers)
    assert (reply.status, reply.by_fastapi) == (200, True)


async def test_security_scheme_is_called_by_fastapi(filled: Database) -> None:
    router = own(nobody, dependencies=[Security(APIKeyHeader(name="x-key"))])
    assert (await ask(served(filled, router), f"/me/{FIRST}")).by_fastapi


async def test_dependency_that_stands_twice_is_called_once(filled: Database) -> None:
    called.clear()
    router = own(nobody, dependencies=[Depends(nobody), Depends(by_request)])
    reply = await ask(served(filled, router), f"/me/{FIRST}")
    assert (reply.status, reply.by_fastapi) == (200, False)
    assert called == ["nobody", f"request {FIRST}"]


@pytest.mark.parametrize("cached", [(False,), (True, False), (False, False), (False, True)])
async def test_dependency_that_wants_no_cache_is_called_as_often_as_fastapi_calls_it(
    cached: tuple[bool, ...], filled: Database
) -> None:
    times: list[int] = []
    for declared in (True, False):
        called.clear()
        router = own(nobody, dependencies=[Depends(nobody, use_cache=each) for each in cached])
        reply = await ask(served(filled, router, declared=declared), f"/me/{FIRST}")
        assert (reply.status, reply.by_fastapi) == (200, not declared)
        times.append(len(called))
    assert times[0] == times[1]


async def stranger() -> UUID:
    """Be somebody else."""
    return BOB


async def no_principal() -> None:
    """Forget to refuse."""


async def as_text() -> str:
    """Return no UUID."""
    return str(ADA)


async def test_scope_is_what_the_dependency_returns(filled: Database) -> None:
    assert (await ask(served(filled, own(stranger)), f"/me/{FIRST}")).status == 404


@pytest.mark.parametrize("dependency", [no_principal, as_text])
async def test_value_that_cannot_be_compared_is_a_bug(dependency: Any, filled: Database) -> None:
    reply = await ask(served(filled, own(dependency)), f"/me/{FIRST}")
    assert (reply.status, reply.by_fastapi) == (500, False)


@pytest.mark.parametrize(("dependency", "by_fastapi"), [(nobody, False), (by_header, True)])
@pytest.mark.parametrize("where", ["application", "inclusion", "router"])
async def test_dependencies_around_the_route_hold_for_it(
    where: str, dependency: Any, by_fastapi: bool, *, filled: Database
) -> None:
    depends = [Depends(dependency)]
    router = own(nobody, dependencies=depends if where == "router" else None)
    app = FastAPI(dependencies=depends if where == "application" else None)
    install(app, Lifecycle(Settings(environment="test"), filled))
    answer_declared(app)
    app.include_router(router, dependencies=depends if where == "inclusion" else None)
    headers = [(b"x-author", str(ADA).encode())]
    reply = await ask(app, f"/me/{FIRST}", headers=headers)
    assert (reply.status, reply.by_fastapi) == (200, by_fastapi)
    reply = await ask(app, f"/me/{FIRST}", headers=[(b"x-author", b"nobody")])
    assert reply.status == (422 if by_fastapi else 200)
