"""A caller's conditions: one statement for those of one shape, and each with its own values.

A statement that is kept with somebody's values in it would show one client the rows of another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

import pytest
from pydantic import create_model
from sqlalchemy import (
    ARRAY,
    BindParameter,
    Boolean,
    ColumnElement,
    Integer,
    String,
    TypeDecorator,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, mapped_column

from fastgres.errors import ConfigurationError
from fastgres.reads import Given, Reads, closed
from tests.models import Author, Binding, Book, Copy, Genre
from tests.reads.shelf import Title, stock

if TYPE_CHECKING:
    from fastgres.db import Session


class Shape(NamedTuple):
    """Conditions that differ in their values alone, and how many statements they need."""

    make: Callable[[Any], Any]
    values: Sequence[Any]
    statements: int = 1


OTHER = aliased(Book)
SHAPES = {
    "equal": Shape(lambda title: Book.title == title, ["Book 0", "Book 1", "", "Book 2"]),
    "two values": Shape(
        lambda both: and_(Book.price >= both[0], Book.price < both[1]), [(1, 3), (2, 9), (9, 2)]
    ),
    "or": Shape(
        lambda both: or_(Book.title == both[0], Book.pages == both[1]),
        [("Book 0", 2), ("Book 2", 0), ("x", 9)],
    ),
    "between": Shape(lambda low: Book.price.between(low, low + 1), [1, 2, 9]),
    "not": Shape(lambda title: ~(Book.title == title), ["Book 0", "Book 1"]),
    "null or a value": Shape(lambda pages: Book.pages == pages, [1, None, 2, None], 2),
    "a truth": Shape(lambda truth: Book.in_print == truth, [True, False, None], 3),
    "in": Shape(Book.pages.in_, [[0], [1], [2], [9]]),
    "in lists of other lengths": Shape(
        Book.pages.in_, [[0, 1], [1], [], [2, 0], [1, 0], [0], []], 3
    ),
    "not in": Shape(Book.pages.not_in, [[0], [], [1], [0, 1]], 3),
    "two lists": Shape(
        lambda both: and_(Book.pages.in_(both[0]), Book.title.in_(both[1])),
        [([0, 1], ["Book 0"]), ([0], ["Book 0", "Book 1"]), ([1], ["Book 2", "Book 1"])],
        2,
    ),
    "in a list of rows": Shape(
        lambda rows: tuple_(Book.title, Book.binding).in_(rows),
        [
            [("Book 0", Binding.PAPERBACK), ("Book 1", Binding.HARDCOVER)],
            [("Book 1", Binding.PAPERBACK), ("Book 2", Binding.PAPERBACK)],
            [("Book 1", Binding.HARDCOVER)],
            [],
        ],
        3,
    ),
    "in a list without a type": Shape(
        lambda pages: func.nullif(Book.pages, None).in_(pages), [[0, 1], [2, 1], [0]], 2
    ),
    "in a list of rows without types": Shape(
        lambda rows: tuple_(func.nullif(Book.pages, None), literal_column("title")).in_(rows),
        [[(0, "Book 0"), (1, "Book 0")], [(1, "Book 1"), (0, "Book 1")], [(1, "Book 1")]],
        2,
    ),
    "in a set": Shape(Book.pages.in_, [{0}, {1}]),
    "any of an array": Shape(
        lambda pages: Book.pages == any_(sql_cast(pages, ARRAY(Integer))),
        [[0], [1, 2], []],
    ),
    "an enum as text": Shape(lambda genre: Book.genre == genre, list(Genre)),
    "a list of enums": Shape(Book.binding.in_, [[Binding.PAPERBACK], [Binding.HARDCOVER]]),
    "an array": Shape(lambda tag: Book.tags.contains([tag]), ["new", "old"]),
    "json": Shape(
        lambda both: Book.details[both[0]].astext == both[1],
        [("word", "a"), ("word", "b"), ("other", "a")],
    ),
    "like": Shape(lambda part: Book.title.contains(part, autoescape=True), ["1", "ook", "%"]),
    "a time": Shape(
        lambda year: Book.published_at > dt.datetime(year, 1, 1, tzinfo=dt.UTC), [1999, 2001]
    ),
    "a key": Shape(lambda number: Book.id != UUID(int=number), [1, 2]),
    "a function": Shape(lambda title: func.lower(Book.title) == title, ["book 0", "book 2"]),
    "a value in a function": Shape(lambda n: func.coalesce(Book.pages, n) > 1, [0, 2]),
    "a cast": Shape(lambda price: Book.price > sql_cast(price, Integer), [1, 2]),
    "a value as another type": Shape(
        lambda title: type_coerce(Book.title, String) == literal(title), ["Book 0", "Book 1"]
    ),
    "a case": Shape(
        lambda title: case((Book.title == title, Book.price), else_=0) > 0, ["Book 0", "Book 2"]
    ),
    "an operator": Shape(Book.title.op("~"), ["0$", "[12]$"]),
    "text": Shape(
        lambda low: text("books.price > :low").bindparams(low=low),
        [1, 2, 0],
    ),
    "a parameter": Shape(lambda low: Book.price > bindparam("low", low), [1, 2, 0]),
    "a subquery": Shape(
        lambda name: Book.author_id.in_(select(Author.id).where(Author.name == name)),
        ["Ada", "Eve"],
    ),
    "a scalar subquery": Shape(
        lambda n: (
            Book.pages
            > select(func.count() + n)
            .select_from(OTHER)
            .where(OTHER.price > n + 1)
            .scalar_subquery()
        ),
        [0, 1, -3],
    ),
    "has": Shape(lambda name: Book.author.has(Author.name == name), ["Ada", "Eve"]),
    "any": Shape(lambda number: Book.copies.any(Copy.number == number), [0, 1, 2]),
    "any between others": Shape(
        lambda n: and_(
            Book.price > n,
            Book.copies.any(Copy.number == n),
            Book.author.has(Author.books.any(Book.price > n + 1)),
            Book.price < n + 3,
        ),
        [0, 1, 2],
    ),
    "any in an or": Shape(
        lambda n: or_(Book.copies.any(Copy.number > n), ~Book.copies.any(), Book.price == n),
        [0, 1, 3],
    ),
    "a path of relationships": Shape(
        lambda name: Book.copies.any(Copy.book.has(Book.author.has(Author.name == name))),
        ["Ada", "Eve"],
    ),
}
"""Every condition holds for other books with another of its values."""


@pytest.fixture
async def books(session: Session) -> Session:
    """Three books that differ in everything."""
    for number, book in enumerate(await stock(session)):
        book.pages = None if number == 2 else number
        book.in_print = number != 1
        book.genre = list(Genre)[number]
        book.binding = Binding.HARDCOVER if number == 1 else Binding.PAPERBACK
        book.tags = ["new"] if number else ["old"]
        book.details = {"word": "ab"[number % 2], "other": "ba"[number % 2]}
        book.published_at = dt.datetime(2000 + number * 2, 1, 1, tzinfo=dt.UTC)
    await session.flush()
    return session


def some_reads() -> Reads[Any]:
    """Make reads whose statements nobody has compiled yet."""
    return Reads(Book, create_model("Fresh", __base__=Title))


def statements(reads: Reads[Any]) -> list[str]:
    """Return the SQL of the statements that are kept."""
    return [template.sql for template in reads._read._templates.values()]


async def titles(reads: Reads[Any], session: Session, *where: Any, **how: Any) -> list[str]:
    """Return the titles that a compiled read shows."""
    return [each.title for each in (await reads.list(session, *where, **how)).value()]


async def expected(session: Session, *where: Any) -> list[str]:
    """Return the titles that the ORM finds."""
    found = await session.scalars(select(Book.title).where(*where).order_by(Book.id))
    return list(found)


@pytest.mark.parametrize("name", SHAPES)
async def test_each_call_has_its_own_values(books: Session, name: str) -> None:
    """Whoever came first, and however often the statement was used in between."""
    shape, reads = SHAPES[name], some_reads()
    found = []
    for value in [*shape.values, *reversed(shape.values)]:
        shown = await titles(reads, books, shape.make(value))
        assert shown == await expected(books, shape.make(value)), value
        found.append(shown)
    assert len(set(map(tuple, found))) > 1 or name == "a key"
    assert len(statements(reads)) == shape.statements


@pytest.mark.parametrize("name", SHAPES)
def test_key_differs_by_shape_alone(name: str) -> None:
    """The same shape made twice is the same key; other shapes have others."""
    shape = SHAPES[name]
    keys = {Given.of([shape.make(value)]).key for value in [*shape.values, *shape.values]}
    assert None not in keys
    assert len(keys) == shape.statements
    others = {
        Given.of([other.make(value)]).key
        for other_name, other in SHAPES.items()
        if other_name not in {name, "in", "in lists of other lengths", "in a set"}
        for value in other.values
    }
    assert not keys & others


async def test_no_value_stands_in_a_kept_statement(books: Session) -> None:
    """What is kept is for everybody."""
    reads = some_reads()
    secret = "Nobody's title"
    for condition in (
        Book.title == secret,
        Book.title.in_([secret]),
        func.coalesce(Book.title, secret) == secret,
        text("title = :title").bindparams(title=secret),
        Book.title == bindparam("title", secret),
    ):
        await reads.list(books, condition)
    assert len(statements(reads)) == 5
    assert all("Nobody" not in sql for sql in statements(reads))


async def test_values_of_an_order(books: Session) -> None:
    """An order may hold values as well."""
    reads = some_reads()
    for first in ("Book 2", "Book 1", "Book 0"):
        order = [case((Book.title == first, 0), else_=1), Book.title]
        shown = await titles(reads, books, Book.price > 0, order_by=order)
        assert shown == [first, *sorted({"Book 0", "Book 1", "Book 2"} - {first})]
    assert len(statements(reads)) == 1


async def test_condition_is_not_an_order(books: Session) -> None:
    """The same expressions in another part of the statement are another statement."""
    reads = some_reads()
    above, expensive = Book.price > 1, Book.copies.any(Copy.number > 0)
    assert len(await titles(reads, books, above, order_by=[expensive, Book.in_print])) == 2
    assert len(await titles(reads, books, above, expensive, order_by=[Book.in_print])) == 1
    assert len(await titles(reads, books, above, expensive, Book.in_print)) == 1
    assert len(await titles(reads, books, order_by=[above, expensive, Book.in_print])) == 3


async def test_condition_given_twice(books: Session) -> None:
    """Two conditions of one shape are not the one condition twice."""
    reads = some_reads()
    above = Book.price > 1
    for _ in range(2):
        assert len(await titles(reads, books, above, above)) == 2
        assert len(await titles(reads, books, Book.price > 1, Book.price > 2)) == 1
        assert len(await titles(reads, books, Book.price > 2, Book.price > 0)) == 1
        assert len(await titles(reads, books, or_(above, above), order_by=[above])) == 2


async def test_parameters_of_one_name_in_two_conditions(books: Session) -> None:
    """Each has its own value."""
    reads = some_reads()
    low, high = text("books.price > :n"), text("books.price < :n")
    for number in (1, 0, 1):
        where = low.bindparams(n=number), high.bindparams(n=number + 2)
        assert await titles(reads, books, *where) == [f"Book {number}"]
        assert await titles(reads, books, and_(*where)) == [f"Book {number}"]
    assert len(statements(reads)) == 1


async def test_conjunction_is_as_good_as_its_parts(books: Session) -> None:
    """However they are put together."""
    reads = some_reads()
    above, below = Book.price > 1, Book.price < 3
    for where in ([above, below], [and_(above, below)], [and_(above, and_(below))]):
        assert await titles(reads, books, *where) == ["Book 1"]
    assert len(statements(reads)) == 1


@pytest.mark.parametrize("name", ["limit", "size", "offset", "scope_author_id", "key_id"])
async def test_name_of_a_parameter_is_the_callers_affair(books: Session, name: str) -> None:
    """A read has parameters of its own, which may be called the same."""
    reads = some_reads()
    for low in (1, 0, 2):
        for condition in (
            Book.price > bindparam(name, low),
            text(f"books.price > :{name}").bindparams(**{name: low}),
            Book.copies.any() | (Book.price > bindparam(name, low)),
            (Book.price > bindparam(name, low)) & (Book.price > bindparam(name, low)),
        ):
            want = await expected(books, condition)
            assert await titles(reads, books, condition) == want
            forced = Reads(Book, reads.model, force_loaded=True)
            assert await titles(forced, books, condition) == want


@pytest.mark.parametrize("condition", [text("pages > :low"), Book.pages > bindparam("low")])
def test_parameter_without_a_value(condition: Any) -> None:
    """It would be NULL, and no row be found."""
    with pytest.raises(ConfigurationError, match=r"parameter 'low' and no value.*bindparams\(low"):
        Given.of([condition])


async def test_parameter_whose_value_is_null(books: Session) -> None:
    """Null on purpose is a value."""
    assert await titles(some_reads(), books, Book.pages > bindparam("low", None)) == []


async def test_value_that_is_made_late(books: Session) -> None:
    """A parameter may have a function instead of a value."""
    reads = some_reads()
    low = [0]
    condition = Book.price > bindparam(None, callable_=lambda: low[0], type_=Integer)
    named = Book.price > bindparam("low", callable_=lambda: low[0], type_=Integer)
    for low[0] in (0, 2, 1):
        assert len(await titles(reads, books, condition)) == 3 - low[0]
        assert len(await titles(reads, books, named)) == 3 - low[0]


class Louder(ColumnElement[bool]):
    """An expression whose author has not said whether its SQL can be kept."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, title: str) -> None:
        self.title = title


