"""Query models against mapped classes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import AwareDatetime
from sqlalchemy import MetaData, Text, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column

from fastgres.db import Session
from fastgres.errors import ConfigurationError, InvalidTextError, InvalidValueError, OutOfRangeError
from fastgres.repository import Filter, KeysetQuery
from fastgres.repository.binding import bind
from tests.models import Binding, Book, Genre, LibraryBase
from tests.repository.books import BookQuery, BookRepository, book, shelve


def query_of(**annotations: Any) -> type[KeysetQuery]:
    """Make a query model of these fields."""
    return type(
        "Query", (KeysetQuery,), {"__annotations__": annotations, **dict.fromkeys(annotations)}
    )


@pytest.mark.parametrize(
    ("annotation", "column"),
    [
        (str | None, "pages"),
        (int | None, "title"),
        (bool | None, "pages"),
        (Decimal | None, "pages"),
        (dt.date | None, "published_at"),
        (str | None, "genre"),
        (str | None, "binding"),
        (Genre | None, "binding"),
        (int | None, "author_id"),
    ],
)
def test_field_of_another_type_than_the_column_is_refused(annotation: Any, column: str) -> None:
    """PostgreSQL would refuse the first request; this says so before there is one."""
    with pytest.raises(ConfigurationError, match="PostgreSQL would refuse"):
        bind(Book, query_of(**{column: annotation}))


@pytest.mark.parametrize(
    ("annotation", "column"),
    [
        (int | None, "rating"),
        (int | None, "price"),
        (Decimal | None, "rating"),
        (Literal["a"] | None, "title"),
        (Genre | None, "title"),
        (Binding | None, "binding"),
        (Any, "title"),
        (dt.datetime | None, "published_at"),
        (AwareDatetime | None, "published_at"),
    ],
)
def test_field_of_a_fitting_type_is_accepted(annotation: Any, column: str) -> None:
    """Numbers compare with numbers, text with text."""
    assert bind(Book, query_of(**{column: annotation})).filters


@pytest.mark.parametrize("column", ["genre", "binding", "pages"])
def test_text_search_in_what_is_no_text_is_refused(column: str) -> None:
    """LIKE needs text."""
    with pytest.raises(ConfigurationError, match="needs a column of text"):
        bind(Book, query_of(part=Annotated[str | None, Filter("contains", column=column)]))


def test_sort_by_what_no_cursor_carries_is_refused() -> None:
    """JSON has no order worth a cursor."""

    class Query(KeysetQuery):
        sort: Literal["details"] = "details"

    with pytest.raises(ConfigurationError, match="cannot be sorted by"):
        bind(Book, Query)


def test_a_list_of_sorts_is_combined() -> None:
    """Each is one of those declared, so that any combination has its columns."""

    class Query(KeysetQuery):
        sort: list[Literal["title", "-price"]] = ["title"]  # noqa: RUF012  pydantic copies defaults

    bound = bind(Book, Query)
    ordering = bound.ordering(Query(sort=["-price", "title", "-price"]))
    assert ordering.name == "-price,title"
    keys = ordering.keys
    assert [(key.column.key, key.descending) for key in keys] == [
        ("price", True),
        ("title", False),
        ("id", False),
    ]


@pytest.mark.parametrize(
    ("filters", "error"),
    [
        ({"title": "a\0b"}, InvalidTextError),
        ({"title": "\ud800"}, InvalidTextError),
        ({"pages": 2**63}, OutOfRangeError),
        ({"pages": -(10**3_000)}, OutOfRangeError),
        ({"not_pages": [1, 2**63]}, OutOfRangeError),
        ({"rating": float("nan")}, OutOfRangeError),
        ({"rating": float("-inf")}, OutOfRangeError),
        ({"price_min": "1E+400000"}, OutOfRangeError),
        ({"price_min": "1E-400000"}, OutOfRangeError),
        ({"published_after": dt.datetime(2026, 1, 1)}, InvalidValueError),  # noqa: DTZ001  the missing zone is the fault
        ({"published_after": "0001-01-01T00:00:00+14:00"}, OutOfRangeError),
        ({"published_after": "9999-12-31T23:59:59-14:00"}, OutOfRangeError),
    ],
)
async def test_absurd_values_are_refused(
    session: Session, filters: dict[str, Any], error: type[InvalidValueError]
) -> None:
    """422 with the parameter's name, before PostgreSQL is asked."""
    await shelve(session, book(1))
    with pytest.raises(error) as caught:
        await BookRepository(session).page(BookQuery.model_validate(filters))
    assert caught.value.fields[0].location == ("query", next(iter(filters)))
    assert caught.value.status == 422


