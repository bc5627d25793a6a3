"""Reading entities."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import joinedload, selectinload

from fastgres.db import Session
from fastgres.errors import ConfigurationError, NotFoundError
from tests.models import Author, Book, Copy
from tests.repository.books import (
    AuthorRepository,
    BookRepository,
    CopyRepository,
    an_author,
    book,
    shelve,
)


async def test_get_returns_the_entity(session: Session) -> None:
    """A primary key finds its row."""
    ada = await an_author(session)
    assert await AuthorRepository(session).get(ada.id) is ada


async def test_get_raises_not_found(session: Session) -> None:
    """A key without a row is a 404 that names what was asked for."""
    key = uuid4()
    with pytest.raises(NotFoundError, match=f"There is no author {key}"):
        await AuthorRepository(session).get(key)


async def test_get_within_a_scope(session: Session) -> None:
    """A row outside the scope is as if it were not there."""
    ada = await an_author(session)
    authors = AuthorRepository(session)
    assert await authors.get(ada.id, Author.name == "Ada") is ada
    with pytest.raises(NotFoundError):
        await authors.get(ada.id, Author.name == "Eve")


async def test_get_with_options_of_an_entity_the_session_holds(session: Session) -> None:
    """Loader options work on what the identity map knows already."""
    (first,) = await shelve(session, book(1))
    with pytest.raises(InvalidRequestError):
        first.copies  # noqa: B018 - touching it is the test
    await BookRepository(session).get(first.id, options=[selectinload(Book.copies)])
    assert first.copies == []


async def test_get_with_joined_collection(session: Session) -> None:
    """A joined collection repeats the row; it is still one entity (rule Q05)."""
    (first, _) = await shelve(session, book(1), book(2))
    found = await AuthorRepository(session).get(first.author_id, options=[joinedload(Author.books)])
    assert [each.title for each in found.books] == ["Book 001", "Book 002"]


async def test_default_options_apply_to_every_read(session: Session) -> None:
    """A repository says once what its readers need."""

    class Loading(BookRepository):
        default_options = (joinedload(Book.author),)

    (first,) = await shelve(session, book(1))
    session.expunge_all()
    assert (await Loading(session).get(first.id)).author.name == "Ada"


async def test_composite_keys(session: Session) -> None:
    """The values of a composite key stand in a tuple."""
    (first,) = await shelve(session, book(1))
    copies = CopyRepository(session)
    await copies.add_many({"book_id": first.id, "number": n, "shelf": f"S{n}"} for n in (1, 2, 3))
    assert (await copies.get((first.id, 2))).shelf == "S2"
    found = await copies.get_many([(first.id, 3), (first.id, 1)])
    assert [copy.number for copy in found] == [3, 1]


async def test_key_of_wrong_length_is_explained(session: Session) -> None:
    """A composite key given as one value is the developer's mistake."""
    await an_author(session)
    with pytest.raises(ConfigurationError, match=r"primary key is \(book_id, number\)"):
        await CopyRepository(session).get(uuid4())


async def test_soft_deleted_rows_stay_out_unless_included(session: Session) -> None:
    """Every read leaves them out, and has the same word to see them."""
    authors = AuthorRepository(session)
    ada = await authors.soft_delete(await an_author(session))
    assert await authors.find(ada.id) is None
    assert await authors.find(ada.id, include_deleted=True) is ada
    assert await authors.get_many([ada.id], skip_missing=True) == []
    assert await authors.get_many([ada.id], include_deleted=True) == [ada]
    assert await authors.first_by(Author.name == "Ada") is None
    assert await authors.list(limit=5) == []
    assert not await authors.exists(Author.name == "Ada")
    assert await authors.exists(Author.name == "Ada", include_deleted=True)
    assert await authors.count() == 0
    assert await authors.count(include_deleted=True) == 1
    assert [each async for each in authors.stream()] == []
    assert [each async for each in authors.stream(include_deleted=True)] == [ada]


