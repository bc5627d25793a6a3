"""A service whose routes write one author each, answered once for each key."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, FastAPI, Header
from pydantic import BaseModel
from sqlalchemy import func, select, text

from fastgres.app import create_app
from fastgres.db import Database, Session
from fastgres.settings import Settings
from fastgres.testing.client import serving
from tests.models import Author

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADA = {"name": "Ada", "email": "ada@example.com"}
STORED = text("SELECT count(*) FROM fastgres.idempotency")


class Serve(Protocol):
    """Make a client of a running service with these routes; the rest are options."""

    async def __call__(self, router: APIRouter, /, **options: Any) -> httpx.AsyncClient:
        """Return the client, closed after the test."""
        ...


async def who_asks(authorization: Annotated[str, Header()] = "Bearer ada") -> str:
    """Return who asks, as a dependency of a service would."""
    return authorization.removeprefix("Bearer ")


def service(router: APIRouter, settings: Settings, database: Database, **options: Any) -> FastAPI:
    """Make the application, with `who_asks` unless another caller is given."""
    given = {"caller": who_asks, **options}
    return create_app(settings, title="Test", routers=[router], database=database, **given)


@pytest.fixture
def router() -> APIRouter:
    """A router to hang the routes of a test on."""
    return APIRouter()


@pytest_asyncio.fixture
async def serve(settings: Settings, database: Database) -> AsyncIterator[Serve]:
    """Make clients of services that run until the end of the test."""
    async with AsyncExitStack() as stack:

        async def make(router: APIRouter, /, **options: Any) -> httpx.AsyncClient:
            app = service(router, settings, database, **options)
            client = await stack.enter_async_context(serving(app))
            client.app = app  # type: ignore[attr-defined]  # for tests that look inside
            return client

        yield make


def keyed(key: str = "k-1", **headers: str) -> dict[str, str]:
    """Return the headers of a request with a key."""
    return {"Idempotency-Key": key, **headers}


def counts(client: httpx.AsyncClient) -> dict[str, int]:
    """Return what became of the requests so far."""
    lifecycle = client.app.state.lifecycle  # type: ignore[attr-defined]  # set by `serve`
    return dict(lifecycle.idempotency)


async def authors(database: Database) -> int:
    """Count the effects that were committed."""
    async with database.session() as session:
        return (await session.scalar(select(func.count()).select_from(Author))) or 0


async def stored(database: Database) -> int:
    """Count the answers that were stored."""
    async with database.session() as session:
        return (await session.scalar(STORED)) or 0


class NewAuthor(BaseModel):
    """The body of the routes here."""

    name: str
    email: str


async def write(session: Session, body: NewAuthor) -> dict[str, str]:
    """Add an author in a unit of work, as a service does."""
    async with session.begin():
        author = Author(name=body.name, email=body.email)
        session.add(author)
    return {"id": str(author.id), "name": author.name}


async def post(client: httpx.AsyncClient, key: str = "k-1", **headers: str) -> httpx.Response:
    """Register Ada."""
    return await client.post("/authors", json=ADA, headers=keyed(key, **headers))
