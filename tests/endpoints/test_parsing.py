"""Query strings, read as FastAPI reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, Json

from fastgres.endpoints.parsing import QueryParser, pairs_of
from fastgres.repository import Filter, KeysetQuery

if TYPE_CHECKING:
    from collections.abc import Sequence


class ThingQuery(KeysetQuery):
    """Every kind of parameter."""

    name: str | None = None
    sizes: Annotated[list[int] | None, Filter("in", column="size_of")] = None
    from_: Annotated[int | None, Field(alias="from"), Filter("ge", column="size_of")] = None
    sort: Literal["name", "-name"] = "name"


@given(
    st.text("ab=&%+;20C3A4ä", max_size=30).map(lambda text: text.encode("latin-1"))
    | st.binary(max_size=20)
)
def test_pairs_are_those_of_urllib(query_string: bytes) -> None:
    expected = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    assert list(pairs_of(query_string)) == expected


def parsed(query_string: bytes, model: type[BaseModel] = ThingQuery) -> Any:
    """Read a query string."""
    parser = QueryParser.of(model)
    assert isinstance(parser, QueryParser)
    return parser.parse(query_string)


def test_parameters_are_read_by_their_names_in_the_url() -> None:
    query = parsed(b"name=a+b&sizes=1&sizes=2&from=3&size=10")
    assert (query.name, query.sizes, query.from_, query.size) == ("a b", [1, 2], 3, 10)


def test_last_of_several_counts_where_one_is_meant() -> None:
    assert parsed(b"name=first&name=second").name == "second"


def test_nothing_is_the_defaults() -> None:
    assert parsed(b"") == ThingQuery()


@pytest.mark.parametrize(
    "query_string", [b"nam=a", b"name=a&x", b"sizes=x", b"size=0", b"sort=size", b"=", b"from_=3"]
)
def test_what_is_refused_is_left_to_fastapi(query_string: bytes) -> None:
    assert parsed(query_string) is None


class Choices(BaseModel):
    """Read by either name."""

    a: int = Field(0, validation_alias=AliasChoices("x", "y"))


class ByName(BaseModel):
    """Read by name or alias."""

    model_config = ConfigDict(validate_by_name=True)
    a: int = Field(0, alias="x")


class Mixed(BaseModel):
    """One or several."""

    a: int | list[int] = 0


class Typed(BaseModel):
    """A document."""

    a: Json[list[int]] = Field([])


class Twice(BaseModel):  # type: ignore[no-redef]  # of its parameters, by an alias
    """Two fields of one name."""

    one: int = 0
    other: int = Field(0, alias="one")


class Texts(list[str]):
    """Several, though it does not look like it."""


class Subclass(BaseModel):
    """Holds such."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    a: Texts | None = None


@pytest.mark.parametrize("model", [Choices, ByName, Mixed, Typed, Twice, Subclass])
def test_unusual_model_is_left_to_fastapi(model: type[BaseModel]) -> None:
    why = QueryParser.of(model)
    assert isinstance(why, str)
    assert model.__name__ in why


class Sequences(BaseModel):
    """Several, in every spelling."""

    model_config = ConfigDict(extra="forbid")
    a: list[int] = []
    b: tuple[int, ...] | None = None
    c: Annotated[set[int], Field(max_length=3)] = set()
    d: frozenset[str] = frozenset()
    e: Sequence[str] = ()
    f: bytes = b""
    g: Literal["x", "y"] | None = None


def test_every_kind_of_list_is_read() -> None:
    from collections.abc import Sequence

    Sequences.model_rebuild(_types_namespace={"Sequence": Sequence})
    found = parsed(b"a=1&b=2&b=3&c=4&d=5&e=6&e=7&f=8&g=x", Sequences)
    assert found.model_dump() == {
        "a": [1],
        "b": (2, 3),
        "c": {4},
        "d": {"5"},
        "e": ["6", "7"],
        "f": b"8",
        "g": "x",
    }
