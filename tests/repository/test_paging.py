"""Pages by cursor and by number."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI, Query
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Index, literal, text
from sqlalchemy.orm import joinedload

from fastgres.errors import ConfigurationError, InvalidCursorError
from fastgres.repository import KeysetQuery, Page, Repository, check_repositories
from fastgres.repository.binding import bind
from fastgres.repository.counting import Explain
from fastgres.repository.cursor import Cursor
from fastgres.testing.client import serving
from tests.models import Author, Binding, Book, Genre
from tests.repository.books import (
    AuthorRepository,
    BookPages,
    BookQuery,
    BookRepository,
    an_author,
    book,
    shelve,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgres.db import Database, Session
    from fastgres.repository.cursor import Direction

SORTS = get_args(BookQuery.model_fields["sort"].annotation)
ROW = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["", "a", "A", "ä", "%", "b" * 50]),
        "price": st.decimals(Decimal("0.01"), Decimal(3), places=2),
        "pages": st.none() | st.integers(0, 3) | st.just(2**62),
        "rating": st.none() | st.sampled_from([0.1, 1.0, -2.5, float("nan"), float("inf"), -0.0]),
        "published_at": st.none()
        | st.datetimes(dt.datetime(2026, 1, 1), timezones=st.just(dt.UTC)).map(  # noqa: DTZ001  hypothesis wants bounds without a zone
            lambda time: time.replace(year=2026, month=1, day=1)
        )
        | st.just(dt.datetime(1, 1, 2, tzinfo=dt.UTC)),
        "genre": st.sampled_from(Genre),
        "binding": st.sampled_from(Binding),
        "in_print": st.booleans(),
    }
)


def naming(key: UUID, direction: Direction = "after") -> str:
    """Write a cursor by hand: it names a row, whoever's it is."""
    return Cursor("title", direction, (key,), by_key=True).encode(key=(key,))


async def walk(
    session: Session, query: BookQuery, author: UUID, new: list[dict[str, Any]]
) -> tuple[list[UUID], list[UUID]]:
    """Go to the last page and back to the first, with a row inserted at every step."""
    books = BookRepository(session)
    forward: list[UUID] = []
    backward: list[UUID] = []
    page = await books.page(query)
    while True:
        forward += [each.id for each in page.items]
        if page.next is None:
            break
        await insert_one(session, author, new)
        page = await books.page(query.model_copy(update={"cursor": page.next}))
    while True:
        backward = [*(each.id for each in page.items), *backward]
        if page.previous is None:
            return forward, backward
        await insert_one(session, author, new)
        page = await books.page(query.model_copy(update={"cursor": page.previous}))


async def insert_one(session: Session, author: UUID, new: list[dict[str, Any]]) -> None:
    """Insert the next of the rows to come, if any is left."""
    if new:
        row = new.pop()
        isbn = f"new-{len(new)}"
        await BookRepository(session).add_many(
            [row | {"author_id": author, "isbn": isbn, "title": f"{row['title']}{isbn}"}]
        )


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(ROW, max_size=14),
    new=st.lists(ROW, max_size=6),
    size=st.integers(1, 5),
    sort=st.sampled_from(SORTS),
)
async def test_walk_meets_every_row_exactly_once(
    session: Session, rows: list[dict[str, Any]], new: list[dict[str, Any]], size: int, sort: str
) -> None:
    """Forwards and backwards, in the order the server sorts, whatever is inserted meanwhile."""
    savepoint = await session.begin_nested()
    author = await an_author(session)
    books = BookRepository(session)
    unique = [
        row | {"author_id": author.id, "isbn": str(n), "title": f"{row['title']}{n // 2}" + "x" * n}
        for n, row in enumerate(rows)
    ]
    await books.add_many(unique)
    query = BookQuery(size=size, sort=sort)
    ordering = bind(Book, BookQuery).ordering(query).order_by()
    expected = [each.id for each in await books.list(order_by=ordering, limit=100)]
    forward, backward = await walk(session, query, author.id, new)
    assert [each for each in forward if each in set(expected)] == expected
    assert [each for each in backward if each in set(expected)] == expected
    assert len(set(forward)) == len(forward)
    assert len(set(backward)) == len(backward)
    await savepoint.rollback()


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cursor=st.text(max_size=300) | st.binary(max_size=80).map(lambda raw: raw.hex()))
async def test_no_text_breaks_a_page(session: Session, cursor: str) -> None:
    """A cursor from anywhere is refused with 422."""
    await session.connection()
    with pytest.raises(InvalidCursorError):
        await BookRepository(session).page(BookQuery(cursor=cursor))
    await BookRepository(session).count()


