"""Writing one entity."""

from __future__ import annotations

import pytest

from fastgres.db import Session
from fastgres.errors import (
    ConfigurationError,
    UniqueViolationError,
    UnknownNameError,
)
from tests.models import Book, Copy
from tests.repository.books import (
    AuthorRepository,
    BookRepository,
    CopyRepository,
    an_author,
    book,
    shelve,
)


async def test_add_returns_what_the_server_made(session: Session) -> None:
    """No second query for the times."""
    ada = await an_author(session)
    assert ada.created_at == ada.updated_at
    assert ada.id.version == 7


async def test_repository_never_commits(session: Session) -> None:
    """What it wrote is gone when nobody else commits."""
    await an_author(session)
    await session.rollback()
    assert await AuthorRepository(session).count() == 0


async def test_update_sets_the_named_columns(session: Session) -> None:
    """And what changes with every update."""
    ada = await an_author(session)
    same = await AuthorRepository(session).update(ada, {"name": "Ada Lovelace", "born": None})
    assert same is ada
    session.expunge_all()
    assert (await AuthorRepository(session).get(ada.id)).name == "Ada Lovelace"


async def test_update_with_an_sql_expression(session: Session) -> None:
    """What the server computes can be read at once."""
    (first,) = await shelve(session, book(1, pages=3))
    await BookRepository(session).update(first, {"pages": Book.pages + 1})
    assert first.pages == 4


async def test_update_refuses_unknown_names(session: Session) -> None:
    """A misspelt field is not silently an attribute of the object."""
    ada = await an_author(session)
    with pytest.raises(UnknownNameError, match="column of Author 'nmae'; did you mean 'name'"):
        await AuthorRepository(session).update(ada, {"nmae": "Eve"})


@pytest.mark.parametrize("name", ["books", "registry"])
async def test_update_refuses_what_is_no_column(session: Session, name: str) -> None:
    """Relationships and other attributes are not for clients to set."""
    ada = await an_author(session)
    with pytest.raises(UnknownNameError):
        await AuthorRepository(session).update(ada, {name: []})


async def test_update_refuses_the_primary_key(session: Session) -> None:
    """A row keeps its key."""
    ada = await an_author(session)
    with pytest.raises(ConfigurationError, match="primary key of Author cannot be changed"):
        await AuthorRepository(session).update(ada, {"id": ada.id})


async def test_delete_removes_the_row(session: Session) -> None:
    """Also of a class that could be soft-deleted."""
    authors = AuthorRepository(session)
    ada = await an_author(session)
    await authors.delete(ada)
    assert await authors.find(ada.id, include_deleted=True) is None


async def test_delete_cascades_over_relationships_that_refuse_to_load(session: Session) -> None:
    """The unit of work may load what application code may not."""
    (first,) = await shelve(session, book(1))
    copies = CopyRepository(session)
    await copies.add(Copy(book_id=first.id, number=1, shelf="A"))
    session.expunge_all()
    books = BookRepository(session)
    await books.delete(await books.get(first.id))
    assert await copies.count() == 0


async def test_soft_delete_and_restore(session: Session) -> None:
    """There and back, with the time from the server."""
    authors = AuthorRepository(session)
    ada = await authors.soft_delete(await an_author(session))
    assert ada.deleted_at == ada.created_at
    marked = ada.deleted_at
    await authors.soft_delete(ada)
    assert ada.deleted_at == marked
    await authors.restore(ada)
    assert await authors.get(ada.id) is ada


async def test_restore_meets_a_value_taken_meanwhile(session: Session) -> None:
    """The e-mail address of the deleted author belongs to somebody else now."""
    authors = AuthorRepository(session)
    ada = await authors.soft_delete(await an_author(session))
    await an_author(session)
    with pytest.raises(UniqueViolationError):
        await authors.restore(ada)


async def test_soft_delete_needs_the_mixin(session: Session) -> None:
    """The message says what to write."""
    (first,) = await shelve(session, book(1))
    copies = CopyRepository(session)
    copy = await copies.add(Copy(book_id=first.id, number=1, shelf="A"))
    with pytest.raises(ConfigurationError, match=r"`class Copy\(SoftDelete, \.\.\.\)`"):
        await copies.soft_delete(copy)