@compiles(Louder)
def write_louder(element: Louder, *_: Any, **__: Any) -> str:
    """Write the value into the SQL, as such expressions do."""
    return f"(books.title = '{element.title}')"


class Unkept(TypeDecorator[str]):
    """A type whose author says that statements with it must not be kept."""

    impl = String
    cache_ok = False

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return f"{self.prefix}{value}"

    @classmethod
    def parameter(cls, name: str | None, title: str) -> BindParameter[str]:
        """Return a parameter that is the title once its type has put the prefix before it."""
        number = int(title[-1])
        return bindparam(name, title[number:], cls(title[:number]))


@pytest.mark.parametrize(
    "make",
    [
        Louder,
        lambda title: and_(Book.price > 0, Louder(title)),
        lambda title: Book.copies.any(Copy.number > 9) | Louder(title),
        lambda title: Book.title == Unkept.parameter(None, title),
        lambda title: Book.title == Unkept.parameter("limit", title),
        lambda title: Book.title == bindparam(None, title, String, literal_execute=True),
        lambda title: Book.title == bindparam("limit", title, String, literal_execute=True),
        lambda title: Book.title.in_(
            bindparam("limit", [title], String, expanding=True, literal_execute=True)
        ),
    ],
)
async def test_what_cannot_be_kept_is_compiled_each_time(
    books: Session, make: Callable[[str], Any]
) -> None:
    """And is right each time."""
    reads = some_reads()
    for title in ("Book 0", "Book 2", "Book 0", "Book 1"):
        assert await titles(reads, books, make(title)) == [title]
    assert statements(reads) == []


