"""Response models of the library's books, shared by these tests, and books to read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, computed_field
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from tests.models import Author, Binding, Book, Copy, Genre

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


class Shown(BaseModel):
    """What an application's own base of schemas looks like."""

    model_config = ConfigDict(from_attributes=True)


class CopyRead(Shown):
    """The end of the nesting."""

    number: int
    shelf: str


class AuthorRead(Shown):
    """To one."""

    name: str
    born: dt.date | None


class BookRead(Shown):
    """Three levels, and values of most kinds."""

    id: UUID
    title: str
    price: Decimal
    pages: int | None
    genre: Genre
    binding: Binding
    published_at: dt.datetime | None
    author: AuthorRead
    copies: list[CopyRead]


class Title(Shown):
    """One column."""

    title: str


class LoudTitle(Shown):
    """Only Python can compute it."""

    title: str
    pages: int | None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def loud(self) -> str:
        """The title in capitals."""
        return self.title.upper()


def written(model: type[BaseModel], row: object) -> bytes:
    """Return what Pydantic writes for a row."""
    return model.model_validate(row, from_attributes=True).model_dump_json(by_alias=True).encode()


async def stock(session: AsyncSession, count: int = 3, **values: Any) -> list[Book]:
    """Add books of one author, each with as many copies as books came before it."""
    author = Author(name="Ada", email="ada@example.com", born=dt.date(1815, 12, 10))
    session.add(author)
    await session.flush()
    books = [
        Book(
            author_id=author.id,
            title=f"Book {number}",
            isbn=f"isbn-{number}",
            price=Decimal(number + 1),
            copies=[Copy(number=each, shelf="A") for each in range(number)],
            **values,
        )
        for number in range(count)
    ]
    session.add_all(books)
    await session.flush()
    stored = select(Book).options(joinedload(Book.author), selectinload(Book.copies))
    fresh = stored.order_by(Book.id).execution_options(populate_existing=True)
    return list(await session.scalars(fresh))
