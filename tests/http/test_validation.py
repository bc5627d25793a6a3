"""FastAPI's validation errors, told as a problem."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

if TYPE_CHECKING:
    import httpx

    from tests.http.conftest import Serve


class Closed(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Item(Closed):
    """Inside of a list."""

    sku: str
    quantity: int = Field(gt=0)


class Cat(Closed):
    """One of two kinds."""

    kind: Literal["cat"]
    lives: int


class Dog(Closed):
    """The other kind."""

    kind: Literal["dog"]


class Basket(Closed):
    """The body."""

    items: list[Item] = Field(default_factory=list)
    note: str | None = None
    gift: Annotated[Item | None, Field(alias="giftItem")] = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    password: Annotated[str, Field(min_length=12)] | None = None

    @field_validator("note")
    @classmethod
    def _polite(cls, value: str | None) -> str | None:
        if value == "rude":
            raise ValueError("Be polite.")
        return value


class Listing(Closed):
    """The query."""

    page_size: int = 10
    sort: str = "name"


async def listing(query: Annotated[Listing, Query()]) -> Listing:
    """Take the query in a dependency, as a service would."""
    return query


@pytest.fixture
async def client(router: APIRouter, serve: Serve) -> httpx.AsyncClient:
    """A service with a body, a query and a path."""

    @router.post("/baskets")
    async def make(basket: Basket) -> None: ...

    @router.get("/baskets")
    async def read(query: Annotated[Listing, Depends(listing)]) -> None: ...

    @router.get("/baskets/{number}")
    async def one(number: Annotated[int, Path(le=9)]) -> None: ...

    return await serve(router)


async def errors(client: httpx.AsyncClient, **body: Any) -> list[dict[str, Any]]:
    """Post a body and return what was found."""
    reply = await client.post("/baskets", json=body)
    assert reply.status_code == 422
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["code"] == "invalid_request"
    found: list[dict[str, Any]] = reply.json()["errors"]
    return found


async def test_field_has_location_pointer_code_and_words(client: httpx.AsyncClient) -> None:
    (error,) = await errors(client, items=[{"sku": "a", "quantity": 0}])
    assert error == {
        "location": ["body", "items", 0, "quantity"],
        "pointer": "#/items/0/quantity",
        "code": "greater_than",
        "message": "Input should be greater than 0",
    }


async def test_words_of_a_validator_come_without_pydantics_prefix(
    client: httpx.AsyncClient,
) -> None:
    (error,) = await errors(client, note="rude")
    assert error["message"] == "Be polite."


@pytest.mark.parametrize(
    "body",
    [
        {"password": "hunter2"},
        {"items": "hunter2"},
        {"pet": {"kind": "hunter2"}},
        {"hunter3": "hunter2"},
        {"note": {"hunter3": "hunter2"}},
    ],
)
async def test_input_is_never_told_back(body: dict[str, Any], client: httpx.AsyncClient) -> None:
    assert "hunter2" not in json.dumps(await errors(client, **body))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"itmes": []},
            (
                "There is no such field; did you mean 'items'? "
                "Allowed: giftItem, items, note, password, pet."
            ),
        ),
        (
            {"items": [{"sku": "a", "quantity": 1, "skuu": "b"}]},
            "There is no such field; did you mean 'sku'? Allowed: quantity, sku.",
        ),
        (
            {"giftItem": {"sku": "a", "quantity": 1, "zzz": 1}},
            "There is no such field. Allowed: quantity, sku.",
        ),
    ],
)
async def test_unknown_field_is_answered_with_the_allowed_ones(
    body: dict[str, Any], message: str, client: httpx.AsyncClient
) -> None:
    (error,) = await errors(client, **body)
    assert (error["code"], error["message"]) == ("extra_forbidden", message)


async def test_unknown_field_below_a_union_is_answered_too(client: httpx.AsyncClient) -> None:
    (error,) = await errors(client, pet={"kind": "cat", "lives": 9, "livse": 1})
    assert "did you mean 'lives'?" in error["message"]


async def test_unknown_parameter_is_answered_with_the_allowed_ones(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.get("/baskets?page_sise=3")
    (error,) = reply.json()["errors"]
    assert error["location"] == ["query", "page_sise"]
    assert "pointer" not in error
    assert error["message"] == (
        "There is no such parameter; did you mean 'page_size'? Allowed: page_size, sort."
    )


async def test_path_parameter_is_told(client: httpx.AsyncClient) -> None:
    (error,) = (await client.get("/baskets/10")).json()["errors"]
    assert error["location"] == ["path", "number"]


async def test_broken_json_says_where(client: httpx.AsyncClient) -> None:
    reply = await client.post(
        "/baskets", content=b'{"note": hunter2}', headers={"Content-Type": "application/json"}
    )
    (error,) = reply.json()["errors"]
    assert (error["code"], error["location"]) == ("json_invalid", ["body"])
    assert "hunter2" not in reply.text


async def test_answer_does_not_grow_with_the_number_of_errors(client: httpx.AsyncClient) -> None:
    """A body of a million unknown keys must not come back as a million errors."""
    reply = await client.post("/baskets", json={f"key{n}": n for n in range(10_000)})
    assert len(reply.json()["errors"]) == 50
    assert reply.json()["more_errors"] == 9_950
    assert reply.json()["detail"] == "10000 parts of the request are not valid."


async def test_answer_does_not_grow_with_the_length_of_a_name(client: httpx.AsyncClient) -> None:
    (error,) = await errors(client, **{"k" * 100_000: 1})
    assert error["location"] == ["body", "k" * 100]
