"""Entities and the scope: what they were when they were read, and what a flush would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import Mapped, load_only, mapped_column, relationship

from fastgres.db import Base
from fastgres.errors import NotFoundError, ScopeError
from fastgres.repository import Repository
from tests.models import Author, Book, Copy
from tests.repository.books import (
    BookRepository,
    CopyRepository,
    OwnBookRepository,
    an_author,
    book,
)

if TYPE_CHECKING:
    from fastgres.db import Session

refused_leaves_a_warning = pytest.mark.filterwarnings(
    "ignore:Object of type <Book> not in session, add operation along"
)
"""SQLAlchemy keeps it in the collection of the author, and says that it will not write it."""


class ShopBase(Base):
    """Tables that the other tests do not need."""

    __abstract__ = True
    metadata = MetaData()


class Stall(ShopBase):
    """Only this side has a relationship."""

    __tablename__ = "stalls"

    id: Mapped[int] = mapped_column(primary_key=True)
    goods: Mapped[list[Ware]] = relationship()


class Ware(ShopBase):
    """Belongs to a stall, or to none."""

    __tablename__ = "wares"

    id: Mapped[int] = mapped_column(primary_key=True)
    stall_id: Mapped[int | None] = mapped_column(ForeignKey("stalls.id"))
    name: Mapped[str | None]


class WareRepository(Repository[Ware]):
    """The wares of one stall."""

    scoped_by = ("stall_id",)


@refused_leaves_a_warning
async def test_owner_by_relationship(session: Session) -> None:
    """The flush takes the column from it, whatever the column says."""
    ada, eve = await an_author(session), await an_author(session, "Eve")
    books = OwnBookRepository(session, author_id=ada.id)
    added = await books.add(Book(**book(1), author=ada))
    assert added.author_id == ada.id
    strangers = [eve, Author(name="New", email="new@example.com")]
    for number, author in enumerate(strangers, start=2):
        with pytest.raises(ScopeError):
            await books.add(Book(**book(number), author=author))
        with pytest.raises(ScopeError):
            await books.add(Book(**book(number), author=author, author_id=ada.id))
    assert await BookRepository(session).count() == 1


async def test_owner_by_relationship_whose_key_is_expired(session: Session) -> None:
    """Nothing is loaded to compare it: the session knows the key."""
    ada, eve = await an_author(session), await an_author(session, "Eve")
    key = ada.id
    session.expire(ada)
    session.expire(eve)
    books = OwnBookRepository(session, author_id=key)
    assert (await books.add(Book(**book(1), author=ada))).author_id == key
    with pytest.raises(ScopeError):
        await books.add(Book(**book(2), author=eve))


async def test_owner_by_a_collection_of_the_other_side(session: Session) -> None:
    """Appended to another's books, a book is another's."""
    ada = await an_author(session)
    eve = Author(name="Eve", email="eve@example.com", books=[])
    added = Book(**book(1))
    eve.books.append(added)
    with pytest.raises(ScopeError):
        await OwnBookRepository(session, author_id=ada.id).add(added)


async def test_new_entities_that_come_along(session: Session) -> None:
    """Another row of the class is neither smuggled in behind the first nor left open."""
    ada = await an_author(session)
    copies = CopyRepository(session, shelf="A")
    first, second = Copy(number=1), Copy(number=2)
    Book(**book(1), author_id=ada.id, copies=[first, second])
    await copies.add(first)
    assert second.shelf == "A"
    first, second = Copy(number=1), Copy(number=2, shelf="B")
    Book(**book(2), author_id=ada.id, copies=[first, second])
    with pytest.raises(ScopeError):
        await copies.add(first)
    assert await CopyRepository(session).count() == 2


async def test_change_that_was_made_before(session: Session) -> None:
    """The flush of an update would write it too."""
    ada, eve = await an_author(session), await an_author(session, "Eve")
    books = OwnBookRepository(session, author_id=ada.id)
    added = await books.add(Book(**book(1)))
    added.author_id = eve.id
    for write in (books.update(added, {"pages": 1}), books.soft_delete(added), books.add(added)):
        with pytest.raises(ScopeError):
            await write
    await session.refresh(added)
    mine = await books.get(added.id)
    mine.author = eve
    with pytest.raises(ScopeError):
        await books.update(mine, {"pages": 1})


async def test_change_that_would_make_a_row_ones_own(session: Session) -> None:
    """What counts is the row, and not what was set on the entity since."""
    ada, eve = await an_author(session), await an_author(session, "Eve")
    theirs = await BookRepository(session).add(Book(**book(1), author_id=eve.id))
    books = OwnBookRepository(session, author_id=ada.id)
    theirs.author_id = ada.id
    for write in (
        books.update(theirs, {"pages": 1}),
        books.soft_delete(theirs),
        books.restore(theirs),
        books.delete(theirs),
        books.add(theirs),
    ):
        with pytest.raises(NotFoundError, match=str(theirs.id)):
            await write


async def test_owner_that_was_not_read_is_asked_for(session: Session) -> None:
    """Without writing what is pending first, which would make the row one's own."""
    ada, eve = await an_author(session), await an_author(session, "Eve")
    mine = await BookRepository(session).add(Book(**book(1), author_id=ada.id))
    theirs = await BookRepository(session).add(Book(**book(2), author_id=eve.id))
    keys = (mine.id, theirs.id)
    session.expunge_all()
    only = [load_only(Book.title)]
    mine, theirs = await BookRepository(session).get_many(keys, options=only)
    books = OwnBookRepository(session, author_id=ada.id)
    assert (await books.update(mine, {"pages": 1})).pages == 1
    with pytest.raises(NotFoundError):
        await books.update(theirs, {"pages": 1})
    theirs.author_id = ada.id
    with pytest.raises(NotFoundError):
        await books.update(theirs, {"pages": 1})


async def test_owner_of_a_deleted_row_is_asked_for_too(session: Session) -> None:
    """Or nobody could restore what was read without its owner."""
    ada = await an_author(session)
    books = OwnBookRepository(session, author_id=ada.id)
    deleted = await books.soft_delete(await books.add(Book(**book(1))))
    key = deleted.id
    session.expunge_all()
    only = [load_only(Book.title, Book.deleted_at)]
    deleted = await books.get(key, options=only, include_deleted=True)
    assert await books.restore(deleted) is await books.get(key)


async def test_new_entity_can_be_updated_before_it_is_written(session: Session) -> None:
    """It has no row that could be another's, and gets the scope like one that is added."""
    ada, eve = await an_author(session), await an_author(session, "Eve")
    books = OwnBookRepository(session, author_id=ada.id)
    pending, foreign = Book(**book(1)), Book(**book(2), author_id=eve.id)
    session.add(pending)
    await books.update(pending, {"pages": 1})
    assert await books.list(limit=9) == [pending]
    with pytest.raises(ScopeError):
        await books.update(foreign, {"pages": 1})


async def test_owner_that_only_the_other_side_knows(session: Session) -> None:
    """It is seen when the row has been written, and the unit of work then rolls back."""
    connection = await session.connection()
    await connection.run_sync(ShopBase.metadata.create_all)
    mine, theirs = Stall(id=1, goods=[]), Stall(id=2, goods=[])
    session.add_all([mine, theirs])
    await session.flush()
    wares = WareRepository(session, stall_id=1)
    added = await wares.add(Ware(id=1))
    theirs.goods.append(added)
    with pytest.raises(ScopeError):
        await wares.update(added, {"name": "Mug"})
    theirs.goods.append(smuggled := Ware(id=2))
    with pytest.raises(ScopeError):
        await wares.add(smuggled)
