"""Pages as JSON: what the page of entities would have been, by one statement."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, computed_field
from sqlalchemy import text
from sqlalchemy.orm import joinedload, selectinload

from fastgres.errors import InvalidCursorError, OutOfRangeError
from fastgres.repository import OffsetPage, Page
from fastgres.repository.pages import Links, framed, offset_read, page_read
from fastgres.repository.prepared import Target
from tests.models import Author, Binding, Book, Copy, Genre
from tests.reads.wire import overheard
from tests.repository.books import (
    BookPages,
    BookQuery,
    BookRepository,
    OwnBookRepository,
    an_author,
    book,
    shelve,
)
from tests.repository.test_paging import ROW, SORTS, insert_one, naming

if TYPE_CHECKING:
    from fastgres.db import Session
    from fastgres.settings import Settings


class Shown(BaseModel):
    """What the API shows."""

    model_config = ConfigDict(from_attributes=True)


class CopyRead(Shown):
    """Nested."""

    number: int


class AuthorRead(Shown):
    """Nested too."""

    name: str


class BookRead(Shown):
    """Of every sort and filter its column, and what belongs to a book."""

    id: UUID
    title: str
    price: Decimal
    pages: int | None
    rating: float | None
    genre: Genre
    binding: Binding
    in_print: bool = Field(serialization_alias="inPrint")
    published_at: dt.datetime | None
    author: AuthorRead
    copies: list[CopyRead]


class LoudBook(BookRead):
    """The same, by the ORM and Pydantic."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def loud(self) -> str:
        """The title in capitals."""
        return self.title.upper()


FILTERS: dict[str, list[Any]] = {
    "title": ["book", "K 1", "%", "x_"],
    "exact_title": ["Book 1", "book 1"],
    "not_title": ["Book 1"],
    "title_part": ["ook", "OOK", "\\"],
    "prefix": ["Boo", "oo"],
    "any_prefix": ["bOO"],
    "price_min": [Decimal("2.00"), Decimal("1.999")],
    "price_above": [Decimal(2)],
    "price_max": [Decimal("2.004")],
    "price_below": [Decimal(3)],
    "pages": [1, 7],
    "pages_not": [1],
    "unpaged": [True, False],
    "rating": [1.5, 0.1],
    "in_print": [True, False],
    "genre": [[Genre.NOVEL], [Genre.ESSAY, Genre.POETRY], []],
    "binding": [Binding.HARDCOVER],
    "bindings": [[Binding.HARDCOVER, Binding.PAPERBACK], [Binding.PAPERBACK], []],
    "not_pages": [[1, 2], [], [7]],
    "published_after": [dt.datetime(2026, 1, 2, tzinfo=dt.UTC)],
    "since_page": ["anything"],
}
"""Values for every filter; together they find some rows, all, and none."""

MODELS = [BookRead, LoudBook]


async def filled(session: Session) -> list[Book]:
    """Add books that differ in everything, some with values missing."""
    return await shelve(
        session,
        *(
            book(
                number,
                title=f"Book {number}",
                pages=number if number % 3 else None,
                rating=number / 2 if number % 2 else None,
                genre=list(Genre)[number % 3],
                binding=list(Binding)[number % 2],
                in_print=number % 4 != 0,
                published_at=dt.datetime(2026, 1, number + 1, tzinfo=dt.UTC)
                if number % 5
                else None,
            )
            for number in range(7)
        ),
    )


