"""A total order over the rows of a list, and what comes before or after a position in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import and_, or_, tuple_

from fastgres.errors import ConfigurationError
from fastgres.reads import PageOrder
from fastgres.repository.columns import attribute, primary_key
from fastgres.repository.cursor import can_carry
from fastgres.repository.filtering import bound, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, UnaryExpression
    from sqlalchemy.orm import InstrumentedAttribute

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column of an order. Nulls stand where PostgreSQL puts them: last, or first if descending.

    That default is what a plain index has, forwards and backwards.
    """

    column: InstrumentedAttribute[Any]
    descending: bool
    nullable: bool

    @classmethod
    def of(cls, column: InstrumentedAttribute[Any], *, descending: bool) -> SortKey:
        """Make the key of a column, or raise when no cursor can carry its values."""
        key = cls(column, descending, getattr(column.expression, "nullable", True))
        try:
            carried = can_carry(key.type)
        except NotImplementedError:
            carried = False
        if not carried:
            raise ConfigurationError(
                f"A list cannot be sorted by {column}: a cursor cannot carry values of type "
                f"{column.type!r}. Sort by a column of text, number, time, UUID or enum."
            )
        return key

    @property
    def type(self) -> type:
        """Return the Python type of the column's values."""
        kind: type = self.column.type.python_type
        return kind

    def reversed(self) -> SortKey:
        """Return the key of the opposite order."""
        return SortKey(self.column, not self.descending, self.nullable)

    def order_by(self) -> UnaryExpression[Any]:
        """Return the term of ORDER BY."""
        return self.column.desc() if self.descending else self.column.asc()

    def bound(self, value: object) -> ColumnElement[Any]:
        """Return the value as a parameter of the column's type."""
        return bound(self.column, value)

    def equal(self, value: ColumnElement[Any] | None) -> ColumnElement[bool]:
        """Select the rows that have this value; None is no value."""
        return self.column.is_(None) if value is None else self.column == value

    def is_last(self, value: ColumnElement[Any] | None) -> bool:
        """Tell whether no other value stands after this one."""
        return value is None and not self.descending

    def beyond(self, value: ColumnElement[Any] | None) -> ColumnElement[bool]:
        """Select the rows that stand after this value; `is_last` tells that there are none."""
        if value is None:
            return self.column.is_not(None)
        if self.descending:
            return self.column < value
        after: ColumnElement[bool] = self.column > value
        return or_(after, self.column.is_(None)) if self.nullable else after


@dataclass(frozen=True)
class Ordering:
    """A sort with the primary key as its last word, so that no two rows are equal."""

    name: str
    keys: tuple[SortKey, ...]
    places: tuple[int, ...]
    """Where among the keys the columns of the primary key stand."""

    @classmethod
    def parse(cls, model: type[Any], sort: str) -> Ordering:
        """Read `"name,-price"`; the primary key goes the way of the last column named."""
        keys: dict[str, SortKey] = {}
        descending = False
        for term in filter(None, (each.strip() for each in sort.split(","))):
            descending = term.startswith("-")
            column = attribute(model, term.removeprefix("-"))
            keys.setdefault(column.key, SortKey.of(column, descending=descending))
        for column in primary_key(model):
            keys.setdefault(column.key, SortKey.of(column, descending=descending))
        names = list(keys)
        places = tuple(names.index(column.key) for column in primary_key(model))
        return cls(sort, tuple(keys.values()), places)

    def key_of(self, values: Sequence[T]) -> tuple[T, ...]:
        """Return what belongs to the primary key among things given one a key."""
        return tuple(values[place] for place in self.places)

    @cached_property
    def types(self) -> tuple[type, ...]:
        """Return the Python types of the keys."""
        return tuple(key.type for key in self.keys)

    def reversed(self) -> Ordering:
        """Return the opposite order."""
        return Ordering(self.name, tuple(key.reversed() for key in self.keys), self.places)

    def order_by(self) -> list[UnaryExpression[Any]]:
        """Return the terms of ORDER BY."""
        return [key.order_by() for key in self.keys]

    @cached_property
    def forwards(self) -> PageOrder:
        """The order of a page that lies after a position."""
        return PageOrder([(key.column, key.descending) for key in self.keys])

    @cached_property
    def backwards(self) -> PageOrder:
        """The order of a page that lies before one."""
        return replace(self.forwards, backwards=True)

    def columns(self) -> list[ColumnElement[Any]]:
        """Return the sort values as columns to select."""
        return [key.column.expression for key in self.keys]

    def beyond(self, values: Sequence[object], *, inclusive: bool) -> ColumnElement[bool]:
        """Select the rows that stand after the position, and the one at it if inclusive.

        One comparison of rows where it can be, because an index answers that with one range;
        else the same spelled out column by column.
        """
        pairs = zip(self.keys, values, strict=True)
        there = [None if value is None else key.bound(value) for key, value in pairs]
        return self._beyond(there, inclusive=inclusive)

    def template_beyond(self, nulls: Sequence[bool], *, inclusive: bool) -> ColumnElement[bool]:
        """Return what `beyond` does for every position that is null at the same places.

        `parameters` gives the values of one of them, by name.
        """
        pairs = enumerate(zip(self.keys, nulls, strict=True))
        there = [
            None if null else named(key.column, f"after_{place}") for place, (key, null) in pairs
        ]
        return self._beyond(there, inclusive=inclusive)

    def parameters(self, values: Sequence[object]) -> dict[str, object]:
        """Return the values of a position by the names that they have in `template_beyond`."""
        pairs = enumerate(values)
        return {f"after_{place}": value for place, value in pairs if value is not None}

    def _beyond(
        self, there: Sequence[ColumnElement[Any] | None], *, inclusive: bool
    ) -> ColumnElement[bool]:
        if self._comparable_as_rows:
            return self._row_comparison(there, inclusive=inclusive)
        return self._spelled_out(there, inclusive=inclusive)

    @cached_property
    def _comparable_as_rows(self) -> bool:
        one_way = len({key.descending for key in self.keys}) == 1
        return one_way and not any(key.nullable for key in self.keys)

    def _row_comparison(self, values: Sequence[Any], *, inclusive: bool) -> ColumnElement[bool]:
        here: Any = tuple_(*(key.column for key in self.keys))
        there: Any = tuple_(*values)
        beyond: ColumnElement[bool] = here < there if self.keys[0].descending else here > there
        at: ColumnElement[bool] = here <= there if self.keys[0].descending else here >= there
        return at if inclusive else beyond

    def _spelled_out(
        self, there: Sequence[ColumnElement[Any] | None], *, inclusive: bool
    ) -> ColumnElement[bool]:
        pairs = list(zip(self.keys, there, strict=True))
        equal = [key.equal(value) for key, value in pairs]
        cases = [
            and_(*equal[:place], key.beyond(value))
            for place, (key, value) in enumerate(pairs)
            if not key.is_last(value)
        ]
        if inclusive:
            cases.append(and_(*equal))
        return and_(*self._leading_bound(there[0]), or_(*cases))

    def _leading_bound(self, value: ColumnElement[Any] | None) -> list[ColumnElement[bool]]:
        """Say again what the cases imply: an index serves this, it does not serve an OR."""
        first = self.keys[0]
        if first.nullable or value is None:
            return []
        return [first.column <= value if first.descending else first.column >= value]
