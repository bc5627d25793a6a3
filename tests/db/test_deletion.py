"""Soft-deleted rows stay out of every ORM statement unless asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import aliased, joinedload, selectinload

from fastgres.db import include_deleted
from tests.models import Author, Book

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from fastgres.db import Session


@pytest.fixture(autouse=True)
async def rows(session: Session) -> None:
    """Two authors with two books each; of both, one is deleted."""
    async with session.begin():
        for name in ("Ada", "Gone"):
            author = Author(name=name, email=f"{name}@example.com")
            session.add(author)
            for title in ("Kept", "Gone"):
                session.add(Book(author=author, title=title, isbn=f"{name}-{title}", price=5))
    async with session.begin():
        for model, column in ((Author, Author.name), (Book, Book.title)):
            await session.execute(
                update(model).where(column == "Gone").values(deleted_at=func.now())
            )
    session.expunge_all()


async def test_a_select_leaves_them_out(session: Session) -> None:
    assert list(await session.scalars(select(Author.name))) == ["Ada"]


async def test_a_get_by_key_leaves_them_out(session: Session) -> None:
    key = await session.scalar(include_deleted(select(Author.id).where(Author.name == "Gone")))
    assert await session.get(Author, key) is None


async def test_an_alias_leaves_them_out(session: Session) -> None:
    other = aliased(Author)
    assert list(await session.scalars(select(other.name))) == ["Ada"]


async def test_a_join_leaves_them_out(session: Session) -> None:
    query = select(Book.isbn).join(Book.author)
    assert list(await session.scalars(query)) == ["Ada-Kept"]


@pytest.mark.parametrize(
    "condition",
    [
        Book.author.has(),
        Book.author.has(Author.books.any()),
        exists().where(Author.id == Book.author_id),
        exists(select(Author.id).where(Author.id == Book.author_id)),
        Book.author_id.in_(select(Author.id)),
    ],
    ids=["has", "has any", "exists", "exists of a select", "in"],
)
async def test_a_subquery_leaves_them_out(session: Session, condition: ColumnElement[bool]) -> None:
    living = select(Book.isbn).where(condition)
    assert list(await session.scalars(living)) == ["Ada-Kept"]


async def test_a_subquery_over_an_alias_leaves_them_out(session: Session) -> None:
    writer = aliased(Author)
    living = select(Book.isbn).where(exists().where(writer.id == Book.author_id))
    assert list(await session.scalars(living)) == ["Ada-Kept"]


async def test_a_subquery_beside_loader_options_leaves_them_out(session: Session) -> None:
    query = select(Book).where(Book.author.has()).options(joinedload(Book.author))
    assert (await session.scalars(query)).one().author.name == "Ada"


async def test_a_subquery_in_an_update_leaves_them_out(session: Session) -> None:
    await session.execute(update(Book).where(Book.author.has()).values(title="Changed"))
    changed = select(Book.isbn).where(Book.title == "Changed")
    assert list(await session.scalars(changed)) == ["Ada-Kept"]


async def test_naming_them_shows_them_in_a_subquery(session: Session) -> None:
    everyone = include_deleted(select(func.count()).select_from(Book).where(Book.author.has()))
    assert await session.scalar(everyone) == 4


@pytest.mark.parametrize("load", [selectinload, joinedload])
async def test_a_nested_collection_leaves_them_out(session: Session, load: object) -> None:
    query = select(Author).options(load(Author.books))  # type: ignore[operator]  # two loaders
    author = (await session.scalars(query)).unique().one()
    assert [book.title for book in author.books] == ["Kept"]


@pytest.mark.parametrize("load", [selectinload, joinedload])
async def test_a_nested_row_that_is_deleted_is_none(session: Session, load: object) -> None:
    query = select(Book).where(Book.isbn == "Gone-Kept").options(load(Book.author))  # type: ignore[operator]  # two loaders
    assert (await session.scalars(query)).one().author is None


async def test_an_update_of_many_leaves_them_alone(session: Session) -> None:
    await session.execute(update(Author).values(name="Changed"))
    names = await session.scalars(include_deleted(select(Author.name).order_by(Author.name)))
    assert list(names) == ["Changed", "Gone"]


async def test_a_delete_of_many_leaves_them_alone(session: Session) -> None:
    await session.execute(delete(Book))
    titles = await session.scalars(include_deleted(select(Book.title)))
    assert set(titles) == {"Gone"}


async def test_naming_them_shows_them(session: Session) -> None:
    query = include_deleted(select(Author.name).order_by(Author.name))
    assert list(await session.scalars(query)) == ["Ada", "Gone"]


@pytest.mark.parametrize("load", [selectinload, joinedload])
async def test_naming_them_shows_them_in_nested_loads(session: Session, load: object) -> None:
    query = include_deleted(select(Author).where(Author.name == "Gone").options(load(Author.books)))  # type: ignore[operator]  # two loaders
    author = (await session.scalars(query)).unique().one()
    assert {book.title for book in author.books} == {"Kept", "Gone"}
