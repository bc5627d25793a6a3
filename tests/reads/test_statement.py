"""The statements of a plan: what they select beside the JSON, and in which order."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import pytest
from pydantic import create_model
from sqlalchemy import Float, Integer, Numeric, TypeDecorator, column, select

from fastgres.reads import Call, PageOrder, PlannedRead, ReadPlan, Rows, parameter
from tests.models import Binding, Book, Genre
from tests.reads.shelf import Shown, stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgres.db import Session
    from fastgres.reads import Given, JsonPage

SIZE = parameter("size", Integer())
OFFSET = parameter("offset", Integer())
PRICE = create_model("Price", __base__=Shown, price=(Decimal, ...))


class Way(NamedTuple):
    """One way along the list of five books, by price."""

    size: int
    backwards: bool
    offset: int = 0


async def page_of(
    session: Session, way: Way, *, count: bool = False, forced: bool = False, separator: str = ","
) -> JsonPage:
    """Read a page of the books by price."""
    plan = ReadPlan.of(Book, PRICE)
    read = PlannedRead.of(plan.as_loaded() if forced else plan)
    descending = Book.price.desc() if way.backwards else Book.price.asc()
    call = Call(
        ("by price", way.backwards),
        lambda given: Rows(
            where=[Book.price < 5],
            beyond=[Book.price > 0],
            order_by=[descending],
            limit=SIZE,
            offset=OFFSET,
        ),
        {"size": way.size, "offset": way.offset},
    )
    keys = [(Book.price, False), (Book.genre, False), (Book.binding, False)]
    order = PageOrder(keys, backwards=way.backwards, separator=separator)
    return await read.page(session, call, order, count=count)


def always(rows: Rows) -> Callable[[Given], Rows]:
    """Make the same rows for every call."""
    return lambda _: rows


def prices(*wanted: int) -> bytes:
    """Return the objects of books with these prices."""
    return b",".join(b'{"price":"%d.00"}' % each for each in wanted)


def edge(price: int) -> tuple[Any, ...]:
    """Return the keys of the book with this price."""
    return Decimal(price), Genre.NOVEL, Binding.PAPERBACK


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize(
    ("way", "shown", "more"),
    [
        (Way(1, False), [1], True),
        (Way(3, False), [1, 2, 3], True),
        (Way(4, False), [1, 2, 3, 4], False),
        (Way(9, False), [1, 2, 3, 4], False),
        (Way(2, False, offset=2), [3, 4], False),
        (Way(2, False, offset=3), [4], False),
        (Way(1, True), [4], True),
        (Way(3, True), [2, 3, 4], True),
        (Way(4, True), [1, 2, 3, 4], False),
        (Way(9, True), [1, 2, 3, 4], False),
        (Way(2, False, offset=9), [], False),
        (Way(2, True, offset=9), [], False),
    ],
)
async def test_page(session: Session, way: Way, shown: list[int], more: bool, forced: bool) -> None:
    """As many as asked for, whether there are more, and the keys at both ends."""
    await stock(session, 5)
    page = await page_of(session, way, forced=forced)
    assert page.objects == prices(*shown)
    assert (page.count, page.more, page.total) == (len(shown), more, None)
    assert page.first == (edge(shown[0]) if shown else ())
    assert page.last == (edge(shown[-1]) if shown else ())


@pytest.mark.parametrize("forced", [False, True])
async def test_count_is_of_the_whole_list(session: Session, forced: bool) -> None:
    """Of all rows that fulfil the conditions, wherever the page begins, and none deleted."""
    books = await stock(session, 5)
    for way in (Way(1, False), Way(2, True), Way(2, False, offset=9)):
        assert (await page_of(session, way, count=True, forced=forced)).total == 4
    books[0].deleted_at = dt.datetime.now(dt.UTC)
    await session.flush()
    assert (await page_of(session, Way(1, False), count=True, forced=forced)).total == 3


@pytest.mark.parametrize("forced", [False, True])
async def test_separator(session: Session, forced: bool) -> None:
    """Lines instead of a list; the row too many takes its separator along."""
    await stock(session, 3)
    for backwards in (False, True):
        page = await page_of(session, Way(2, backwards), forced=forced, separator="\n")
        assert page.objects.count(b"\n") == 1
        assert page.objects.splitlines() == page.objects.split(b"\n")


async def test_row_too_many_is_cut_off_by_bytes(session: Session) -> None:
    """Not by characters: one may have four of them."""
    title = create_model("Named", __base__=Shown, title=(str, ...))
    for number, book in enumerate(await stock(session, 3)):
        book.title = f"{number}" + "é😀"[number % 2] * number * 3
    await session.flush()
    read = PlannedRead.of(ReadPlan.of(Book, title))
    for backwards, shown in ((False, [0, 1]), (True, [1, 2])):
        order = PageOrder([(Book.title, False)], backwards=backwards)
        rows = Rows(order_by=[Book.title.desc() if backwards else Book.title.asc()], limit=SIZE)
        call = Call(("cut", backwards), always(rows), {"size": 2})
        page = await read.page(session, call, order, count=False)
        names = [each.title for each in read.values(page)]
        assert [name[0] for name in names] == [str(each) for each in shown]
        assert page.objects == b",".join(
            each.model_dump_json().encode() for each in read.values(page)
        )


def test_rows_of_nothing_said() -> None:
    """All of them, in no order."""
    statement = select(Book.id)
    assert str(Rows().of(statement)) == str(statement)


def test_rows_of_everything_said() -> None:
    """In the parts of the statement that they belong to."""
    rows = Rows(
        where=[Book.pages > 1],
        beyond=[Book.price > 2],
        order_by=[Book.title],
        limit=SIZE,
        offset=OFFSET,
    )
    told = str(rows.of(select(Book.isbn))).replace("\n", "")
    assert "WHERE books.pages > :pages_1 AND books.price > :price_1 ORDER BY books.title" in told
    assert told.index("LIMIT") < told.index("OFFSET")


class Cents(TypeDecorator[int]):
    """A number that is kept as another."""

    impl = Numeric
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> int | None:
        return None if value is None else int(value * 100)


class Share(TypeDecorator[float]):
    """A number inside a type inside a type."""

    impl = Cents
    cache_ok = True


class Percent(TypeDecorator[str]):
    """A number that becomes text."""

    impl = Float
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> str | None:
        return f"{value}%"


@pytest.mark.parametrize(
    ("key", "driver", "value"),
    [
        (Book.genre, "essay", Genre.ESSAY),
        (Book.binding, "hardcover", Binding.HARDCOVER),
        (Book.price, Decimal("1.10"), Decimal("1.10")),
        (Book.rating, 0.1, 0.1),
        (Book.title, "a", "a"),
        (Book.id, UUID(int=1), UUID(int=1)),
        (Book.in_print, True, True),
        (column("cents", Cents()), Decimal("1.25"), 125),
        (column("share", Share()), Decimal("1.25"), 125),
        (column("percent", Percent()), 1.5, "1.5%"),
    ],
)
def test_keys_are_read_as_the_orm_reads_them(key: Any, driver: Any, value: Any) -> None:
    """Enums from their labels, numbers as they come, and nothing from null."""
    order = PageOrder([(key, False), (key, True)])
    assert order.read([driver, None]) == (value, None)