async def test_first_and_last_page(session: Session) -> None:
    """No cursor leads off the ends of the list."""
    await shelve(session, *(book(n) for n in range(3)))
    books = BookRepository(session)
    first = await books.page(BookQuery(size=2))
    last = await books.page(BookQuery(size=2, cursor=first.next))
    assert (first.previous, last.next) == (None, None)
    assert [each.title for each in last.items] == ["Book 002"]
    back = await books.page(BookQuery(size=2, cursor=last.previous))
    assert [each.title for each in back.items] == ["Book 000", "Book 001"]
    assert back.previous is None
    assert back.next is not None


async def test_empty_list(session: Session) -> None:
    """Nothing to show and nowhere to go."""
    await an_author(session)
    page = await BookRepository(session).page(BookQuery(), count="exact")
    assert page == Page(items=[], next=None, previous=None, total=0)


async def test_page_whose_rows_were_deleted_leads_back(session: Session) -> None:
    """The cursor of an empty page gives back the very row the list stood at."""
    rows = await shelve(session, *(book(n) for n in range(4)))
    books = BookRepository(session)
    first = await books.page(BookQuery(size=2))
    for row in rows[2:]:
        await books.delete(row)
    empty = await books.page(BookQuery(size=2, cursor=first.next))
    assert empty.items == []
    assert empty.next is None
    back = await books.page(BookQuery(size=2, cursor=empty.previous))
    assert back.items == rows[:2]


async def test_page_before_deleted_rows_leads_forward(session: Session) -> None:
    """The same in the other direction."""
    rows = await shelve(session, *(book(n) for n in range(4)))
    books = BookRepository(session)
    first = await books.page(BookQuery(size=2))
    second = await books.page(BookQuery(size=2, cursor=first.next))
    for row in rows[:2]:
        await books.delete(row)
    empty = await books.page(BookQuery(size=2, cursor=second.previous))
    assert (empty.items, empty.previous) == ([], None)
    again = await books.page(BookQuery(size=2, cursor=empty.next))
    assert again.items == rows[2:]


async def test_cursor_of_another_sort(session: Session) -> None:
    """A position by title says nothing about prices."""
    await shelve(session, *(book(n) for n in range(3)))
    first = await BookRepository(session).page(BookQuery(size=2))
    with pytest.raises(InvalidCursorError, match="another sort") as caught:
        await BookRepository(session).page(BookQuery(size=2, sort="price", cursor=first.next))
    assert caught.value.fields[0].location == ("query", "cursor")


async def test_position_comes_from_the_database_and_not_from_memory(session: Session) -> None:
    """An entity changed in memory and not flushed does not move the cursor."""
    rows = await shelve(session, *(book(n) for n in range(4)))
    books = BookRepository(session)
    with session.no_autoflush:
        rows[1].title = "Zzz"
        first = await books.page(BookQuery(size=2))
        second = await books.page(BookQuery(size=2, cursor=first.next))
    assert second.items == rows[2:]


async def test_text_longer_than_a_cursor_still_pages(session: Session) -> None:
    """A cursor that would not fit a URL names the row instead of its values."""
    rows = [book(n, title=f"{n}{'long ' * 2_000}") for n in range(3)]
    shelved = await shelve(session, *rows)
    books = BookRepository(session)
    first = await books.page(BookQuery(size=2))
    assert first.next is not None
    assert len(first.next) < 200
    second = await books.page(BookQuery(size=2, cursor=first.next))
    assert second.items == shelved[2:]
    await books.delete(shelved[1])
    with pytest.raises(InvalidCursorError, match="no longer"):
        await books.page(BookQuery(size=2, cursor=first.next))


