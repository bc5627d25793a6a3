"""The sample databases, each made once a session: copying the rows in costs more than a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pytest_asyncio import fixture as async_fixture
from sqlalchemy.ext.asyncio import create_async_engine

from tests.reads.foreign.chinook import Chinook
from tests.reads.foreign.chinook_rows import chinook_rows
from tests.reads.foreign.loading import load
from tests.reads.foreign.pagila import Pagila
from tests.reads.foreign.pagila_rows import pagila_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

# What a database was set to by people of another country must not show in any body.
ABROAD = {
    "timezone": "Asia/Kathmandu",
    "datestyle": "German, DMY",
    "extra_float_digits": "0",
    "standard_conforming_strings": "off",
}


@pytest.fixture(scope="session")
def empty_urls(_workshop: Any) -> Iterator[list[str]]:
    """Two new databases that live as long as the session."""
    with _workshop.copy() as first, _workshop.copy() as second:
        yield [url.replace("postgresql://", "postgresql+asyncpg://") for url in (first, second)]


@async_fixture(scope="session", loop_scope="session")
async def pagila(empty_urls: list[str]) -> AsyncIterator[AsyncEngine]:
    """The application's own engine on the DVD rental, not one of fastgres."""
    await load(empty_urls[0], Pagila.metadata, pagila_rows())
    engine = create_async_engine(empty_urls[0], connect_args={"server_settings": ABROAD})
    yield engine
    await engine.dispose()


@async_fixture(scope="session", loop_scope="session")
async def chinook(empty_urls: list[str]) -> AsyncIterator[AsyncEngine]:
    """The application's own engine on the media store."""
    await load(empty_urls[1], Chinook.metadata, chinook_rows())
    engine = create_async_engine(empty_urls[1])
    yield engine
    await engine.dispose()