async def test_get_many_keeps_the_order_of_the_keys(session: Session) -> None:
    """Also when a key comes twice."""
    one, two, three = await shelve(session, book(1), book(2), book(3))
    found = await BookRepository(session).get_many([three.id, one.id, three.id, two.id])
    assert found == [three, one, three, two]


async def test_get_many_names_all_missing_ones(session: Session) -> None:
    """One answer tells everything that is wrong with the request."""
    (one,) = await shelve(session, book(1))
    missing = [uuid4(), uuid4()]
    with pytest.raises(NotFoundError, match=f"There is no book {missing[0]}, {missing[1]}"):
        await BookRepository(session).get_many([missing[0], one.id, missing[1]])
    assert await BookRepository(session).get_many([one.id, *missing], skip_missing=True) == [one]


async def test_get_many_of_more_keys_than_a_statement_has_parameters(session: Session) -> None:
    """The keys go as one array, so that no limit on parameters is met (rule Q16)."""
    (one,) = await shelve(session, book(1))
    keys = [uuid4() for _ in range(70_000)]
    assert await BookRepository(session).get_many([*keys, one.id], skip_missing=True) == [one]


async def test_get_many_of_nothing_asks_nothing(session: Session) -> None:
    """No keys, no statement."""
    await an_author(session)
    await session.commit()
    assert await BookRepository(session).get_many([]) == []
    assert not session.in_transaction()


async def test_first_by_is_ordered(session: Session) -> None:
    """Several fit: the first in the order wins, never any."""
    one, _, three = await shelve(session, book(1), book(2), book(3))
    books = BookRepository(session)
    assert await books.first_by(order_by=[Book.price.desc()]) is three
    assert await books.first_by(Book.price < 10) is one
    assert await books.first_by(Book.price > 10) is None


async def test_list_is_bounded_and_ordered(session: Session) -> None:
    """Equal values are ordered by the primary key."""
    rows = await shelve(session, *(book(n, price=5) for n in range(5)))
    found = await BookRepository(session).list(order_by=[Book.price], limit=3)
    assert found == sorted(rows, key=lambda row: row.id)[:3]


async def test_exists_and_count(session: Session) -> None:
    """Conditions are those of SQLAlchemy."""
    await shelve(session, book(1), book(2))
    books = BookRepository(session)
    assert await books.exists(Book.title == "Book 001")
    assert not await books.exists(Book.title == "Book 009")
    assert await books.count() == 2
    assert await books.count(Book.price > 2) == 1


async def test_stream_reads_in_batches(session: Session) -> None:
    """What has been read is let go: memory holds a batch, not the table."""
    await shelve(session, *(book(n) for n in range(1_200)))
    session.expunge_all()
    most = 0
    seen = []
    async for each in BookRepository(session).stream(order_by=[Book.title]):
        seen.append(each.title)
        most = max(most, len(session.sync_session.identity_map))
    assert seen == [f"Book {n:03}" for n in sorted(range(1_200), key=lambda n: f"{n:03}")]
    assert most <= 501


async def test_stream_loads_collections_batch_by_batch(session: Session) -> None:
    """Loader options work on a stream."""
    first, _ = await shelve(session, book(1), book(2))
    await CopyRepository(session).add(Copy(book_id=first.id, number=1, shelf="A"))
    session.expunge_all()
    stream = BookRepository(session).stream(
        order_by=[Book.title], options=[selectinload(Book.copies)]
    )
    assert [len(each.copies) async for each in stream] == [1, 0]


async def test_stream_left_early_leaves_the_session_usable(session: Session) -> None:
    """Breaking out of the loop gives the cursor back."""
    await shelve(session, *(book(n) for n in range(10)))
    books = BookRepository(session)
    async for each in books.stream():
        assert each.title
        break
    assert await books.count() == 10


async def test_exists_loads_no_entity(session: Session) -> None:
    """Only the key is asked for."""
    await shelve(session, book(1))
    statements: list[str] = []
    connection = await session.connection()
    event.listen(
        connection.sync_connection,
        "before_cursor_execute",
        lambda *arguments: statements.append(arguments[2]),
    )
    await BookRepository(session).exists(Book.price > 0)
    assert "title" not in statements[-1]