async def test_cursor_made_by_hand_finds_no_row_of_others(session: Session) -> None:
    """Out of the scope, filtered away or deleted is as if it were not there, to the letter."""
    mine, theirs, filtered, deleted = await shelve(
        session, book(0), book(1, price=99), book(2, in_print=False), book(3)
    )
    books = BookRepository(session)
    await books.soft_delete(deleted)
    answers: set[str] = set()
    for key in (theirs.id, filtered.id, deleted.id, uuid4()):
        query = BookQuery(in_print=True, cursor=naming(key))
        with pytest.raises(InvalidCursorError) as caught:
            await books.page(query, Book.price < 50)
        answers.add(str(caught.value.detail))
    assert len(answers) == 1
    page = await books.page(BookQuery(in_print=True, cursor=naming(mine.id)), Book.price < 50)
    assert page.items == []
    seen = await books.page(BookQuery(cursor=naming(deleted.id, "before")), include_deleted=True)
    assert seen.items == [mine, theirs, filtered]


async def test_cursor_by_key_with_a_condition_on_another_table(session: Session) -> None:
    """The condition joins the lookup as it joins the page."""
    first, second = await shelve(session, book(0), book(1))
    scope = Book.author.has(Author.name == "Ada")
    page = await BookRepository(session).page(BookQuery(cursor=naming(first.id)), scope)
    assert page.items == [second]
    with pytest.raises(InvalidCursorError):
        await BookRepository(session).page(BookQuery(cursor=naming(first.id)), ~scope)


@pytest.mark.parametrize(("count", "total"), [("none", None), ("exact", 5)])
async def test_count(session: Session, count: Literal["none", "exact"], total: int | None) -> None:
    """All rows that match, not those after the cursor."""
    await shelve(session, *(book(n) for n in range(5)))
    books = BookRepository(session)
    first = await books.page(BookQuery(size=2), count=count)
    second = await books.page(BookQuery(size=2, cursor=first.next), count=count)
    assert (first.total, second.total) == (total, total)


async def test_one_page_is_counted_without_asking(session: Session) -> None:
    """What is all there can be counted by hand."""
    await shelve(session, *(book(n) for n in range(5)))
    page = await BookRepository(session).page(BookQuery(size=5), count="estimated")
    assert page.total == 5


async def test_scope_applies_to_page_and_count(session: Session) -> None:
    """Conditions of the service stand beside those of the client."""
    await shelve(session, *(book(n) for n in range(5)))
    books = BookRepository(session)
    page = await books.page(BookQuery(size=1, price_min=2), Book.price < 5, count="exact")
    assert page.items[0].price == 2
    assert page.total == 3


async def test_deleted_rows_stay_out_of_pages_unless_included(session: Session) -> None:
    """The filter of the session holds for the page and for the count."""
    rows = await shelve(session, *(book(n) for n in range(3)))
    books = BookRepository(session)
    await books.soft_delete(rows[0])
    page = await books.page(BookQuery(size=1), count="exact")
    assert (page.items[0].title, page.total) == ("Book 001", 2)
    everything = await books.page(BookQuery(size=1), count="exact", include_deleted=True)
    assert (everything.items[0].title, everything.total) == ("Book 000", 3)


async def test_options_and_joined_collections(session: Session) -> None:
    """A joined collection multiplies rows and not the page."""
    await shelve(session, *(book(n) for n in range(3)))

    class AuthorQuery(KeysetQuery):
        name: str | None = None

    page = await AuthorRepository(session).page(
        AuthorQuery(size=2), options=[joinedload(Author.books)]
    )
    assert [len(each.books) for each in page.items] == [3]


