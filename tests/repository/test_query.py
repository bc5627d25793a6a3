"""Query models, as FastAPI fills them."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI, Query
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasGenerator, ConfigDict, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from fastgres.repository import Filter, KeysetQuery, OffsetQuery
from fastgres.testing.client import serving
from tests.repository.books import BookPages, BookQuery


def application_of(query: type[KeysetQuery]) -> FastAPI:
    """Return an application whose one route takes the query and says what it has got."""
    application = FastAPI()

    async def read(query: Any) -> dict[str, Any]:
        return query.model_dump(mode="json", exclude_unset=True)  # type: ignore[no-any-return]  # the model is the caller's

    read.__annotations__["query"] = Annotated[query, Query()]
    application.get("/")(read)
    return application


async def get(parameters: dict[str, Any], query: type[KeysetQuery] = BookQuery) -> Any:
    """Send the parameters to a route and return the body of the answer."""
    async with serving(application_of(query)) as client:
        return (await client.get("/", params=parameters)).json()


def faults(error: ValidationError) -> list[tuple[str, tuple[Any, ...]]]:
    """Return type and place of each line."""
    return [(line["type"], line["loc"]) for line in error.errors()]


def test_unknown_parameter_is_named_with_what_was_meant() -> None:
    """The name is told, and every name that would do."""
    with pytest.raises(ValidationError) as caught:
        BookQuery.model_validate({"titel": "x"})
    (line,) = caught.value.errors()
    assert (line["type"], line["loc"]) == ("unknown_parameter", ("titel",))
    assert line["ctx"]["name"] == "titel"
    assert line["ctx"]["suggestion"] == "title"
    assert {"title", "size", "cursor", "sort"} <= set(line["ctx"]["allowed"])
    start = "There is no parameter 'titel'; did you mean 'title'? Allowed: any_prefix, "
    assert line["msg"].startswith(start)


def test_unknown_sort_is_named_with_what_was_meant() -> None:
    """A sort is told like a parameter."""
    with pytest.raises(ValidationError) as caught:
        BookQuery.model_validate({"sort": "-publish_at"})
    (line,) = caught.value.errors()
    assert (line["type"], line["loc"]) == ("unknown_sort", ("sort",))
    assert line["ctx"]["suggestion"] == "-published_at"
    assert "-price,title" in line["ctx"]["allowed"]


def test_all_faults_are_told_at_once() -> None:
    """Unknown names do not hide wrong values."""
    with pytest.raises(ValidationError) as caught:
        BookQuery.model_validate({"titel": "x", "price_min": "cheap", "sort": "?", "size": 0})
    assert set(faults(caught.value)) == {
        ("unknown_parameter", ("titel",)),
        ("decimal_parsing", ("price_min",)),
        ("unknown_sort", ("sort",)),
        ("greater_than_equal", ("size",)),
    }


def test_a_flood_of_unknown_parameters_is_cut() -> None:
    """Explaining them costs time, so that nobody gets more than twenty explained."""
    with pytest.raises(ValidationError) as caught:
        BookQuery.model_validate({f"{'x' * 5_000}{n}": "" for n in range(500)})
    lines = caught.value.errors()
    assert len(lines) == 20
    assert len(lines[0]["ctx"]["name"]) == 100


def test_errors_of_own_validators_survive() -> None:
    """What a service's validator says stands beside ours, unchanged."""

    class Odd(KeysetQuery):
        pages: int | None = None
        title: str | None = None

        @field_validator("pages")
        @classmethod
        def odd(cls, value: int) -> int:
            if value % 2 == 0:
                raise PydanticCustomError("even", "{pages} is even", {"pages": value})
            return value

        @field_validator("title")
        @classmethod
        def short(cls, value: str) -> str:
            raise ValueError(f"{value} is too long")

    with pytest.raises(ValidationError) as caught:
        Odd.model_validate({"pages": 2, "title": "x", "nope": 1})
    assert [line["msg"] for line in caught.value.errors()][:2] == [
        "2 is even",
        "Value error, x is too long",
    ]


async def test_fastapi_hands_unknown_parameters_over() -> None:
    """The place is that of a query parameter, as for any other fault."""
    answer = await get({"titel": "x", "title": "y"})
    assert answer["detail"][0]["loc"] == ["query", "titel"]
    assert answer["detail"][0]["type"] == "unknown_parameter"


async def test_fastapi_fills_the_model() -> None:
    """Lists, enums, numbers and text."""
    answer = await get({"title": "x", "genre": ["novel", "essay"], "price_min": "1.50", "size": 7})
    assert answer == {"title": "x", "genre": ["novel", "essay"], "price_min": "1.50", "size": 7}


async def test_several_sorts_may_be_a_list() -> None:
    """A list of literals lets the client combine them."""

    class Sorted(KeysetQuery):
        sort: list[Literal["title", "-price"]] = ["title"]  # noqa: RUF012  pydantic copies defaults

    assert await get({"sort": ["-price", "title"]}, Sorted) == {"sort": ["-price", "title"]}
    answer = await get({"sort": ["-price", "titel"]}, Sorted)
    assert answer["detail"][0]["loc"] == ["query", "sort", 1]
    assert answer["detail"][0]["ctx"]["suggestion"] == "title"


async def test_aliases_are_the_names_that_are_told() -> None:
    """A client knows the names of the URL alone."""

    class Camel(KeysetQuery):
        model_config = ConfigDict(alias_generator=AliasGenerator(alias=to_camel))

        price_min: Annotated[int | None, Filter("ge", column="price")] = None

    assert await get({"priceMin": 3}, Camel) == {"price_min": 3}
    answer = await get({"price_min": 3}, Camel)
    assert answer["detail"][0]["ctx"]["allowed"] == ["cursor", "priceMin", "size"]
    assert Camel.declaration.filters[0].parameter == "priceMin"


def test_openapi_describes_each_parameter() -> None:
    """Names, types and bounds, one parameter each."""
    operation = application_of(BookQuery).openapi()["paths"]["/"]["get"]
    parameters = {each["name"]: each for each in operation["parameters"]}
    assert parameters["size"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "description": "Most items in the response.",
        "default": 50,
        "title": "Size",
    }
    assert "-price,title" in parameters["sort"]["schema"]["enum"]
    assert set(parameters) == set(BookQuery.declaration.parameters)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20) | st.integers(), max_size=5))
def test_no_input_breaks_validation(parameters: dict[str, Any]) -> None:
    """A query is valid or refused, never an error of ours."""
    with suppress(ValidationError):
        BookQuery.model_validate(parameters)


@pytest.mark.parametrize("page", [0, -1, 1_001, 10**30])
def test_offset_pages_are_bounded(page: int) -> None:
    """A page number beyond reason never becomes an OFFSET."""
    with pytest.raises(ValidationError):
        BookPages(page=page)


def test_bounds_can_be_declared_anew() -> None:
    """The size is a field like any other."""

    class Small(OffsetQuery):
        size: Annotated[int, Query(ge=1, le=5)] = 5

    with pytest.raises(ValidationError):
        Small(size=6)
