"""The statements of a plan: one row, a list, a page, a batch of a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ARRAY,
    Float,
    Integer,
    Numeric,
    TypeDecorator,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)

from fastgres.db import only_living
from fastgres.errors import ConfigurationError
from fastgres.reads import sql
from fastgres.reads.writer import Writer, joined_rows
from fastgres.reads.written import DIALECT

_ONE = literal_column("1", Integer)
_FLOAT: Final = 701
_NUMERIC: Final = 1700
"""PostgreSQL's numbers of the types `double precision` and `numeric`."""

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, ColumnElement, Select
    from sqlalchemy.types import TypeEngine

    from fastgres.reads.plan import ReadPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which rows of the root, in which order, and how many at most.

    The conditions may hold parameters with a name, whose values come with each run. `beyond` says
    where a page begins, and does not count when the list is counted.

    ```python
    from fastgres.reads import Rows, parameter
    from shop.models import Product
    from sqlalchemy import Integer

    cheap = Rows(order_by=[Product.price], limit=parameter("size", Integer()))
    assert not cheap.where
    ```
    """

    where: Sequence[Any] = ()
    beyond: Sequence[Any] = ()
    order_by: Sequence[Any] = ()
    limit: ColumnElement[int] | None = None
    offset: ColumnElement[int] | None = None

    def of(self, statement: Select[Any]) -> Select[Any]:
        """Return the statement with these rows selected."""
        if self.where or self.beyond:
            statement = statement.where(and_(*self.where, *self.beyond))
            _refuse_product(statement)
        if self.order_by:
            statement = statement.order_by(*self.order_by)
        if self.offset is not None:
            statement = statement.offset(self.offset)
        return statement if self.limit is None else statement.limit(self.limit)


def _refuse_product(statement: Select[Any]) -> None:
    """Refuse a condition on a table that nothing joins: each row would be there many times."""
    root, *others = statement.get_final_froms()
    if others:
        names = ", ".join(str(getattr(each, "description", each)) for each in others)
        raise ConfigurationError(
            f"A condition on {getattr(root, 'description', root)} names {names}, which is not "
            "joined, so that every row would be combined with every one of its rows. Ask by the "
            "relationship instead: `Book.author.has(Author.name == ...)`, or `.any(...)` where it "
            "leads to many."
        )


@dataclass(frozen=True)
class PageOrder:
    """The keys of a list's total order, each with whether it descends, and the way one goes.

    Backwards, the rows are selected in the opposite order, and turned round for the page.

    ```python
    from fastgres.reads import PageOrder
    from shop.models import Product

    newest_first = PageOrder([(Product.created_at, True), (Product.id, True)])
    assert newest_first.separator == ","
    ```
    """

    keys: Sequence[tuple[Any, bool]]
    backwards: bool = False
    separator: str = ","

    @cached_property
    def readers(self) -> tuple[Callable[[Any], Any] | None, ...]:
        """What makes Python values of the keys as the driver gives them; None where they are."""
        return tuple(value_reader(key.type.dialect_impl(DIALECT)) for key, _ in self.keys)

    def read(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return the keys of one row as Python values."""
        pairs = zip(self.readers, values, strict=True)
        return tuple(
            value if reader is None or value is None else reader(value) for reader, value in pairs
        )

    def order_of(self, rows: Any) -> list[Any]:
        """Return the order of the list in terms of the columns `key_0` and so on."""
        columns = [rows.c[f"key_{number}"] for number in range(len(self.keys))]
        pairs = zip(columns, self.keys, strict=True)
        return [column.desc() if falls else column.asc() for column, (_, falls) in pairs]


def value_reader(kind: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """Return what makes a Python value; numbers are such as the driver makes them."""
    if isinstance(kind, (Float, Numeric)):
        return None
    inner: Any = kind
    while isinstance(inner, TypeDecorator):
        inner = inner.impl_instance
    # Of numbers inside a type of the application's own, SQLAlchemy asks what the driver has made.
    return kind.result_processor(DIALECT, _FLOAT if isinstance(inner, Float) else _NUMERIC)


def parameter(name: str, kind: Any) -> BindParameter[Any]:
    """Return a parameter whose value comes with each run, by its name.

    ```python
    from fastgres.reads import parameter
    from shop.models import Product

    assert parameter("sku", Product.sku.type).key == "sku"
    ```
    """
    return bindparam(name, None, type_=kind, required=False)


def first_row(plan: ReadPlan, rows: Rows) -> Select[Any]:
    """Select the JSON of one row; no row when there is none."""
    return visible(plan, rows.of(_from_root(plan, as_bytes(Writer(plan).root()))))


def all_rows(plan: ReadPlan, rows: Rows, *also: ColumnElement[Any]) -> Select[Any]:
    """Select the objects of all rows joined by commas, and further scalars."""
    inner = rows.of(_from_root(plan, Writer(plan).root()))
    return visible(plan, select(as_bytes(joined_rows(inner)), *also))


def one_page(plan: ReadPlan, rows: Rows, page: PageOrder, *also: ColumnElement[Any]) -> Select[Any]:
    """Select the rows of a page and one more, with what it takes to go on from its ends.

    Columns: the objects joined by commas, in the order of the list; their number; the length in
    bytes of the one too many, or NULL; for each key its value in the first row and in the last
    one of the page; and the further scalars. The limit of `rows` is the size of the page.
    """
    size = rows.limit
    assert size is not None  # noqa: S101 - a page has a size
    columns = [key.label(f"key_{number}") for number, (key, _) in enumerate(page.keys)]
    one_more = replace(rows, limit=size + _ONE)
    body = Writer(plan).root().label("body")
    found = one_more.of(_from_root(plan, body, *columns)).subquery("page")
    count: ColumnElement[int] = func.count()
    first, last, too_many = _ends(count, size, backwards=page.backwards)
    if page.backwards:
        found = select(found).order_by(*page.order_of(found)).subquery("turned")
    edges = [
        func.array_agg(found.c[column.name], type_=ARRAY(column.type))[place]
        for column in columns
        for place in (first, last)
    ]
    lengths = func.array_agg(func.octet_length(found.c.body), type_=ARRAY(Integer))
    joined = func.string_agg(found.c.body, literal_column(sql.separator(page.separator)))
    statement = select(as_bytes(joined), count, lengths[too_many], *edges, *also)
    return visible(plan, statement.select_from(found))


def _ends(count: Any, size: Any, *, backwards: bool) -> tuple[Any, Any, Any]:
    """Return the places of the first row of a page, of its last, and of the one too many."""
    if not backwards:
        return _ONE, func.least(count, size), size + _ONE
    surplus = count - size
    return func.greatest(surplus, literal_column("0")) + _ONE, count, surplus


def counted(plan: ReadPlan, where: Sequence[Any]) -> ColumnElement[int]:
    """Return the number of all rows that fulfil the conditions, as a scalar."""
    statement = _from_root(plan, func.count()).where(*where)
    return statement.correlate(None).scalar_subquery()


def as_bytes(text: ColumnElement[Any]) -> ColumnElement[bytes]:
    """Return text as it will be sent: nothing is gained by making it a `str` in between."""
    return func.convert_to(text, literal_column(sql.UTF8))


def _from_root(plan: ReadPlan, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).select_from(plan.root.cls)


def visible(plan: ReadPlan, statement: Select[Any]) -> Select[Any]:
    """Leave soft-deleted rows out, where the plan does."""
    return statement if plan.include_deleted else only_living(statement)
