"""Bodies that were not read as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import pytest
from fastapi import APIRouter, Body
from pydantic import BaseModel

if TYPE_CHECKING:
    import httpx

    from tests.http.conftest import Serve


class Item(BaseModel):
    """A body."""

    sku: str


@pytest.fixture
async def client(router: APIRouter, serve: Serve) -> httpx.AsyncClient:
    """A service with bodies of several kinds."""

    @router.post("/one")
    async def one(item: Item) -> None: ...

    @router.post("/many")
    async def many(items: list[Item]) -> None: ...

    @router.post("/two")
    async def two(item: Item, note: Annotated[str, Body()]) -> None: ...

    @router.post("/query")
    async def query(item: Item, number: int) -> None: ...

    return await serve(router)


async def errors(
    client: httpx.AsyncClient, path: str, body: str, kind: str
) -> list[dict[str, Any]]:
    """Post bytes and return what was found."""
    headers = {"Content-Type": kind} if kind else {}
    reply = await client.post(path, content=body.encode(), headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")
    found: list[dict[str, Any]] = reply.json()["errors"]
    return found


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("hunter2", "line 1, column 1: Expecting value."),
        ('{"sku": hunter2}', "line 1, column 9: Expecting value."),
        ('{\n  "sku": "a",\n}', "line 3, column 1: "),
        ('{\n  "sku" "a"}', "line 2, column 9: Expecting ':' delimiter."),
    ],
)
async def test_mistake_is_told_by_line_and_column(
    body: str, place: str, client: httpx.AsyncClient
) -> None:
    """And points at the body as a whole, for no part of it was read."""
    (error,) = await errors(client, "/one", body, "application/json")
    assert error["message"].startswith(f"The body is not JSON at {place}")
    assert (error["location"], error["pointer"]) == (["body"], "#")
    assert error["code"] == "json_invalid"
    assert "hunter2" not in error["message"]


@pytest.mark.parametrize("path", ["/one", "/many", "/two"])
@pytest.mark.parametrize(
    ("kind", "told"),
    [("", "without a Content-Type"), ("text/plain", "as 'text/plain'")],
)
async def test_body_that_is_not_said_to_be_json_is_told_so(
    path: str, kind: str, told: str, client: httpx.AsyncClient
) -> None:
    (error,) = await errors(client, path, '{"sku": "hunter2"}', kind)
    assert error == {
        "location": ["body"],
        "pointer": "#",
        "code": "content_type",
        "message": f"The body came {told}, so it was not read. "
        "Send it with Content-Type: application/json.",
    }


async def test_other_faults_of_the_request_stay(client: httpx.AsyncClient) -> None:
    """They would have to be mended all the same."""
    found = await errors(client, "/query?number=x", '{"sku": "a"}', "text/plain")
    assert {error["location"][0] for error in found} == {"body", "query"}


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.shop+json; charset=utf-8"])
async def test_body_that_is_json_of_the_wrong_kind_keeps_its_words(
    kind: str, client: httpx.AsyncClient
) -> None:
    (error,) = await errors(client, "/one", "[]", kind)
    assert error["code"] == "model_attributes_type"