async def both(
    session: Session,
    query: BookQuery,
    *where: Any,
    model: type[BaseModel] = BookRead,
    **how: Any,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a page as the response model, and as entities that are made that model."""
    books = BookRepository(session)
    shown = await books.page(model, query, *where, **how)
    session.expunge_all()
    options = [joinedload(Book.author), selectinload(Book.copies)]
    entities = await books.page(query, *where, options=options, **how)
    page: Any = Page[model].model_validate(entities, from_attributes=True)  # type: ignore[valid-type]  # made at run time
    expected = json.loads(page.model_dump_json(by_alias=True))
    assert json.loads(shown.value().model_dump_json(by_alias=True)) == expected
    return json.loads(bytes(shown.body)), expected


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("sort", SORTS)
async def test_every_sort(session: Session, sort: str, model: type[BaseModel]) -> None:
    """Forwards to the end and back to the beginning, with the count and without."""
    await filled(session)
    query = BookQuery(size=3, sort=sort)
    forwards, found, expected = [], *await both(session, query, model=model, count="exact")
    while True:
        assert found == expected
        forwards.append(found["items"])
        if found["next"] is None:
            break
        query = query.model_copy(update={"cursor": found["next"]})
        found, expected = await both(session, query, model=model)
    assert [len(items) for items in forwards] == [3, 3, 1]
    backwards = [found["items"]]
    while found["previous"] is not None:
        query = query.model_copy(update={"cursor": found["previous"]})
        found, expected = await both(session, query, model=model, count="exact")
        assert found == expected
        backwards.insert(0, found["items"])
    assert [*chain(*backwards)] == [*chain(*forwards)]


@pytest.mark.parametrize("name", FILTERS)
async def test_every_filter(session: Session, name: str) -> None:
    """With every value twice, so that a statement which was kept is used."""
    await filled(session)
    assert set(FILTERS) == {*BookQuery.model_fields} - {"size", "cursor", "sort"}
    for value in [*FILTERS[name], *FILTERS[name]]:
        query = BookQuery(size=4, sort="-pages", **{name: value})
        found, expected = await both(session, query, count="exact")
        assert found == expected


SOME_FILTERS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in FILTERS.items()}
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(ROW, max_size=9),
    new=st.lists(ROW, max_size=4),
    size=st.integers(1, 4),
    sort=st.sampled_from(SORTS),
    filters=SOME_FILTERS,
    filtered=st.booleans(),
)
async def test_walk_is_the_walk_of_entities(
    session: Session,
    rows: list[dict[str, Any]],
    new: list[dict[str, Any]],
    size: int,
    sort: str,
    filters: dict[str, Any],
    filtered: bool,
) -> None:
    """Page by page, whatever is inserted meanwhile, in what order and with which filters."""
    savepoint = await session.begin_nested()
    try:
        await walk(
            session, BookQuery(size=size, sort=sort, **(filters if filtered else {})), rows, new
        )
    finally:
        await savepoint.rollback()


async def walk(
    session: Session, query: BookQuery, rows: list[dict[str, Any]], new: list[dict[str, Any]]
) -> None:
    """Go to the last page and back to the first, comparing every one."""
    author = (await an_author(session)).id
    await BookRepository(session).add_many(
        row | {"author_id": author, "isbn": str(n), "title": f"{row['title']}{n // 2}" + "x" * n}
        for n, row in enumerate(rows)
    )
    for way in ("next", "previous"):
        while True:
            found, expected = await both(session, query, count="exact")
            assert found == expected
            if found[way] is None:
                break
            query = query.model_copy(update={"cursor": found[way]})
            await insert_one(session, author, new)


class TestCount:
    """None, exact, and estimated."""

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize(("count", "total"), [("none", None), ("exact", 4)])
    async def test_of_all_that_match(
        self,
        session: Session,
        count: Literal["none", "exact"],
        total: int | None,
        model: type[Any],
    ) -> None:
        """Wherever the page is, and deleted rows do not count."""
        books = await filled(session)
        await BookRepository(session).soft_delete(books[6])
        query = BookQuery(size=2, price_min=Decimal(2))
        repository = BookRepository(session)
        first = await repository.page(model, query, Book.price < 6, count=count)
        second = query.model_copy(update={"cursor": first.value().next})
        for asked in (query, second):
            page = await repository.page(model, asked, Book.price < 6, count=count)
            assert page.value().total == total
            assert json.loads(bytes(page.body))["total"] == total
            assert len(page.value().items) == 2

    async def test_estimate(self, session: Session) -> None:
        """Of a list that fits the page it is exact; else it is the planner's guess."""
        author = await an_author(session)
        books = BookRepository(session)
        await books.add_many(
            book(n, in_print=n % 10 == 0) | {"author_id": author.id} for n in range(2_000)
        )
        await session.execute(text("ANALYZE books"))
        for query in (BookQuery(size=2), BookQuery(size=2, in_print=True)):
            shown = await books.page(BookRead, query, count="estimated")
            entities = await books.page(query, count="estimated")
            assert shown.value().total == entities.total
        few = await books.page(BookRead, BookQuery(exact_title="Book 007"), count="estimated")
        assert few.value().total == 1


class TestCursors:
    """From any source."""

    @pytest.mark.parametrize("model", MODELS)
    async def test_text_longer_than_a_cursor(self, session: Session, model: type[Any]) -> None:
        """The cursor names the row instead, whose values are looked up."""
        rows = await shelve(session, *(book(n, title=f"{n}{'long ' * 2_000}") for n in range(3)))
        books = BookRepository(session)
        first = (await books.page(model, BookQuery(size=2))).value()
        assert first.next is not None
        assert len(first.next) < 200
        second = (await books.page(model, BookQuery(size=2, cursor=first.next))).value()
        assert [each.id for each in second.items] == [rows[2].id]
        assert second.previous is not None
        back = (await books.page(model, BookQuery(size=2, cursor=second.previous))).value()
        assert [each.id for each in back.items] == [rows[0].id, rows[1].id]
        await books.delete(rows[1])
        with pytest.raises(InvalidCursorError, match="no longer"):
            await books.page(model, BookQuery(size=2, cursor=first.next))

    async def test_row_of_others(self, session: Session) -> None:
        """A cursor that names it is refused like one that names none."""
        mine, theirs, filtered, deleted = await shelve(
            session, book(0), book(1, price=99), book(2, in_print=False), book(3)
        )
        books = BookRepository(session)
        await books.soft_delete(deleted)
        for key in (theirs.id, filtered.id, deleted.id, UUID(int=1)):
            query = BookQuery(in_print=True, cursor=naming(key))
            with pytest.raises(InvalidCursorError):
                await books.page(BookRead, query, Book.price < 50)
        query = BookQuery(in_print=True, cursor=naming(mine.id))
        assert (await books.page(BookRead, query, Book.price < 50)).value().items == []
        seen = BookQuery(cursor=naming(deleted.id, "before"))
        page = await books.page(BookRead, seen, include_deleted=True)
        assert [each.id for each in page.value().items] == [mine.id, theirs.id, filtered.id]

    async def test_of_another_sort_or_of_nobody(self, session: Session) -> None:
        """422, as for entities."""
        await filled(session)
        books = BookRepository(session)
        first = (await books.page(BookRead, BookQuery(size=2))).value()
        for query in (
            BookQuery(sort="price", cursor=first.next),
            BookQuery(cursor="nobody's"),
            BookQuery(cursor="a" * 300),
        ):
            with pytest.raises(InvalidCursorError):
                await books.page(BookRead, query)

    @pytest.mark.parametrize("model", MODELS)
    async def test_page_whose_rows_are_gone(self, session: Session, model: type[Any]) -> None:
        """It is empty, and leads back to the very row at which the list stood, both ways."""
        rows = await filled(session)
        keys = [each.id for each in rows]
        books = BookRepository(session)
        first = (await books.page(model, BookQuery(size=3))).value()
        for row in rows[3:]:
            await books.delete(row)
        empty = (await books.page(model, BookQuery(size=3, cursor=first.next))).value()
        assert (empty.items, empty.next) == ([], None)
        back = (await books.page(model, BookQuery(size=3, cursor=empty.previous))).value()
        assert [each.id for each in back.items] == keys[:3]


@pytest.mark.parametrize("model", MODELS)
class TestOffset:
    """Pages by number."""

    @pytest.mark.parametrize("asked", [(1, 3), (2, 3), (3, 3), (4, 3), (1, 7), (1, 8), (99, 1)])
    @pytest.mark.parametrize("sort", [None, "title", "-pages"])
    async def test_page(
        self, session: Session, model: type[Any], asked: tuple[int, int], sort: Any
    ) -> None:
        """What the entities would have given."""
        await filled(session)
        number, size = asked
        query = BookPages(page=number, size=size, sort=sort)
        books = BookRepository(session)
        for where in ([], [Book.price > 3]):
            for count in ("exact", "none"):
                shown = await books.offset_page(model, query, *where, count=count)
                session.expunge_all()
                options = [joinedload(Book.author), selectinload(Book.copies)]
                page = await books.offset_page(query, *where, count=count, options=options)
                expected = OffsetPage[model].model_validate(page, from_attributes=True)  # type: ignore[valid-type]  # made at run time
                assert shown.value() == expected
                assert json.loads(bytes(shown.body)) == json.loads(
                    expected.model_dump_json(by_alias=True)
                )

    async def test_number_beyond_every_list(self, session: Session, model: type[Any]) -> None:
        """Refused or empty, as for entities."""
        await filled(session)
        books = BookRepository(session)
        query = BookPages.model_construct(page=10**18, size=100, sort=None, title=None)
        for read in (books.offset_page(model, query), books.offset_page(query)):
            with pytest.raises(OutOfRangeError):
                await read


class TestFrame:
    """What stands around the objects."""

    @pytest.mark.parametrize("exclude_none", [False, True])
    @pytest.mark.parametrize("objects", [b"", b'{"a":1},{}'])
    @pytest.mark.parametrize(
        "links", [Links("a", "b", 3), Links(None, None, None), Links("a", None, 0)]
    )
    def test_of_a_page(self, links: Links, objects: bytes, exclude_none: bool) -> None:
        """Items come first, and what is null is left out when asked."""
        items: Any = json.loads(b"[%b]" % objects)
        page: Page[Any] = Page(items=items, **links._asdict())
        want = page.model_dump_json(exclude_none=exclude_none).encode()
        assert links.around(objects, exclude_none=exclude_none) == want

    @pytest.mark.parametrize("exclude_none", [False, True])
    @pytest.mark.parametrize("total", [None, 3])
    def test_of_a_page_by_number(self, total: int | None, exclude_none: bool) -> None:
        page: OffsetPage[Any] = OffsetPage(
            items=[{}], page=1, size=2, has_next=False, total=total, pages=total
        )
        want = page.model_dump_json(exclude_none=exclude_none).encode()
        assert framed(page, b"{}", exclude_none=exclude_none) == want

    async def test_of_a_read(self, session: Session) -> None:
        await filled(session)
        books = BookRepository(session)
        lean = await books.page(BookRead, BookQuery(size=9), fields="pages", exclude_none=True)
        assert json.loads(bytes(lean.body)) == {
            "items": [{}, {"pages": 1}, {"pages": 2}, {}, {"pages": 4}, {"pages": 5}, {}]
        }

    async def test_pruned_page_of_a_loaded_plan(self, session: Session) -> None:
        await filled(session)
        books = BookRepository(session)
        page = await books.page(LoudBook, BookQuery(size=2), fields="loud,author.name")
        assert json.loads(bytes(page.body))["items"] == [
            {"author": {"name": "Ada"}, "loud": f"BOOK {n}"} for n in range(2)
        ]


def test_read_of_a_query_is_worked_out_once() -> None:
    """Always the same object for the same target, and another for another scope."""
    everything = Target(mapped=Book, model=BookRead)
    mine = Target(mapped=Book, model=BookRead, scope=("author_id",))
    assert page_read(everything, BookQuery) is page_read(everything, BookQuery)
    assert page_read(everything, BookQuery) is not page_read(mine, BookQuery)
    assert offset_read(everything, BookPages) is offset_read(everything, BookPages)


def test_explain_tells_the_statement() -> None:
    """Of the first page, with the scope and the filters that are set."""
    target = Target(mapped=Book, model=BookRead, scope=("author_id",))
    told = page_read(target, BookQuery).explain(BookQuery(title="a", sort="price"))
    assert told.sql is not None
    assert "books.author_id = $" in told.sql
    assert "books.title ILIKE $" in told.sql
    assert "ORDER BY books.price ASC, books.id ASC" in told.sql
    told = offset_read(target, BookPages).explain(BookPages(title="a"))
    assert told.sql is not None
    assert "count(*)" in told.sql
    loaded = Target(mapped=Book, model=LoudBook)
    assert page_read(loaded, BookQuery).explain(BookQuery()).kind == "loaded"


class TestScope:
    """Confined to the rows of one owner."""

    async def test_owners_share_a_statement_and_nothing_else(self, session: Session) -> None:
        """Each has his own value in it, whoever came first."""
        ada, eve = await an_author(session), await an_author(session, "Eve")
        for number, author in enumerate((ada, eve, ada, eve)):
            row = book(number) | {"author_id": author.id}
            await BookRepository(session).add_many([row])
        for author, titles in ((ada, [0, 2]), (eve, [1, 3]), (ada, [0, 2])):
            books = OwnBookRepository(session, author_id=author.id)
            page = await books.page(BookRead, BookQuery(), count="exact")
            assert [each.title for each in page.value().items] == [f"Book 00{n}" for n in titles]
            assert page.value().total == 2
            numbered = await books.offset_page(BookRead, BookPages())
            assert numbered.value().total == 2

    async def test_other_columns_are_another_statement(self, session: Session) -> None:
        """Of the same class and model: a scope cannot be lost in what was kept for another."""
        await filled(session)
        ada = (await BookRepository(session).list(limit=1))[0].author_id
        expected = {
            (): 7,
            ("author_id",): 7,
            ("genre",): 3,
            ("binding",): 4,
            ("genre", "binding"): 2,
            ("author_id", "in_print"): 5,
        }
        values = {
            "author_id": ada,
            "genre": Genre.NOVEL,
            "binding": Binding.HARDCOVER,
            "in_print": True,
        }
        for _ in range(2):
            for names, number in expected.items():
                books = BookRepository(session, **{name: values[name] for name in names})
                page = await books.page(BookRead, BookQuery(), count="exact")
                assert page.value().total == len(page.value().items) == number
                assert (await books.offset_page(BookRead, BookPages())).value().total == number
                assert len((await books.list(BookRead, limit=99)).value()) == number
                body: Any = books.stream(BookRead, query=BookQuery()).body_iterator
                lines = b"".join([chunk async for chunk in body]).splitlines()
                assert len(lines) == number


@pytest.mark.clone
async def test_one_statement(database_url: str, settings: Settings) -> None:
    """For a page with filters, sort, position, conditions, scope, count and nested rows."""
    async with overheard(database_url, settings) as (database, said):
        async with database.session() as session, session.begin():
            author = (await filled(session))[0].author_id
        async with database.session() as session:
            books = OwnBookRepository(session, author_id=author)
            query = BookQuery(size=2, sort="-pages", in_print=True, genre=list(Genre), title="book")
            where = [Book.copies.any(Copy.number > 9) | Book.author.has(Author.name == "Ada")]
            await books.page(BookRead, query, *where)  # the driver asks for the types it meets
            for _ in range(3):
                said.clear()
                page = await books.page(BookRead, query, *where, count="exact")
                assert [each[:6] for each in said] == ["SELECT"]
                assert page.value().total == 5
                query = query.model_copy(update={"cursor": page.value().next})
            said.clear()
            await books.offset_page(BookRead, BookPages(page=2, size=2), *where)
            assert [each[:6] for each in said] == ["SELECT"]
            assert not session.in_transaction()