@pytest.mark.parametrize(
    "filters",
    [
        {"pages": 2**63 - 1},
        {"pages": -(2**63)},
        {"price_min": Decimal(10) ** 900},
        {"price_min": Decimal(10) ** -900},
        {"rating": 1.7e308},
        {"published_after": "0001-01-01T00:00:00Z"},
        {"published_after": "9999-12-31T23:59:59.999999Z"},
        {"title": "\U0010ffff'\"\\;--"},
    ],
)
async def test_extreme_values_are_compared(session: Session, filters: dict[str, Any]) -> None:
    """What the checks let through, PostgreSQL takes."""
    await shelve(session, book(1))
    page = await BookRepository(session).page(BookQuery.model_validate(filters))
    assert len(page.items) <= 1


async def test_value_is_not_rounded_to_the_column(session: Session) -> None:
    """A price with two digits equals no price with three."""

    class Query(KeysetQuery):
        price: Decimal | None = None
        prices: Annotated[list[Decimal] | None, Filter("in", column="price")] = None

    await shelve(session, book(1, price=2))
    books = BookRepository(session)
    assert (await books.page(Query(price=Decimal("2.001")))).items == []
    assert (await books.page(Query(prices=[Decimal("2.001")]))).items == []
    assert len((await books.page(Query(price=Decimal("2.000")))).items) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"title": "a"}, {"title": "b"}, True),
        ({"in_print": True}, {"in_print": False}, True),
        ({"genre": [Genre.NOVEL]}, {"genre": []}, True),
        ({"unpaged": True}, {"unpaged": False}, False),
        ({"unpaged": False}, {}, False),
        ({"title": "a"}, {"prefix": "a"}, False),
        ({"sort": "title", "size": 3}, {"sort": "price", "cursor": "x"}, True),
    ],
)
def test_shape_is_what_the_conditions_depend_on(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    """Values do not count, except that of `is_null`: it has no parameter."""
    bound = bind(Book, BookQuery)
    shapes = {bound.shape(BookQuery(**filters)) for filters in (one, other)}
    assert (len(shapes) == 1) is same
    texts = {" AND ".join(map(str, bound.template_conditions(shape))) for shape in shapes}
    assert len(texts) == len(shapes)


def test_values_have_the_names_of_the_fields() -> None:
    """Two filters of one column have parameters of their own; lists are one parameter."""
    query = BookQuery(title="50%", prefix="_", not_pages=[1, 2], unpaged=True)
    assert bind(Book, BookQuery).values(query) == {
        "filter_title": "%50\\%%",
        "filter_prefix": "\\_%",
        "filter_not_pages": [1, 2],
    }


def test_a_set_is_sent_as_a_list() -> None:
    """As an array, which the driver takes from a list."""
    query = query_of(pages=Annotated[set[int] | None, Filter("in")])
    assert bind(Book, query).values(query.model_validate({"pages": [3]})) == {"filter_pages": [3]}


class Shouted(TypeDecorator[str]):
    """Text that is a type of its own in Python, and stored in capitals."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> str:
        """Store what any object says, in capitals."""
        return str(value).upper()


class Shout(LibraryBase):
    """A table with a decorated type; nobody makes it."""

    __tablename__ = "shouts"
    metadata = MetaData()

    key: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(Shouted())


def test_decorated_type_knows_its_values_itself() -> None:
    """Whatever Python type the field has, the decorator converts it; text is still checked."""
    query = query_of(words=int | None)
    (condition,) = bind(Shout, query).conditions(query.model_validate({"words": 5}))
    assert "words = " in str(condition)
    query = query_of(words=str | None)
    with pytest.raises(InvalidTextError):
        bind(Shout, query).conditions(query.model_validate({"words": "a\0"}))