class OddBase(DeclarativeBase):
    """Tables of a database that grew."""


class Odd(OddBase):
    """Names that no parameter can have, and names that parameters of a list would have."""

    __tablename__ = "odd"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column("größe (cm)")
    share: Mapped[int] = mapped_column("share % [a.b]: c")
    x: Mapped[int]
    x_1: Mapped[int]
    x_1_1: Mapped[int]


@pytest.mark.parametrize(
    "make",
    [
        lambda n: Odd.size == n,
        lambda n: Odd.size.in_([n, 7]),
        lambda n: Odd.share.between(n, n),
        lambda n: tuple_(Odd.size, Odd.x).in_([(n, n), (9, 9)]),
        lambda n: and_(Odd.size == n, Odd.share == n),
        lambda n: and_(Odd.size > bindparam("a (b) c", n - 1), Odd.size < bindparam("a:b", n + 1)),
    ],
)
async def test_columns_with_odd_names(session: Session, make: Callable[[int], Any]) -> None:
    """SQLAlchemy names parameters after columns, and those must not contain everything."""
    reads = await odd_reads(session)
    for number in (1, 2, 3, 1):
        assert (await reads.list(session, make(number))).body == b'[{"id":%d}]' % number
    assert len(statements(reads)) == 1


async def test_columns_named_like_items_of_a_list(session: Session) -> None:
    """`x IN (...)` makes parameters `x_1_1`, and so does `x_1 = ...`."""
    reads = await odd_reads(session)
    for number in (1, 2, 3, 1):
        condition = and_(Odd.x.in_([number, 9]), Odd.x_1 == 10 + number, Odd.x_1_1.in_([number]))
        found = await session.scalars(select(Odd.id).where(condition))
        shown = (await reads.list(session, condition)).value()
        assert [each.id for each in shown] == found.all()