@pytest.mark.clone
async def test_row_comparison_is_served_by_an_index(session: Session) -> None:
    """The reason for keyset paging: a late page costs what the first one costs."""
    author = await an_author(session)
    await BookRepository(session).add_many(book(n) | {"author_id": author.id} for n in range(3_000))
    index = Index("by_price", Book.price, Book.id)
    try:
        await (await session.connection()).run_sync(index.create)
        await session.execute(text("ANALYZE books"))
        ordering = bind(Book, BookQuery).ordering(BookQuery(sort="price"))
        after = ordering.beyond([Decimal(1500), author.id], inclusive=False)
        statement = BookRepository(session)._select(after).order_by(*ordering.order_by()).limit(10)
        explained = Explain.of(statement.with_only_columns(literal(""), maintain_column_froms=True))
        (plan,) = (await session.scalars(explained)).all()
    finally:
        Book.metadata.tables["books"].indexes.remove(index)
    assert plan[0]["Plan"]["Plans"][0]["Node Type"] == "Index Scan"
    assert "ROW(" in plan[0]["Plan"]["Plans"][0]["Index Cond"]


async def test_estimate_follows_the_filters(session: Session) -> None:
    """The planner's number is a guess at these rows, and not at the whole table."""
    author = await an_author(session)
    books = BookRepository(session)
    await books.add_many(
        book(n, in_print=n % 10 == 0) | {"author_id": author.id} for n in range(2_000)
    )
    await session.execute(text("ANALYZE books"))
    everything = await books.page(BookQuery(size=2), count="estimated")
    few = await books.page(BookQuery(size=2, in_print=True), count="estimated")
    assert everything.total == pytest.approx(2_000, rel=0.2)
    assert few.total == pytest.approx(200, rel=0.4)


async def test_offset_pages(session: Session) -> None:
    """By number, with the numbers a pager shows."""
    await shelve(session, *(book(n) for n in range(5)))
    books = BookRepository(session)
    page = await books.offset_page(BookPages(page=2, size=2, sort="title"))
    assert [each.title for each in page.items] == ["Book 002", "Book 003"]
    assert (page.page, page.size, page.total, page.pages, page.has_next) == (2, 2, 5, 3, True)
    beyond = await books.offset_page(BookPages(page=9, size=2))
    assert (beyond.items, beyond.total, beyond.has_next) == ([], 5, False)
    uncounted = await books.offset_page(BookPages(page=3, size=2), count="none")
    assert (uncounted.total, uncounted.pages, uncounted.has_next) == (None, None, False)


def test_check_finds_what_names_no_column() -> None:
    """At start-up, with the name that was probably meant."""

    class Misspelt(KeysetQuery):
        titel: str | None = None

    with pytest.raises(ConfigurationError, match="did you mean 'title'"):
        BookRepository.check(Misspelt)


def test_check_finds_a_sort_that_names_no_column() -> None:
    """A sort is as good as its column."""

    class Misspelt(KeysetQuery):
        sort: Literal["titel"] = "titel"

    with pytest.raises(ConfigurationError, match="did you mean 'title'"):
        BookRepository.check(Misspelt)


def test_check_repositories_looks_at_every_class() -> None:
    """One call at the start of the service."""
    check_repositories()

    class Misspelt(KeysetQuery):
        titel: str | None = None

    class Faulty(Repository[Book]):
        queries: ClassVar[Sequence[type[KeysetQuery]]] = (Misspelt,)

    try:
        with pytest.raises(ConfigurationError):
            check_repositories()
    finally:
        Faulty.queries = ()


class BookRead(BaseModel):
    """What the API shows of a book."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    price: Decimal


async def test_page_as_response_model(database: Database) -> None:
    """Entities in, schemas out."""
    application = FastAPI()

    @application.get("/books", response_model=Page[BookRead])
    async def list_books(query: Annotated[BookQuery, Query()]) -> Page[Book]:
        async with database.session() as session:
            return await BookRepository(session).page(query, count="exact")

    async with database.session() as session:
        await shelve(session, *(book(n) for n in range(3)))
        await session.commit()
    async with serving(application) as client:
        answer = (await client.get("/books", params={"size": 2})).json()
        assert answer["items"] == [
            {"title": "Book 000", "price": "1.00"},
            {"title": "Book 001", "price": "2.00"},
        ]
        assert answer["total"] == 3
        rest = (await client.get("/books", params={"size": 2, "cursor": answer["next"]})).json()
        assert [each["title"] for each in rest["items"]] == ["Book 002"]
    schemas = application.openapi()["components"]["schemas"]
    assert "BookReadPage" in {schema["title"] for schema in schemas.values()}
