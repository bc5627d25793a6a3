"""Orders and positions in them, as SQL."""

from __future__ import annotations

import re
from itertools import product
from typing import Any, get_args
from uuid import UUID

import pytest
from sqlalchemy.dialects import postgresql

from fastgres.errors import ConfigurationError, UnknownNameError
from fastgres.repository.ordering import Ordering
from tests.models import Book, Copy
from tests.repository.books import BookQuery

SORTS = get_args(BookQuery.model_fields["sort"].annotation)
KEY = UUID(int=7)


def sql(expression: Any) -> str:
    """Return the text of an expression."""
    dialect: Any = postgresql.dialect
    text = re.sub(r"books\.|copies\.|::[A-Z]+", "", str(expression.compile(dialect=dialect())))
    return " ".join(text.split())


def filled(compiled: Any, values: dict[str, object]) -> str:
    """Return the text with the values in the place of the parameters."""
    return re.sub(r":(\w+)", lambda name: repr(values[name[1]]), str(compiled))


def test_one_direction_without_nulls_is_one_comparison() -> None:
    """A plain index answers it with one range."""
    after = Ordering.parse(Book, "price").beyond([1, KEY], inclusive=False)
    assert sql(after) == "(price, id) > (%(param_1)s, %(param_2)s)"
    before = Ordering.parse(Book, "-price,-title").beyond([1, "a", KEY], inclusive=True)
    assert sql(before) == "(price, title, id) <= (%(param_1)s, %(param_2)s, %(param_3)s)"


def test_primary_key_goes_the_way_of_the_last_column() -> None:
    """So that an index on (column, id) serves both ways."""
    keys = Ordering.parse(Book, "price,-title").keys
    assert [(key.column.key, key.descending) for key in keys] == [
        ("price", False),
        ("title", True),
        ("id", True),
    ]


def test_mixed_directions_are_spelled_out_with_a_bound_for_the_index() -> None:
    """The first comparison is implied by the others, and the only one an index serves."""
    after = Ordering.parse(Book, "-price,title").beyond([1, "a", KEY], inclusive=False)
    assert sql(after).startswith("price <= %(param_1)s AND (price < %(param_1)s OR price = ")


@pytest.mark.parametrize(
    ("sort", "value", "expected"),
    [
        ("pages", 1, "pages > %(param_1)s OR pages IS NULL OR pages = %(param_1)s AND id >"),
        ("-pages", 1, "pages < %(param_1)s OR pages = %(param_1)s AND id <"),
        ("-pages", None, "pages IS NOT NULL OR pages IS NULL AND id <"),
        ("pages", None, "pages IS NULL AND id >"),
    ],
)
def test_nulls_stand_where_postgresql_puts_them(sort: str, value: object, expected: str) -> None:
    """Last when ascending, first when descending."""
    after = Ordering.parse(Book, sort).beyond([value, KEY], inclusive=False)
    assert sql(after).startswith(expected)


@pytest.mark.parametrize("sort", SORTS)
def test_template_is_the_condition_of_every_position_with_the_same_nulls(sort: str) -> None:
    """Parameter for parameter, so that one statement serves them all."""
    ordering = Ordering.parse(Book, sort)
    for nulls in product(*((False, True) if key.nullable else (False,) for key in ordering.keys)):
        values = tuple(None if null else f"value {place}" for place, null in enumerate(nulls))
        for inclusive in (False, True):
            made = ordering.beyond(values, inclusive=inclusive).compile()
            template = ordering.template_beyond(nulls, inclusive=inclusive).compile()
            parameters = ordering.parameters(values)
            assert set(template.params) <= set(parameters)
            assert filled(template, parameters) == filled(made, made.params)


def test_template_names_its_parameters_by_the_place_of_the_key() -> None:
    """The names are the same for every statement; nulls have none."""
    ordering = Ordering.parse(Book, "-pages,price")
    assert "after_0" not in sql(ordering.template_beyond((True, False, False), inclusive=False))
    assert ordering.parameters((None, 2, KEY)) == {"after_1": 2, "after_2": KEY}


def test_composite_primary_key() -> None:
    """All its columns end the order."""
    ordering = Ordering.parse(Copy, "-shelf")
    assert [key.column.key for key in ordering.keys] == ["shelf", "book_id", "number"]
    assert ordering.key_of(("A", "b", 3)) == ("b", 3)


def test_unknown_column() -> None:
    """Says which one was meant."""
    with pytest.raises(UnknownNameError, match="did you mean 'price'"):
        Ordering.parse(Book, "prize")


@pytest.mark.parametrize("column", ["tags", "details", "cover"])
def test_column_without_an_order_worth_a_cursor(column: str) -> None:
    """Arrays, JSON and bytes."""
    with pytest.raises(ConfigurationError, match="a cursor cannot carry"):
        Ordering.parse(Book, column)
