"""What a query model declares is checked when the class is made."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from fastgres.errors import ConfigurationError
from fastgres.repository import Filter, KeysetQuery
from tests.repository.books import BookQuery


def test_fields_are_filters_and_paging_is_not() -> None:
    """A field left to the service is no filter of ours."""
    declared = {each.field for each in BookQuery.declaration.filters}
    assert "since_page" not in declared
    assert not declared & {"size", "cursor", "sort", "page"}
    assert "in_print" in declared


def test_filter_is_found_inside_a_union() -> None:
    """`Annotated[...] | None` says the same as `Annotated[... | None, ...]`."""

    class Query(KeysetQuery):
        price_min: Annotated[Decimal, Filter("ge", column="price"), Field(ge=0)] | None = None

    (declared,) = Query.declaration.filters
    assert (declared.operator, declared.column) == ("ge", "price")
    assert declared.types == {Decimal}


def test_types_of_literals_and_lists_are_known() -> None:
    """They are compared with the column's type later."""

    class Query(KeysetQuery):
        status: Annotated[list[Literal["a", "b"]] | None, Filter("in")] = None

    assert Query.declaration.filters[0].types == {str}


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Annotated[str | None, Filter("in")], r"needs a field of type list\[str\]"),
        (Annotated[list[str] | None, Filter("eq")], "needs a field of type str"),
        (Annotated[int | None, Filter("contains")], "needs a field of type str"),
        (Annotated[str | None, Filter("is_null")], "needs a field of type bool"),
    ],
)
def test_operator_that_does_not_fit_the_field_is_refused(annotation: Any, message: str) -> None:
    """The message holds the line to write."""
    with pytest.raises(ConfigurationError, match=message):
        type("Query", (KeysetQuery,), {"__annotations__": {"title": annotation}, "title": None})


class Sort(StrEnum):
    """An enum lists what is allowed, and not in a way that is read here."""

    TITLE = "title"


@pytest.mark.parametrize("annotation", [str, str | None, Sort, Literal["title", ""], Literal[1]])
def test_sort_that_allows_anything_is_refused(annotation: Any) -> None:
    """A sort is a list of names, or it is a hole."""
    with pytest.raises(ConfigurationError, match="sort: Literal"):
        type("Query", (KeysetQuery,), {"__annotations__": {"sort": annotation}, "sort": "title"})
