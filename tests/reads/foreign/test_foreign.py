"""Applications that never heard of fastgres: what a read answers is what Pydantic writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from fastgres.reads import Reads
from tests.reads.foreign import chinook as media
from tests.reads.foreign import chinook_roots, pagila_roots
from tests.reads.foreign import pagila as rental
from tests.reads.foreign.chinook_roots import CHINOOK_ROOTS
from tests.reads.foreign.comparing import compare, compare_single, compare_some, difference
from tests.reads.foreign.pagila_oddities import PAGILA_ODDITIES
from tests.reads.foreign.pagila_roots import PAGILA_ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.reads.foreign.roots import Root

pytestmark = pytest.mark.xdist_group("foreign")
on_one_loop = pytest.mark.asyncio(loop_scope="session")


def named(root: Root) -> str:
    """Name a case by what it reads and answers."""
    return f"{root.entity.__name__}-{root.model.__name__}"


def read_tables(roots: Iterable[Root]) -> set[Table]:
    """Collect the tables whose rows are all read."""
    return {root.entity.__table__ for root in roots}


def test_every_table_is_read() -> None:
    """Only the association without columns of its own has no class."""
    assert read_tables(PAGILA_ROOTS) >= set(rental.Pagila.metadata.tables.values())
    unread = set(media.Chinook.metadata.tables.values()) - read_tables(CHINOOK_ROOTS)
    assert unread == {media.playlist_track}


@pytest.mark.parametrize("root", PAGILA_ROOTS, ids=named)
@on_one_loop
async def test_every_row_of_pagila(pagila: AsyncEngine, root: Root) -> None:
    """All rows of the DVD rental come out as Pydantic writes them."""
    assert await compare(pagila, root) > 0


@pytest.mark.parametrize("root", CHINOOK_ROOTS, ids=named)
@on_one_loop
async def test_every_row_of_chinook(chinook: AsyncEngine, root: Root) -> None:
    """All rows of the media store come out as Pydantic writes them."""
    assert await compare(chinook, root) > 0


@pytest.mark.parametrize("root", PAGILA_ODDITIES, ids=named)
@on_one_loop
async def test_odd_models(pagila: AsyncEngine, root: Root) -> None:
    """A model that changes values is never compiled into one that does not."""
    await compare_some(pagila, root, most=250)


@pytest.mark.parametrize("root", PAGILA_ROOTS, ids=named)
@on_one_loop
async def test_single_rows_of_pagila(pagila: AsyncEngine, root: Root) -> None:
    """One row by its key, composite or not, is the same as in a list."""
    await compare_single(pagila, root)


@pytest.mark.parametrize("root", CHINOOK_ROOTS, ids=named)
@on_one_loop
async def test_single_rows_of_chinook(chinook: AsyncEngine, root: Root) -> None:
    """One row by its key is the same as in a list."""
    await compare_single(chinook, root)


@pytest.mark.parametrize("root", PAGILA_ROOTS, ids=named)
@on_one_loop
async def test_loaded_rows_of_pagila(pagila: AsyncEngine, root: Root) -> None:
    """The loaded plan of the same pair answers the same."""
    await compare_some(pagila, root, most=20, loaded=True)


@pytest.mark.parametrize("root", CHINOOK_ROOTS, ids=named)
@on_one_loop
async def test_loaded_rows_of_chinook(chinook: AsyncEngine, root: Root) -> None:
    """The loaded plan of the same pair answers the same."""
    await compare_some(chinook, root, most=4, loaded=True)


PAGILA_FILTERS = [
    (pagila_roots.FILM, rental.Film.language.has(rental.Language.name.like("Ital%"))),
    (pagila_roots.FILM, rental.Film.roles.any(rental.FilmActor.actor_id == 7)),
    (pagila_roots.FILM, rental.Film.rating == rental.Rating.THIRTEEN),
    (pagila_roots.FILM, rental.Film.special_features.contains(["NULL"])),
    (pagila_roots.FILM, rental.Film.revenue_projection > 600),
    (pagila_roots.ACTOR, rental.Actor.films.any(rental.Film.actors.any(rental.Actor.id == 7))),
    (pagila_roots.ACTOR, rental.Actor.full_name.like("%🎬%")),
    (pagila_roots.STAFF, rental.Staff.colleagues.any(rental.Staff.id == 1)),
    (pagila_roots.STAFF, rental.Staff.store.has(rental.Store.manager.has(id=1))),
    (pagila_roots.CUSTOMER, ~rental.Customer.late.any()),
    (pagila_roots.RENTAL, rental.Rental.return_date.is_(None)),
    (
        pagila_roots.RENTAL,
        rental.Rental.customer_id.in_(
            select(rental.Customer.id).where(rental.Customer.last_name.like("%'%"))
        ),
    ),
]
CHINOOK_FILTERS = [
    (chinook_roots.EMPLOYEE, media.Employee.manager.has(media.Employee.reports_to == 1)),
    (chinook_roots.EMPLOYEE, ~media.Employee.reports.any()),
    (chinook_roots.ARTIST, media.Artist.album_count == 0),
    (chinook_roots.CUSTOMER, media.Customer.full_name.like("%李%")),
    (chinook_roots.TRACK, media.Track.playlists.any(media.Playlist.id == 3)),
    (chinook_roots.INVOICE_LINE, media.InvoiceLine.amount > 10**6),
]


async def filtered(engine: AsyncEngine, root: Root, condition: ColumnElement[bool]) -> None:
    """Compare the rows for which a condition holds, in descending order."""
    backwards = [column.desc() for column in root.key]
    async with AsyncSession(engine) as session:
        statement = select(root.entity).where(condition).order_by(*backwards)
        rows = (await session.scalars(statement.options(*root.options))).unique().all()
        expected = b"[" + b",".join(root.written(row) for row in rows) + b"]"
    assert rows
    response = await Reads(root.entity, root.model).list(
        engine, condition, order_by=backwards, limit=10_000
    )
    assert difference(bytes(response.body), expected) == ""


@pytest.mark.parametrize(("root", "condition"), PAGILA_FILTERS)
@on_one_loop
async def test_filters_of_pagila(
    pagila: AsyncEngine, root: Root, condition: ColumnElement[bool]
) -> None:
    """A condition is about the row that is read, whichever of its tables are nested in it too."""
    await filtered(pagila, root, condition)


@pytest.mark.parametrize(("root", "condition"), CHINOOK_FILTERS)
@on_one_loop
async def test_filters_of_chinook(
    chinook: AsyncEngine, root: Root, condition: ColumnElement[bool]
) -> None:
    """A condition is about the row that is read, also where its class is nested in itself."""
    await filtered(chinook, root, condition)


@on_one_loop
async def test_order_by_another_table(pagila: AsyncEngine) -> None:
    """A list is sorted by an expression, with a limit, as any query is."""
    name = (
        select(rental.Country.name)
        .join(rental.City)
        .where(rental.City.id == rental.Address.city_id)
        .scalar_subquery()
    )
    order = (name.desc(), rental.Address.id)
    root = pagila_roots.ADDRESS
    async with AsyncSession(pagila) as session:
        statement = select(rental.Address).order_by(*order).limit(50).options(*root.options)
        rows = (await session.scalars(statement)).all()
        expected = b"[" + b",".join(root.written(row) for row in rows) + b"]"
    response = await Reads(root.entity, root.model).list(pagila, order_by=order, limit=50)
    assert difference(bytes(response.body), expected) == ""