async def odd_reads(session: Session) -> Reads[Any]:
    """Make the table with three rows, and reads of it."""
    await (await session.connection()).run_sync(OddBase.metadata.create_all)
    session.add_all(
        [Odd(id=n, size=n, share=n, x=n, x_1=10 + n, x_1_1=n) for n in (1, 2, 3)],
    )
    await session.flush()
    return Reads(Odd, create_model("OddRead", id=(int, ...)))


@pytest.mark.parametrize(
    "condition",
    [
        text("true OR true"),
        literal_column("true OR true"),
        literal_column("true OR true", Boolean()).is_(True),
        ~literal_column("false OR true", Boolean()),
        literal_column("true OR books.pages", Integer) > 0,
        and_(text("true OR true"), Book.price > 0),
        type_coerce(literal_column("true OR true"), Boolean),
        cast("Any", Book.price).op("> 0 OR 1 =")(1),
    ],
)
async def test_or_in_text_stays_within_its_condition(books: Session, condition: Any) -> None:
    """Other conditions hold beside it, on either side of it."""
    reads, never = some_reads(), Book.title == "nothing"
    assert await titles(reads, books, condition, never) == []
    assert await titles(reads, books, never, condition) == []
    assert await titles(reads, books, condition) == ["Book 0", "Book 1", "Book 2"]


