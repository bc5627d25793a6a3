"""What an application does around its statements holds for its reads too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from pytest_asyncio import fixture as async_fixture
from sqlalchemy import Integer, cast, event, func, insert, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, with_loader_criteria
from sqlalchemy.schema import CreateSchema, DropSchema

from fastgres.reads import Reads
from tests.reads.foreign import chinook as db
from tests.reads.foreign.chinook_responses import Named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.orm import ORMExecuteState, SessionTransaction

on_one_loop = pytest.mark.asyncio(loop_scope="session")
pytestmark = [
    pytest.mark.xdist_group("foreign"),
    on_one_loop,
]

GENRES: Final = Reads(db.Genre, Named)
TRANSLATED: Final = {"Media": "Tenant"}
THEIRS: Final = b'[{"id":7,"name":"theirs"}]'
TENANT: Final = cast(func.current_setting("app.tenant", literal_column("true")), Integer)


class ConfinedSession(Session):
    """Sees the rows of one tenant, by the recipe of SQLAlchemy's documentation."""


@event.listens_for(ConfinedSession, "do_orm_execute")
def confine(state: ORMExecuteState) -> None:
    if state.is_select:
        criteria = with_loader_criteria(db.Genre, lambda cls: cls.id == 3, include_aliases=True)
        state.statement = state.statement.options(criteria)


class SettingSession(Session):
    """Tells the server who asks, as policies of row level security want to know."""


@event.listens_for(SettingSession, "after_begin")
def tell(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    tell_server(connection)


def tell_server(connection: Connection) -> None:
    connection.execute(select(func.set_config("app.tenant", "3", text("true"))))


@async_fixture(loop_scope="session")
async def tenant(chinook: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The engine of a tenant, whose tables stand in a schema of their own."""
    async with chinook.begin() as connection:
        await connection.execute(CreateSchema("Tenant"))
    engine = chinook.execution_options(schema_translate_map=TRANSLATED)
    async with engine.begin() as connection:
        await connection.run_sync(db.Genre.metadata.tables["Media.Genre"].create)
        await connection.execute(insert(db.Genre).values(id=7, name="theirs"))
    yield engine
    async with chinook.begin() as connection:
        await connection.execute(DropSchema("Tenant", cascade=True))


async def test_schema_of_the_engine(tenant: AsyncEngine) -> None:
    """The engine of a tenant reads the tables of the tenant."""
    assert (await GENRES.list(tenant)).body == THEIRS


async def test_schema_of_a_session(tenant: AsyncEngine) -> None:
    """A session on it does so too, within a transaction and without one."""
    async with AsyncSession(tenant) as session:
        assert (await GENRES.list(session)).body == THEIRS
        await session.connection()
        assert (await GENRES.list(session)).body == THEIRS


async def test_schema_of_a_connection(chinook: AsyncEngine, tenant: AsyncEngine) -> None:
    """A tenant may be set on the connection."""
    async with chinook.connect() as connection:
        await connection.execution_options(schema_translate_map=TRANSLATED)
        assert (await GENRES.list(connection)).body == THEIRS


async def test_criteria_of_a_session(chinook: AsyncEngine) -> None:
    """Rows that a session adds to no query's result are not read with it."""
    async with AsyncSession(chinook, sync_session_class=ConfinedSession) as session:
        read = await GENRES.list(session)
    assert [genre.id for genre in read.value()] == [3]


async def test_begin_of_a_session(chinook: AsyncEngine) -> None:
    """What a session sets in each of its transactions is set for the read."""
    async with AsyncSession(chinook, sync_session_class=SettingSession) as session:
        read = await GENRES.list(session, db.Genre.id == TENANT)
    assert [genre.id for genre in read.value()] == [3]


async def test_begin_of_an_engine(chinook: AsyncEngine) -> None:
    """What an engine sets in each of its transactions is set for the read."""
    engine = create_async_engine(chinook.url)
    event.listen(engine.sync_engine, "begin", tell_server)
    read = await GENRES.list(engine, db.Genre.id == TENANT)
    await engine.dispose()
    assert [genre.id for genre in read.value()] == [3]


async def test_engine_of_a_class(pagila: AsyncEngine, chinook: AsyncEngine) -> None:
    """A session that has an engine for each base reads from the right one."""
    binds: dict[Any, Any] = {db.Chinook: chinook}
    async with AsyncSession(pagila, binds=binds) as session:
        assert len((await GENRES.list(session)).value()) == 25
        await session.connection()
        assert len((await GENRES.list(session)).value()) == 25