def test_attribute_is_closed_as_it_is() -> None:
    """A column of truths, an EXISTS, and what stands in parentheses already."""
    exists = Book.copies.any()
    (column,) = closed([Book.in_print])
    assert str(column) == "(books.in_print)"
    assert closed([exists]) == [exists]
    (once,) = closed(closed([text("a")]))
    assert str(once) == "(a)"


async def test_soft_deletion_reaches_every_exists(books: Session) -> None:
    """Also where the statement was kept before."""
    reads = some_reads()
    condition = Book.author.has(Author.name == "Ada")
    assert len(await titles(reads, books, condition)) == 3
    await books.execute(update(Author).values(deleted_at=func.now()))
    assert await titles(reads, books, condition) == []
    assert await titles(reads, books, Book.author.has(Author.name == "Eve")) == []
    everything = Reads(Book, reads.model, include_deleted=True)
    assert len(await titles(everything, books, condition)) == 3


def test_other_form_of_the_same_conditions() -> None:
    """A statement made of it may be kept only if its values come in the same order."""
    low, high = Book.price > 1_001, Book.price < 1_003
    both = Given.of([low, high, Book.author.has(Author.name == "Ada")])
    assert both.takes_values_as(both)
    assert both.takes_values_as(both.living())
    assert not both.takes_values_as(Given.of([high, low, Book.author.has(Author.name == "Ada")]))
    assert not both.takes_values_as(Given.of([low, high]))
    assert not both.takes_values_as(Given.of([low, high, Louder("a")]))
    assert not Given.of([Louder("a")]).takes_values_as(Given.of([Louder("a")]))


def test_nothing_given() -> None:
    """No conditions are a shape too."""
    assert Given.of(()) is Given.of([])
    assert Given.of(()).living() is Given.of(())
    assert Given.of(()).key is not None


def test_key_of_sqlalchemy_is_what_it_was() -> None:
    """The one private name that this rests on: when it changes, this says so first."""
    one, two = Book.title == "a", Book.title == "b"
    first, second = one._generate_cache_key(), two._generate_cache_key()
    assert first is not None
    assert second is not None
    assert first.key == second.key
    assert hash(first.key) == hash(second.key)
    assert first.key != cast("Any", (Book.title != "a")._generate_cache_key()).key
    assert [each.effective_value for each in first.bindparams] == ["a"]
    assert [each.effective_value for each in second.bindparams] == ["b"]
    several = and_(Book.pages > 1, Book.title.in_(["x", "y"]), Book.price < 3)._generate_cache_key()
    assert several is not None
    assert [each.effective_value for each in several.bindparams] == [1, ["x", "y"], 3]
    assert [each.expanding for each in several.bindparams] == [False, True, False]
    assert all(each.unique for each in several.bindparams)
    assert Louder("a")._generate_cache_key() is None


@pytest.mark.parametrize("condition", ["status = 'paid'", True, {"title": "Book 1"}, Book])
def test_what_is_no_expression_is_no_condition(condition: Any) -> None:
    """It is told what to write instead."""
    with pytest.raises(ConfigurationError, match=r"`Order\.status == 'paid'`") as raised:
        Given.of([condition])
    assert repr(condition) in str(raised.value)


def test_what_is_no_expression_is_no_order() -> None:
    """A name might be one of a client's."""
    with pytest.raises(ConfigurationError, match="'title' is given in `order_by`"):
        Given.of([], ["title"])
